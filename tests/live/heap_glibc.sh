#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# glibc's figures, asked in a twin, against what mallinfo2() told the process itself: one
# thread and eight, full of holes, with large blocks, emptied and trimmed. Slack against
# what is resident.

# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

# Whether a filter holds of the look.
look_has() {
	jq -e "$1" <<<"$look" >/dev/null
}

compare() { # NAME
	local look want got slack held

	look=$("$MEMSONDE" stat -p "$TARGET_PID" -o json)
	want=$(truth '[.live, .free, .mmapped] | map(tostring) | join(" ")')
	got=$(jq -r '.heap | [.live_bytes, .free_bytes, .mmapped_bytes] | map(tostring) | join(" ")' \
		<<<"$look")
	check "$1: live, free, mmapped" "want $want, got $got" test "$want" = "$got"
	check "$1: source" "$(jq -c .heap <<<"$look")" \
		look_has '.heap.allocator == "glibc" and .heap.source == "twin"'
	held=$(jq .heap.held_bytes <<<"$look")
	slack=$(jq .heap.slack_bytes <<<"$look")
	check "$1: held is the class" "$held" \
		look_has '.heap.held_bytes == .classes.malloc'
	check "$1: slack lies between 0 and held" "slack $slack, held $held" \
		test "$slack" -ge 0 -a "$slack" -le "$held"
	check "$1: classes sum to rss" "$(jq -c .classes <<<"$look")" \
		look_has '(.classes | add) == .rss'
	SLACK=$slack
}

run() { # THREADS
	start_target holes 20000 500 "$1"
	compare "$1 threads, holes"
	# every second block is free, all pages are touched
	check "$1 threads: half is slack" "$SLACK" \
		test "$SLACK" -gt $((4500000 * $1)) -a "$SLACK" -lt $((6000000 * $1))
	next_phase
	compare "$1 threads, large blocks"
	check "$1 threads: large blocks are no slack" "$SLACK" test "$SLACK" -lt $((6000000 * $1))
	next_phase
	compare "$1 threads, emptied"
	next_phase
	compare "$1 threads, trimmed"
	check "$1 threads: what was given back is no slack" "$SLACK" \
		test "$SLACK" -lt $((4000000 * $1))
	end_target
}

# One that takes more than is spent on each of many has its turn by and by.
among_many() {
	local pids="" first second

	start_target holes 400000 512
	first=$TARGET_PID
	start_target holes 200000 512
	second=$TARGET_PID
	for _ in 1 2 3 4 5; do
		sleep 60 &
		started+=("$!")
		pids+=,$!
	done
	start_memsonde "$WORK/many" stat -p "$first,$second$pids" -i 0.5 -n 30 -o json
	wait "$MEMSONDE_PID"
	for pid in "$first" "$second"; do
		check "among many: slack of $pid is known" \
			"$(field "$WORK/many" "$pid" notes)" \
			test "$(field "$WORK/many" "$pid" heap.slack_bytes)" -gt 40000000
	done
	end_target
	kill -KILL "$first"
}

run 1
run 8
among_many
finish
