#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# 512 MiB allocated and freed between two looks show in rss_peak of the second, with the
# time of the peak, and not in the third's.
# shellcheck disable=SC2317,SC2119,SC2016 # functions are passed by name, commands as text
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

looks=$WORK/looks
start_target spike 512
spike=$(truth .spike)
start_memsonde "$looks" stat -p "$TARGET_PID" -i 2 -o json
if ! wait_until 10 has_rows "$looks" "$TARGET_PID" 1; then
	fail "first look" "$(head -n 1 "$looks.err")"
	finish
fi
first=$(row "$looks" "$TARGET_PID")
next_phase
from=$(truth .peak_from_ns)
until=$(truth .peak_until_ns)
wait_until 10 has_rows "$looks" "$TARGET_PID" 3
stop_memsonde
# The look in whose interval it fell: the one with the highest peak.
mapfile -t all < <(jq -c --argjson pid "$TARGET_PID" 'select(.pid == $pid)' "$looks")
second=${all[1]}
third=${all[2]}

rss=$(jq .rss <<<"$first")
peak=$(jq .rss_peak <<<"$second")
check "peak between two looks" "$peak, expected $((rss + spike))" \
	within "$peak" $((rss + spike)) 1
check "rss after it is as before" "$(jq .rss <<<"$second") after $rss" \
	within "$(jq .rss <<<"$second")" "$rss" 5 65536
check "the next look's peak is its own" "$(jq .rss_peak <<<"$third")" \
	within "$(jq .rss_peak <<<"$third")" "$rss" 5 65536
equal "the high-water mark is the kernel's" "$(jq .rss_high_water <<<"$third")" \
	"$(status_bytes "$TARGET_PID" VmHWM)"
# Milliseconds: what shell arithmetic and date can do; the kernel's coarse clock ticks
# every 1 to 10 ms.
at=$(date -d "$(jq -r .rss_peak_time <<<"$second")" +%s%3N)
check "time of the peak" "$at, expected $((from / 1000000)) to $((until / 1000000))" \
	test "$at" -ge $((from / 1000000)) -a "$at" -le $((until / 1000000 + 20))
end_target
finish
