#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The counters of the looks before and after a known number of calls and page faults
# differ by exactly these, with 1 thread and with 8; and are none elsewhere.
# shellcheck disable=SC2317,SC2119,SC2016 # functions are passed by name, commands as text
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

# The names in the target's line and where `stat -o json` has them.
mapping_counters() {
	jq -r 'del(.pid, .regions) | to_entries[] |
		"\(if .key | startswith("faults_") then .key | sub("_"; ".") else "mapped." + .key end) \(.value)"'
}

minor_faults() {
	sed 's/^.*) //' "/proc/$1/stat" | cut -d ' ' -f 8
}

# run THREADS TARGET-OPTION...
run() {
	local threads=$1 looks=$WORK/looks.$1.${2#-} path expected before after why="" seen

	start_target counters "$threads"
	if [ "$2" = -p ]; then
		start_memsonde "$looks" stat -p "$TARGET_PID" -i 0.1 -o json
	else
		start_memsonde "$looks" stat -a -i 0.2 -o json
	fi
	if ! wait_until 10 has_rows "$looks" "$TARGET_PID" 2; then
		fail "$threads threads, $2" "no looks: $(head -n 1 "$looks.err")"
		stop_memsonde
		return
	fi
	before=$(row "$looks" "$TARGET_PID")
	next_phase
	seen=$(rows "$looks" "$TARGET_PID")
	wait_until 10 has_rows "$looks" "$TARGET_PID" $((seen + 2))
	stop_memsonde
	after=$(row "$looks" "$TARGET_PID")

	while read -r path expected; do
		local got
		got=$(jq -n --argjson a "$after" --argjson b "$before" "\$a.$path - \$b.$path" 2>&1)
		[ "$got" = "$expected" ] || why+="$path $got, expected $expected; "
	done < <(tail -n 1 "$TARGET_TRUTH" | mapping_counters)
	check "$threads threads, $2: calls, bytes, failures, faults" "$why" test -z "$why"
	equal "$threads threads, $2: minor faults as in /proc/PID/stat" \
		"$(jq .faults.minor <<<"$after")" "$(minor_faults "$TARGET_PID")"
	equal "$threads threads, $2: nothing lost" "$(jq .lost.events <<<"$after")" 0
	end_target
}

run 1 -p
run 8 -p
run 1 -a
run 8 -a
finish
