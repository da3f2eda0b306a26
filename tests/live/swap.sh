#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Swapped pages: counted apart from RSS, by class, and left in swap by looking. Uses a swap
# file of its own where the machine has no swap.
# shellcheck disable=SC2317,SC2119,SC2016 # functions are passed by name, commands as text
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

make_swap() {
	[ "$(wc -l </proc/swaps)" -gt 1 ] && return
	dd if=/dev/zero of="$WORK/swap" bs=1M count=128 status=none &&
		chmod 600 "$WORK/swap" && mkswap "$WORK/swap" >/dev/null 2>&1 &&
		swapon "$WORK/swap" 2>/dev/null || return
	CLEANUPS+=("swapoff '$WORK/swap'")
}

if ! make_swap; then
	skip swap "no swap here, and none can be made"
	finish
fi
start_target swapped
if [ "$(status_bytes "$TARGET_PID" VmSwap)" -eq 0 ]; then
	skip swap "the kernel paged nothing out"
	finish
fi
before=$(grep -E '^(VmRSS|RssAnon|VmSwap|VmPTE)' "/proc/$TARGET_PID/status")
majors=$(awk '{ print $12 }' "/proc/$TARGET_PID/stat")
"$MEMSONDE" stat -p "$TARGET_PID" -i 0.02 -n 100 -o json >"$WORK/looks" 2>"$WORK/err"
after=$(grep -E '^(VmRSS|RssAnon|VmSwap|VmPTE)' "/proc/$TARGET_PID/status")
last=$(tail -n 1 "$WORK/looks")

equal "swap is the kernel's" "$(jq .swap <<<"$last")" "$(status_bytes "$TARGET_PID" VmSwap)"
equal "rss is the kernel's" "$(jq .rss <<<"$last")" "$(status_bytes "$TARGET_PID" VmRSS)"
equal "classes of swap sum to swap" \
	"$(jq '[.swap_classes[] | numbers] | add' <<<"$last")" "$(jq .swap <<<"$last")"
equal "classes sum to rss" "$(jq '[.classes[] | numbers] | add' <<<"$last")" \
	"$(jq .rss <<<"$last")"
for class in anon malloc; do
	check "swapped $class" "$(jq ".swap_classes.$class" <<<"$last"), expected $(truth ".$class")" \
		within "$(jq ".swap_classes.$class" <<<"$last")" "$(truth ".$class")" 2
done
equal "100 looks changed nothing" "$after" "$before"
equal "and brought nothing in" "$(awk '{ print $12 }' "/proc/$TARGET_PID/stat")" "$majors"
end_target
finish
