# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
"$MEMSONDE" stat --replay "$RECORDINGS/truncated.jsonl" -o csv | wc -l
exit "${PIPESTATUS[0]}"
