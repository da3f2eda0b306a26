#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A process that the OOM killer ends in a group with a limit is marked so.
# shellcheck disable=SC2317,SC2119,SC2016 # functions are passed by name, commands as text
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

LIMIT=$((32 * 1024 * 1024))
name=memsonde-test-$$
if [ -d /sys/fs/cgroup/memory ]; then
	group=/sys/fs/cgroup/memory/$name
	limit_file=memory.limit_in_bytes
elif grep -qw memory /sys/fs/cgroup/cgroup.subtree_control 2>/dev/null; then
	group=/sys/fs/cgroup/$name
	limit_file=memory.max
else
	skip "OOM kill" "no memory controller"
	finish
fi
mkdir "$group" || {
	skip "OOM kill" "cannot make a control group"
	finish
}
CLEANUPS+=('wait_until 5 rmdir "$group"')
echo $LIMIT >"$group/$limit_file"

looks=$WORK/looks
exited() {
	jq -c --argjson pid "$TARGET_PID" 'select(.pid == $pid and .exited != null)' "$looks" 2>/dev/null
}
is_listed() {
	[ -n "$(exited)" ]
}

start_target oom_victim 256
echo "$TARGET_PID" >"$group/cgroup.procs"
start_memsonde "$looks" stat -a -i 0.2 -o json
wait_until 10 has_rows "$looks" "$TARGET_PID" 1
equal "the limit of the group" "$(field "$looks" "$TARGET_PID" limits.container)" $LIMIT
echo >&"$TARGET_FD"
wait_until 10 is_listed
equal "marked as killed by the OOM killer" "$(exited | jq .oom_killed)" true
equal "the signal" "$(exited | jq .exit_signal)" 9
peak=$(exited | jq .rss_peak)
check "its peak is the limit" "$peak" within "$peak" $LIMIT 10
stop_memsonde

# The same group as a target.
start_target brk_heap
echo $((256 * 1024 * 1024)) >"$group/$limit_file"
echo "$TARGET_PID" >"$group/cgroup.procs"
for spelled in "/$name" "$name" "$group"; do
	look "$WORK/group" -g "$spelled"
	equal "-g $spelled" "$(jq -c .pid "$WORK/group" | tr '\n' ' ')" "$TARGET_PID "
done
end_target
finish
