#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Processes of 20 ms between two looks are in the exited list once, with their peak and
# how they ended.
# shellcheck disable=SC2317,SC2119,SC2016 # functions are passed by name, commands as text
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

looks=$WORK/looks

exited() {
	jq -c --argjson pid "$1" 'select(.pid == $pid and .exited != null)' "$looks" 2>/dev/null
}

is_listed() {
	[ -n "$(exited "$1")" ]
}

start_memsonde "$looks" stat -a -i 0.5 -o json --breakdown none
if ! wait_until 10 has_lines "$looks" 1; then
	fail "first look" "$(head -n 1 "$looks.err")"
	finish
fi

# expect MIB MILLISECONDS STATUS
expect() {
	local truth name pid peak

	name="$1 MiB for $2 ms, status $3"
	truth=$("$TARGETS/short_lived" "$@")
	pid=$(jq .pid <<<"$truth")
	if ! wait_until 5 is_listed "$pid"; then
		fail "$name" "not in the exited list"
		return
	fi
	equal "$name: listed once" "$(exited "$pid" | wc -l)" 1
	equal "$name: exit status" "$(exited "$pid" | jq .exit_status)" "$3"
	equal "$name: no signal" "$(exited "$pid" | jq .exit_signal)" null
	equal "$name: name" "$(exited "$pid" | jq -r .comm)" short_lived
	peak=$(exited "$pid" | jq .rss_peak)
	check "$name: peak" "$peak" within "$peak" $(($1 * 1024 * 1024 + 1500000)) 1 1500000
}

expect 32 20 7
expect 64 20 0
expect 1 1 255

# One that a signal ends.
start_target spike
kill -KILL "$TARGET_PID"
wait_until 5 is_listed "$TARGET_PID"
equal "ended by a signal: which" "$(exited "$TARGET_PID" | jq .exit_signal)" 9
equal "ended by a signal: status as a shell's" "$(exited "$TARGET_PID" | jq .exit_status)" 137
equal "ended by a signal: not by the OOM killer" "$(exited "$TARGET_PID" | jq .oom_killed)" false

stop_memsonde
equal "Ctrl-C ends it with 0" $? 0
finish
