#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh - the kernel layer's tests on kernels other than the running one: boots each in
# a virtual machine and runs guest.sh there, on that kernel's own processes.
#
#	run.sh [SERIES...]	(default: 6.1 current, the oldest supported and the newest)
#
#	BUILD    where memsonde was built (build); the targets are in build/targets
#	KERNELS  where kernels are kept (build/kernels); those missing are fetched
#
# Prints "ok NAME", "not ok NAME: WHY" or "skip NAME: REASON" a line, each NAME beginning
# with the kernel's version. Needs the network when a kernel is not there yet, qemu-system-x86,
# busybox-static, cpio and jq; no root, no KVM.
#
# 6.1 is booted a second time with cgroup v1, which Debian's later kernels do not have.
#
# Exit status: 0, 1 when something failed, 77 when all was skipped.
set -u
cd "$(dirname "$0")/../.." || exit 1

build=${BUILD:-build}
kernels=${KERNELS:-build/kernels}
work=$(mktemp -d "${TMPDIR:-/tmp}/memsonde-kernels.XXXXXX")
vm=''
# shellcheck disable=SC2317,SC2329
clean_up() {
	[ -z "$vm" ] || { kill "$vm" && wait "$vm"; } 2>/dev/null
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

skip_all() {
	echo "skip kernels: $1"
	exit 77
}

# boot SERIES [-1] - runs the guest's tests and relays what they print; -1: cgroup v1.
boot() {
	version=$(sed 's/.*linux-[a-z]*-\([^ ]*\)-cloud-amd64.*/\1/' "$kernels/$1/package")
	version=$version${2:+ cgroup v1}
	# shellcheck disable=SC2086
	tests/kernels/vm-run.sh ${2:-} -t 300 -m 1536 -l "$work/log" -x jq "$kernels/$1/vmlinux" \
		"$work/test" 'exec sh guest.sh' >"$work/output" 2>"$work/errors" &
	vm=$!
	wait $vm
	status=$?
	vm=''
	sed -n "s/^\(ok\|not ok\|skip\) /&linux $version /p" "$work/output"
	[ $status -ne 0 ] || return 0
	failed=1
	case $status in
	1) ;;
	124) echo "not ok linux $version guest: it was not done in time" ;;
	125) echo "not ok linux $version guest: it did not start, or died" ;;
	*) echo "not ok linux $version guest: it ended with status $status" ;;
	esac
	{
		grep -v -E '^(ok|not ok|skip) ' "$work/output"
		cat "$work/errors"
	} >&2
}

[ $# -gt 0 ] || set -- 6.1 current
for program in qemu-system-x86_64 busybox cpio jq; do
	command -v $program >/dev/null || skip_all "no program '$program'"
done
[ "$(uname -m)" = x86_64 ] || skip_all "guests are x86-64 only"
[ -x "$build/memsonde" ] || {
	echo "not ok kernels: no program '$build/memsonde'"
	exit 1
}

mkdir "$work/test"
cp -R "$build/memsonde" build/targets tests/kernels/guest.sh tests/kernels/checks.jq \
	tests/kernels/smaps_classes.awk "$work/test/" || exit 1
failed=0 booted=0
for series; do
	if scripts/fetch-kernels.sh -d "$kernels" "$series" >&2 2>"$work/reason"; then
		booted=1
		boot "$series"
		[ "$series" != 6.1 ] || boot "$series" -1
	else
		echo "skip linux $series: $(tail -n 1 "$work/reason")"
	fi
done
[ $failed = 0 ] || exit 1
[ $booted = 1 ] || exit 77
