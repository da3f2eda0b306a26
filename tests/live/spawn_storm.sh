#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# 20,000 short processes while all processes are watched: no crash, nothing stale, no
# process twice, memory bounded, and every one accounted for: listed, left out or lost.
# shellcheck disable=SC2317,SC2119,SC2016 # functions are passed by name, commands as text
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

COUNT=${COUNT:-20000}
GROWTH=$((64 * 1024 * 1024))

# storm NAME OPTION...
storm() {
	local name=$1 looks=$WORK/looks.$1 log=$WORK/log.$1 before after problems counts known

	shift
	start_memsonde "$looks" stat -a -i 0.2 -o json "$@"
	if ! wait_until 10 has_lines "$looks" 1; then
		fail "$name: first look" "$(head -n 1 "$looks.err")"
		return
	fi
	start_target spawner "$COUNT" 16 "$log"
	sleep 0.5
	before=$(status_bytes "$MEMSONDE_PID" VmRSS)
	next_phase 120
	sleep 1
	after=$(status_bytes "$MEMSONDE_PID" VmHWM)
	stop_memsonde
	equal "$name: survives" $? 0
	check "$name: memory is bounded" "grew from $before to $after" \
		test "${after:-$((1 << 40))}" -lt $((before + GROWTH))

	"$LIVE/check_storm.py" "$looks" "$log" "$TARGET_PID" >"$WORK/result" 2>&1
	problems=$(head -n -1 "$WORK/result")
	counts=$(tail -n 1 "$WORK/result")
	check "$name: each process as it was" "$(tr '\n' ';' <<<"$problems")" test -z "$problems"
	equal "$name: all processes were made" "$(jq .born <<<"$counts")" "$COUNT"
	known=$(jq '.exited + .left_out + .lost' <<<"$counts")
	check "$name: none is missing silently" "$counts" test "$known" -ge "$COUNT"
	check "$name: none is made up" "$counts" \
		test "$(jq '.exited + .left_out - .others_exited' <<<"$counts")" -le $((COUNT + 200))
	end_target
}

storm "with the list's default bound" --breakdown none
storm "with a list for all" --max-exits 100000
finish
