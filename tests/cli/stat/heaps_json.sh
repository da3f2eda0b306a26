# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# heaps, sections and limits of a recorded Node.js process and of a C program
command -v jq >/dev/null || { echo "jq is missing"; exit 77; }
"$MEMSONDE" stat --replay "$RECORDINGS/node.jsonl" -o json >first || exit
jq -c '[.pid, .heap.allocator, .heap.source, .heap.live_bytes, .heap.slack_bytes, .heap.allocated_bytes]' first
jq -c '[.pid, .sections, .limits.heap, .limits.native_limited_by]' first
jq -c 'select(.v8) | .v8.isolates[] | [.id, .thread, .heap_used, .spaces.new.used, .gc.scavenges]' first
jq -c 'select(.stacks) | [.stacks.deepest, .stacks.threads[0].name, .stacks.threads_left_out]' first
jq -c 'select(has("explain")) | .explain[] | [.cause, .class, .per_minute_bytes]' first
# what was printed can be replayed, and gives the same bytes
"$MEMSONDE" stat --replay "$PWD/first" -o json | cmp - first
