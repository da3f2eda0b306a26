#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A look at all processes says of each quiet one what /proc/PID/status says.
# shellcheck disable=SC2317,SC2119,SC2016 # functions are passed by name, commands as text
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

for workload in brk_heap map_shared file_mapping deep_stack huge_pages threads100; do
	start_target "$workload"
done
start_target sleepers 20

"$LIVE/proc_status.py" dump >"$WORK/before"
look "$WORK/look" -a --breakdown none
equal "a look at everything ends with 0" $? 0
"$LIVE/proc_status.py" dump >"$WORK/after"
"$LIVE/proc_status.py" compare "$WORK/before" "$WORK/look" "$WORK/after" >"$WORK/result"

quiet=$(tail -n 1 "$WORK/result")
differing=$(head -n -1 "$WORK/result")
check "at least 20 processes are quiet" "$quiet" test "$quiet" -ge 20
check "$quiet quiet processes equal /proc/PID/status" "$(head -n 3 <<<"$differing" | tr '\n' ';')" \
	test -z "$differing"
equal "each process stands in the look once" "$(jq .pid "$WORK/look" | sort | uniq -d | wc -l)" 0
equal "rss is anon + file + shmem" \
	"$(jq 'select(.rss != .rss_anon + .rss_file + .rss_shmem) | .pid' "$WORK/look" | wc -l)" 0
equal "sorted by RSS" "$(jq 'select(.exited == null) | .rss' "$WORK/look")" \
	"$(jq 'select(.exited == null) | .rss' "$WORK/look" | sort -rn)"
finish
