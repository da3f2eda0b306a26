# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# a line for each crossing, with hysteresis; standard output is as without
"$MEMSONDE" stat --replay "$RECORDINGS/leaks.jsonl" -o json >plain
"$MEMSONDE" stat --replay "$RECORDINGS/leaks.jsonl" -o json --alert "rss>115MiB" \
	--alert "v8.heap_used > 75%v8.heap_limit" --alert "rss+>1MiB/s" \
	--alert "rss>1%limits.container" >alerted
cmp plain alerted
