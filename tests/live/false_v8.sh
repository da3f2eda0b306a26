#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A program that bears V8's functions and lies with them: what contradicts itself is no
# figure, and a reason is given; nothing happens to anybody.
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

# look_at LIE: sets LOOK.
look_at() {
	start_target false_v8 "$1"
	look "$WORK/look" -p "$TARGET_PID"
	LOOK=$(row "$WORK/look" "$TARGET_PID")
	check "$1: still there" "the target ended" kill -0 "$TARGET_PID"
	end_target
}

# known LIE: the figures are told.
known() {
	look_at "$1"
	equal "$1: heap_total" "$(jq '.v8.isolates[0].heap_total' <<<"$LOOK")" "$(truth .heap_total)"
	equal "$1: heap_used" "$(jq '.v8.isolates[0].heap_used' <<<"$LOOK")" "$(truth .heap_used)"
}

# unknown LIE: no figure, and why.
unknown() {
	look_at "$1"
	equal "$1: no figure" "$(jq -c '[.v8.isolates[]? | .heap_total, .heap_used | numbers]' \
		<<<"$LOOK")" '[]'
	check "$1: a note" "$(jq -c .notes <<<"$LOOK")" holds "$LOOK" \
		'[.notes[] | select(startswith("v8:"))] | length > 0'
	equal "$1: classes sum to rss" "$(jq '[.classes[] | numbers] | add' <<<"$LOOK")" \
		"$(jq .rss <<<"$LOOK")"
}

known honest
known code
known unlisted
known spaces
known allocator
equal "allocator: array_buffers" "$(jq '.v8.isolates[0].array_buffers' <<<"$LOOK")" null
for lie in isolate used limit external overflow wild kernel loop name name_address \
	space_used; do
	unknown "$lie"
done
finish
