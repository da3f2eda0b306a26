#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Where the kernel does not tell the causes of faults, an event of perf counts them all: as
# many as the tracepoint that tells the causes.
# shellcheck disable=SC2317,SC2119 # functions are passed by name
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

program=$BUILD/live/fault_event
case $program in /*) ;; *) program=$ROOT/$program ;; esac
if ! result=$("$program" 2>"$WORK/err"); then
	fail "counting" "$(head -n 1 "$WORK/err")"
	finish
fi
field() {
	jq ".$1" <<<"$result"
}
# The child's stack and pipes cost a few faults beside the pages.
check "the tracepoint counts each page" "$(field tracepoint)" \
	within "$(field tracepoint)" "$(field pages)" 0 8
check "the event counts each page" "$(field event)" within "$(field event)" "$(field pages)" 0 8
equal "the tracepoint leaves no cause open" "$(field tracepoint_unknown)" 0
equal "the event knows no causes" "$(field event_by_cause)" 0
finish
