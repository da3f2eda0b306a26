# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# the recording must not become what is written to
cp "$RECORDINGS/two_looks.jsonl" looks
"$MEMSONDE" stat --replay looks -o json >&-
status=$?
cmp looks "$RECORDINGS/two_looks.jsonl"
exit $status
