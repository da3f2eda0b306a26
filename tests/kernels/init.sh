#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# init.sh - the first process of a guest of vm-run.sh: mounts what a Linux system has,
# runs /command in /test, writes its output to the second serial port and its status to
# the third, and powers off. CGROUP in the environment is 1 or 2.

/bin/busybox --install -s /bin
export PATH=/bin HOME=/ TERM=dumb

mkdir -p /proc /sys /dev /tmp /run /etc
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm
for directory in /dev/shm /tmp /run; do mount -t tmpfs tmpfs $directory; done
ln -s /proc/self/fd /dev/fd
echo 'root:x:0:0:root:/:/bin/sh' >/etc/passwd
mount -t tracefs tracefs /sys/kernel/tracing
mount -t bpf bpf /sys/fs/bpf
if [ "$CGROUP" = 1 ]; then
	mount -t tmpfs tmpfs /sys/fs/cgroup
	for controller in memory cpu,cpuacct pids; do
		mkdir /sys/fs/cgroup/$controller
		mount -t cgroup -o $controller cgroup /sys/fs/cgroup/$controller
	done
	mkdir /sys/fs/cgroup/unified
	mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
else
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	echo '+memory +pids' >/sys/fs/cgroup/cgroup.subtree_control
fi
ip link set lo up
for port in /dev/ttyS1 /dev/ttyS2; do stty -F $port raw -echo; done

cd /test || exit 1
sh /command </dev/null >/dev/ttyS1 2>&1
status=$?
echo $status >/dev/ttyS2
sync
poweroff -f
