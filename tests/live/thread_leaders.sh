#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Processes whose main thread is not what it was: another thread executed a program, or
# the main thread ended and others live on. Both stay the process that they were.
# shellcheck disable=SC2317,SC2119,SC2016 # functions are passed by name, commands as text
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

exec_by_thread() {
	local how=$1 looks=$WORK/looks.${1#-} seen last first

	start_target exec_thread sleep 60
	if [ "$how" = -p ]; then
		start_memsonde "$looks" stat -p "$TARGET_PID" -i 0.1 -o json
	else
		start_memsonde "$looks" stat -a --breakdown none -i 0.1 -o json
	fi
	wait_until 10 has_rows "$looks" "$TARGET_PID" 2
	first=$(row "$looks" "$TARGET_PID")
	echo >&"$TARGET_FD"
	wait_until 10 grep -q sleep "/proc/$TARGET_PID/comm"
	seen=$(rows "$looks" "$TARGET_PID")
	wait_until 10 has_rows "$looks" "$TARGET_PID" $((seen + 3))
	kill -KILL "$TARGET_PID"
	wait_until 10 has_rows "$looks" "$TARGET_PID" $((seen + 4))
	sleep 0.3
	stop_memsonde
	last=$(row "$looks" "$TARGET_PID")
	equal "$how: is called by the program's name" "$(jq -r .comm <<<"$last")" sleep
	equal "$how: start time stays" "$(jq -r .start_time <<<"$last")" \
		"$(jq -r .start_time <<<"$first")"
	equal "$how: exec is counted once more" "$(jq .lifecycle.execs <<<"$last")" \
		$(($(jq .lifecycle.execs <<<"$first") + 1))
	check "$how: faults go on from before" "$(jq -c .faults <<<"$last")" \
		test "$(jq .faults.user <<<"$last")" -gt "$(jq .faults.user <<<"$first")"
	equal "$how: ends once" "$(jq -c --argjson pid "$TARGET_PID" \
		'select(.pid == $pid and .exited)' "$looks" | wc -l)" 1
	equal "$how: end by the signal" "$(jq .exit_signal <<<"$last")" 9
}

exec_by_thread -p
exec_by_thread -a

start_target main_ended
figures=$("$MEMSONDE" stat -p "$TARGET_PID" -o json)
tid=$(find "/proc/$TARGET_PID/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | tail -n 1)
rss=$(awk '$1 == "Rss:" { print $2 * 1024 }' "/proc/$tid/smaps_rollup")
equal "main thread ended: rss" "$(jq .rss <<<"$figures")" "$rss"
equal "main thread ended: classes sum to rss" \
	"$(jq '[.classes[] | numbers] | add' <<<"$figures")" "$rss"
check "main thread ended: anon" "$(jq .classes.anon <<<"$figures")" \
	within "$(jq .classes.anon <<<"$figures")" "$(truth .anon)" 2
end_target
finish
