#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A group of the v2 tree as a target, also where memory is accounted under v1.
# shellcheck disable=SC2016 # commands as text
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

name=memsonde-unified-$$
tree=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
if [ -z "$tree" ]; then
	skip "-g with a group of the v2 tree" "no v2 tree is mounted"
	finish
fi
group=$tree/$name
mkdir "$group" || {
	skip "-g with a group of the v2 tree" "cannot make a control group"
	finish
}
CLEANUPS+=('wait_until 5 rmdir "$group"')

start_target brk_heap
CLEANUPS+=('end_target')
echo "$TARGET_PID" >"$group/cgroup.procs"
# As the kernel names it, which in a cgroup namespace may not be the name made here.
path=$(sed -n 's/^0:://p' "/proc/$TARGET_PID/cgroup")
for spelled in "$path" "${path#/}" "$group"; do
	look "$WORK/looks" -g "$spelled"
	equal "-g $spelled" "$(jq -c .pid "$WORK/looks" | tr '\n' ' ')" "$TARGET_PID "
	look "$WORK/looks" -g "$spelled" -i 0.2 -n 2
	equal "-g $spelled -i" "$(rows "$WORK/looks" "$TARGET_PID")" 2
done

# v1's memory hierarchy has no group of that name.
if [ -d /sys/fs/cgroup/memory ]; then
	look "$WORK/looks" -g "/sys/fs/cgroup/memory/$name"
	equal "a directory of another hierarchy is refused" $? 2
fi
finish
