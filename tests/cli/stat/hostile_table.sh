# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
"$MEMSONDE" stat --replay "$RECORDINGS/hostile.jsonl" | LC_ALL=C tr -d "\n\040-\176\200-\377" | wc -c
