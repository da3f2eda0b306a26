# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
"$MEMSONDE" stat --replay "$RECORDINGS/node.jsonl" -o csv | tr -d "\r" >out || exit
column() {
	head -n 1 out | tr , "\n" | grep -nx "$1" | cut -d: -f1
}
cut -d, -f2,"$(column heap.live_bytes)","$(column v8.heap_used)","$(column heap.allocator)","$(column limits.native_limited_by)" out
