# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# what is escaped is still one JSON object a line, and no control character is printed
"$MEMSONDE" stat --replay "$RECORDINGS/hostile.jsonl" -o json >out || exit
LC_ALL=C tr -d "\n\040-\176\200-\377" <out | wc -c
command -v jq >/dev/null || { echo "jq is missing"; exit 77; }
jq -c "[.pid, .rss]" out
