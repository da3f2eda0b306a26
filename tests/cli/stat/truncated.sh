# SPDX-License-Identifier: GPL-2.0-only
"$MEMSONDE" stat --replay "$RECORDINGS/truncated.jsonl" -o csv | wc -l
exit "${PIPESTATUS[0]}"
