#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Where there is no userfaultfd, the figures are the same: pages get into the twin by ptrace.
# check says so, and what to do where neither is allowed.
# shellcheck disable=SC2317 # functions are passed by name
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root
if [ "$(uname -m)" != x86_64 ]; then
	skip twin_without_userfaultfd "by ptrace only on x86-64"
	finish
fi

printf '#!/bin/sh\nexec %q %q "$@"\n' "$ROOT/$BUILD/live/without_userfaultfd" "$MEMSONDE" \
	>"$WORK/memsonde"
chmod +x "$WORK/memsonde"

feature() {
	"$1" check 2>/dev/null | awk '$2 == "twin" { print $1, $NF }'
}

equal "check: with it" "$(feature "$MEMSONDE")" "ok userfaultfd"
equal "check: without it" "$(feature "$WORK/memsonde")" "degraded ptrace"

MEMSONDE=$WORK/memsonde timeout 120 "$LIVE/heap_glibc.sh" >"$WORK/glibc" 2>&1
equal "glibc's figures: status" $? 0
sed -n 's/^ok /ok by ptrace: /p; s/^not ok /not ok by ptrace: /p' "$WORK/glibc"
check "glibc's figures" "$(grep '^not ok' "$WORK/glibc")" grep -q '^ok' "$WORK/glibc"

# A limit of data, like strict overcommit, refuses the memory that userfaultfd needs.
start_target brk_heap
(
	ulimit -d 1000000
	exec "$MEMSONDE" stat -p "$TARGET_PID" -o json
) >"$WORK/limited" 2>/dev/null
check "with limits of memory" "$(jq -c .notes "$WORK/limited")" \
	holds "$(cat "$WORK/limited")" '.heap.live_bytes > 0'
end_target
finish
