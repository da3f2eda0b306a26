#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# `stat -- CMD`: everything of the command is seen from its exec to its end.
# shellcheck disable=SC2317,SC2119,SC2016 # functions are passed by name, commands as text
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

out=$WORK/out

# of NAME FILTER: of the command's last object.
last() {
	jq -c --arg comm "$1" 'select(.comm? == $comm)' "$out" 2>/dev/null | tail -n 1 | jq "$2"
}

# The command's own line of JSON is on the same output: it has no "comm".
"$MEMSONDE" stat -i 0.1 -o json -- "$TARGETS/short_lived" 32 500 7 >"$out" 2>"$WORK/err" </dev/null
equal "a command that lives 0.5 s: exit status" $? 0
pid=$(jq 'select(.touched) | .pid' "$out")
equal "its pid" "$(last short_lived .pid)" "$pid"
equal "its exit status" "$(last short_lived .exit_status)" 7
# 8192 pages of 4 KiB, and those of its start.
faults=$(last short_lived .faults.write)
check "all its faults are counted" "$faults of 8192" test "${faults:-0}" -ge 8192 -a "${faults:-0}" -le 8600
check "faults by cause sum to all" "$(last short_lived .faults)" \
	holds "$(last short_lived .faults)" '.user == .read + .write + .protection + .instruction'
bytes=$(last short_lived .mapped.mmap_bytes)
check "its mmaps are counted" "$bytes" test "${bytes:-0}" -ge $((32 * 1024 * 1024))
peak=$(last short_lived .rss_high_water)
check "its high-water mark" "$peak" within "$peak" $((33 * 1024 * 1024)) 5

"$MEMSONDE" stat -o json -- "$TARGETS/short_lived" 8 0 3 >"$out" 2>"$WORK/err" </dev/null
status=$?
check "a command that ends at once: 0 or 3" "$status" test $status -eq 0 -o $status -eq 3
equal "a command that ends at once: its exit status" "$(last short_lived .exit_status)" 3

"$MEMSONDE" stat -i 0.1 -o json -- sh -c "'$TARGETS/short_lived' 16 300 5; exit 9" \
	>"$out" 2>"$WORK/err" </dev/null
equal "children belong to the command" "$(last short_lived .exit_status)" 5
equal "and so does the shell" "$(last sh .exit_status)" 9

# Ctrl-C ends the measurement; the command must not outlive it unseen.
start_memsonde "$out" stat -i 0.1 -o json -- "$TARGETS/short_lived" 4 3000 0
wait_until 10 has_lines "$out" 3
stop_memsonde INT
equal "Ctrl-C with a command: exit status" $? 0
check "Ctrl-C with a command: what there is" "nothing" test -n "$(last short_lived .rss)"
finish
