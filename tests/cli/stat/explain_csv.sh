# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# sentences are no csv
"$MEMSONDE" stat --replay "$RECORDINGS/leaks.jsonl" --explain -o csv
