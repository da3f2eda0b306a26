#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A Node.js that allocates as fast as it can in four threads: a figure is right or
# unknown, never impossible, and nearly always known.
#
#   NODE_BINARIES   the binaries to be tried (default: the machine's node)
#   LOOKS           how many looks (default: 100; with FULL=1: 250, each of four isolates)
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

LOOKS=${LOOKS:-$([ "${FULL:-0}" = 1 ] && echo 250 || echo 100)}
NODE_BINARIES=${NODE_BINARIES:-$(command -v node)}
if [ -z "$NODE_BINARIES" ]; then
	skip node_busy "no node here"
	finish
fi

# What cannot be, whatever the moment.
IMPOSSIBLE='.v8.isolates[] | select(.heap_total != null) | select(
	.heap_used > .heap_total or .heap_total > .heap_limit * 1.1
	or .heap_executable > .heap_total or .heap_used <= 0 or .external < 0
	or .external > 1073741824 or .array_buffers < 0 or .array_buffers > 1073741824
	or ([.spaces[].committed] | add) != .heap_total
	or ([.spaces[] | select(.used > .committed or .used < 0)] | length) > 0)'

for node in $NODE_BINARIES; do
	version=$("$node" --version)
	TARGET_RUN=$node start_target node "$ROOT/tests/targets/node/busy.js"
	# The process leaves us what it does not take of the CPUs.
	timeout -s INT $((400 / $(wc -w <<<"$NODE_BINARIES"))) \
		"$MEMSONDE" stat -p "$TARGET_PID" -i 0.01 -n "$LOOKS" -o json \
		>"$WORK/looks" 2>"$WORK/err" </dev/null
	answered=$(jq -s '[.[] | select(([.v8.isolates[]? | select(.heap_total != null)]
		| length) == 4)] | length' "$WORK/looks")
	looks=$(wc -l <"$WORK/looks")
	check "$version: looks" "only $looks: $(tail -n 1 "$WORK/err")" test "$looks" -ge 20
	equal "$version: no impossible figure in $looks looks" \
		"$(jq -c "$IMPOSSIBLE" "$WORK/looks" | wc -l)" 0
	check "$version: $answered of $looks looks were answered by all four isolates" \
		"expected 95 %" test $((answered * 100)) -ge $((looks * 95))
	equal "$version: classes sum to rss" "$(jq -c 'select(([.classes[] | numbers] | add)
		!= .rss)' "$WORK/looks" | wc -l)" 0
	end_target
done
finish
