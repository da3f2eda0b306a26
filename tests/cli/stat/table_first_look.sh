# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
"$MEMSONDE" stat --replay "$RECORDINGS/two_looks.jsonl" -n 1 --max-rows 1
