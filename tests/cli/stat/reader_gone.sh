# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# a reader that wants nothing is no failure
set -o pipefail
"$MEMSONDE" stat --replay "$RECORDINGS/two_looks.jsonl" -o json | true
