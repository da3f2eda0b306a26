# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
"$MEMSONDE" stat --replay "$RECORDINGS/two_looks.jsonl" -o csv | tr -d "\r" | cut -d, -f1-4,14-18,20
