#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# V8's figures of Node.js against what the process prints of itself at the same moment,
# with different kinds of memory; of binaries that are stripped, renamed, or in another
# mount namespace; and of one that runs in a loop.
#
#   NODE_BINARIES   the binaries to be tried (default: the machine's node; with FULL=1
#                   those of scripts/node-versions.sh)
# shellcheck disable=SC2317,SC2119 # functions are passed by name
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

FIGURES=$ROOT/tests/targets/node/figures.js

if [ -z "${NODE_BINARIES:-}" ] && [ "${FULL:-0}" = 1 ]; then
	NODE_BINARIES=$("$ROOT/scripts/node-versions.sh" 2>"$WORK/npm" | tr '\n' ' ')
	[ -n "$NODE_BINARIES" ] || skip node_versions "$(tail -n 1 "$WORK/npm")"
fi
NODE_BINARIES=${NODE_BINARIES:-$(command -v node)}
if [ -z "$NODE_BINARIES" ]; then
	skip node_truth "no node here"
	finish
fi

# The process collects garbage when it likes: between its line and the look, too.
agrees() {
	local attempt

	for attempt in 1 2 3 4 5; do
		next_phase
		look "$WORK/look" -p "$TARGET_PID"
		python3 "$LIVE/node_figures.py" "$TARGET_TRUTH" "$WORK/look" >"$WORK/differences" &&
			return
	done
	echo "# attempt $attempt:"
	sed 's/^/# /' "$WORK/differences"
	return 1
}

# compare_figures NAME BINARY KIND
compare_figures() {
	TARGET_RUN=$2 start_target node "$FIGURES" "$3"
	check "$1" "see above" agrees
	end_target
}

# compare_class NAME BINARY KIND MIB: with so much in the class array_buffers.
compare_class() {
	local resident

	TARGET_RUN=$2 start_target node "$FIGURES" "$3"
	check "$1" "see above" agrees
	resident=$(field "$WORK/look" "$TARGET_PID" classes.array_buffers)
	check "$1: in the class array_buffers" "$resident" within "$resident" $(($4 << 20)) 2
	end_target
}

# compare_elsewhere NAME BINARY: its file is not to be seen from here.
compare_elsewhere() {
	local run=$WORK/elsewhere.sh

	# shellcheck disable=SC2016 # expanded by the script
	printf '%s\n' '#!/bin/sh' 'exec unshare -m sh -c '\''
		mount -t tmpfs none "$0" && cp "$1" "$0/node" && cp "$2" "$0/figures.js" &&
		exec "$0/node" "$0/figures.js" "$3"'\'' "$DIRECTORY" "$@"' >"$run"
	chmod +x "$run"
	mkdir -p "$WORK/elsewhere"
	DIRECTORY=$WORK/elsewhere TARGET_RUN=$run start_target node "$2" "$FIGURES" workers
	check "$1" "see above" agrees
	end_target
}

# compare_behind_malloc NAME BINARY: V8's pages lie behind 200 MiB of malloc's when the first
# look comes.
compare_behind_malloc() {
	local total found

	TARGET_RUN=$2 start_target node -e 'globalThis.kept = [];
		for (let i = 0; i < 50000; i++) kept.push(Buffer.from("k".repeat(4000) + i));
		console.log(JSON.stringify({ pid: process.pid })); process.stdin.resume();
		process.stdin.on("end", () => process.exit());'
	look "$WORK/look" -p "$TARGET_PID"
	total=$(field "$WORK/look" "$TARGET_PID" v8.heap_total)
	found=$(field "$WORK/look" "$TARGET_PID" classes.v8_heap)
	check "$1: V8's pages are found" "$found of $total" test "$found" -gt $((total / 2))
	end_target
}

for node in $NODE_BINARIES; do
	version=$("$node" --version)
	for kind in idle objects strings buffers shared external contexts workers; do
		compare_figures "$version $kind" "$node" "$kind"
	done
	compare_class "$version wasm" "$node" wasm 16
	compare_class "$version large" "$node" large 68
	compare_behind_malloc "$version, 200 MiB of small Buffers" "$node"
done

# The last one, as others would see it.
cp "$(readlink -f "$node")" "$WORK/some-server" && chmod +x "$WORK/some-server"
compare_figures "$version, renamed" "$WORK/some-server" workers
if strip "$WORK/some-server" 2>/dev/null; then
	compare_figures "$version, stripped" "$WORK/some-server" workers
else
	skip "$version, stripped" "no strip here"
fi
compare_elsewhere "$version in another mount namespace" "$(readlink -f "$node")"
finish
