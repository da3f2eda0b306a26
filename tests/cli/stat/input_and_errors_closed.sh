# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
"$MEMSONDE" stat --replay "$RECORDINGS/two_looks.jsonl" -o json <&- 2>&- | wc -l
"$MEMSONDE" stat --replay "$RECORDINGS/truncated.jsonl" -o json <&- 2>&- >/dev/null
echo $?
