# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# the column that is sorted by is shown
for key in heap.slack_bytes v8.heap_used; do
	"$MEMSONDE" stat --replay "$RECORDINGS/node.jsonl" --sort "$key" | tail -n 4
done
