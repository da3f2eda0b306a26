#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# 1,000 looks, each of which asks the process's own functions, leave it as it is: its memory
# by kind, its page tables, its faults, what it shares with whom. With files, memory that it
# never touched, and swap.
# shellcheck disable=SC2317,SC2016,SC2119 # functions are passed by name, commands as text
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

LOOKS=1000

make_swap() {
	[ "$(wc -l </proc/swaps)" -gt 1 ] && return
	dd if=/dev/zero of="$WORK/swap" bs=1M count=128 status=none &&
		chmod 600 "$WORK/swap" && mkswap "$WORK/swap" >/dev/null 2>&1 &&
		swapon "$WORK/swap" 2>/dev/null || return
	CLEANUPS+=("swapoff '$WORK/swap'")
}

# All that a look could change. What is shared of a library depends on who else uses it: only
# the process's own mappings count.
state_of() {
	local pid

	for pid in "$@"; do
		grep -E '^(VmRSS|Rss(Anon|File|Shmem)|VmPTE|VmSwap|VmSize):' "/proc/$pid/status"
		awk '{ print "faults", $10, $12 }' "/proc/$pid/stat"
		awk '/^[0-9a-f]+-/ { own = NF == 5 || $6 ~ /^\[/ || $6 ~ /\/quiet\./ }
			own && /^(Rss|Shared_|Private_|Anonymous|Swap|LazyFree)/ {
				sub(/_.*/, ":", $1); sum[$1] += $2 }
			END { for (name in sum) print name, sum[name] }' "/proc/$pid/smaps" | sort
	done
}

is_at_rest() {
	local before

	before=$(state_of "$1")
	sleep 3
	[ "$before" = "$(state_of "$1")" ]
}

# look_often NAME PID [CHILD]
look_often() {
	local name=$1 before after

	shift
	before=$(state_of "$@")
	timeout 120 "$MEMSONDE" stat -p "$1" -i 0.01 -n "$LOOKS" -o json >"$WORK/looks" 2>"$WORK/err"
	after=$(state_of "$@")
	equal "$name: looks" "$(wc -l <"$WORK/looks")" "$LOOKS"
	check "$name: changes nothing" "$(diff <(echo "$before") <(echo "$after"))" \
		test "$before" = "$after"
}

answered() {
	jq -r 'select(.heap.live_bytes != null) | .pid' "$WORK/looks" | wc -l
}

start_target quiet
look_often "idle, with a child" "$TARGET_PID" "$(truth .child)"
equal "all looks were answered" "$(answered)" "$LOOKS"
if make_swap; then
	next_phase
	wait_until 20 is_at_rest "$TARGET_PID" # pages go out by and by
	check "some is swapped" "nothing is" test "$(status_bytes "$TARGET_PID" VmSwap)" -gt 0
	look_often "swapped" "$TARGET_PID"
	equal "with the heap in memory all were answered" "$(answered)" "$LOOKS"
	next_phase
	wait_until 20 is_at_rest "$TARGET_PID" # pages go out by and by
	look_often "swapped heap" "$TARGET_PID"
	equal "with the heap in swap none is" "$(answered)" 0
	check "and the reason is told" "$(tail -n 1 "$WORK/looks" | jq -c .notes)" \
		grep -q 'glibc: .*swapped' "$WORK/looks"
else
	skip "swapped" "no swap here, and none can be made"
fi
end_target

if command -v node >/dev/null; then
	in_background node -e 'setInterval(() => {}, 1e8)' </dev/null
	node_pid=$CHILD_PID
	sleep 1
	if wait_until 40 is_at_rest "$node_pid"; then
		look_often "idle node" "$node_pid"
		equal "V8 answered all" "$(jq -r 'select(.v8.heap_used != null) | .pid' \
			"$WORK/looks" | wc -l)" "$LOOKS"
	else
		skip "idle node" "it does not come to rest"
	fi
	kill "$node_pid"
else
	skip "idle node" "no node"
fi
finish
