# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the live tests share. A test prints "ok NAME", "not ok NAME: WHY" or "skip NAME:
# REASON" a line and ends with 0, or with 1 if something failed.
#
#   MEMSONDE   the program under test      (build/memsonde)
#   TARGETS    the programs to be watched  (build/targets)

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${BUILD:-build}
MEMSONDE=${MEMSONDE:-$ROOT/$BUILD/memsonde}
TARGETS=${TARGETS:-$ROOT/build/targets}
# shellcheck disable=SC2034 # for the tests
LIVE=$ROOT/tests/live
WORK=$(mktemp -d "${TMPDIR:-/tmp}/memsonde-live.XXXXXX")
case $MEMSONDE in /*) ;; *) MEMSONDE=$PWD/$MEMSONDE ;; esac
case $TARGETS in /*) ;; *) TARGETS=$PWD/$TARGETS ;; esac

failed=0
started=()       # processes to end with the test
target_count=0
target_fds=()    # their standard inputs
CLEANUPS=()      # commands to run at the end, last first

pass() {
	echo "ok $1"
}

fail() {
	echo "not ok $1: ${*:2}"
	failed=$((failed + 1))
}

skip() {
	echo "skip $1: ${*:2}"
}

# check NAME WHY COMMAND...: passes if the command succeeds.
check() {
	local name=$1 why=$2
	shift 2
	if "$@"; then pass "$name"; else fail "$name" "$why"; fi
}

cleanup() {
	local index pid

	for ((index = ${#CLEANUPS[@]} - 1; index >= 0; index--)); do
		eval "${CLEANUPS[index]}"
	done
	for pid in "${started[@]}"; do
		kill -KILL "$pid" 2>/dev/null
	done
	wait 2>/dev/null
	rm -rf "$WORK"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# To be called at the end of every test.
finish() {
	if ((failed > 0)); then exit 1; fi
	exit 0
}

need_root() {
	if [ "$(id -u)" -ne 0 ]; then
		skip "$(basename "$0" .sh)" "needs root"
		finish
	fi
}

# wait_until SECONDS COMMAND...: false if the command did not succeed in time.
wait_until() {
	local deadline=$((SECONDS + $1 + 1))

	shift
	until "$@" 2>/dev/null; do
		((SECONDS < deadline)) || return 1
		sleep 0.02
	done
}

has_lines() {
	[ "$(wc -l <"$1")" -ge "$2" ]
}

is_gone() {
	[ ! -e "/proc/$1" ] || grep -q '^State:[[:space:]]*Z' "/proc/$1/status"
}

# in_background COMMAND...: without the standard inputs of the targets, which would not end
# as long as somebody has them. Sets CHILD_PID.
in_background() {
	(
		for fd in "${target_fds[@]}"; do
			exec {fd}>&-
		done
		exec "$@"
	) <&0 &
	CHILD_PID=$!
	started+=("$CHILD_PID")
}

# start_target NAME ARG...: runs build/targets/NAME and waits until it has settled. Sets
# TARGET_PID, TARGET_TRUTH (the file of its lines) and TARGET_FD (its standard input).
# With TARGET_RUN=PROGRAM it runs that file in place of the target of that name.
start_target() {
	local name=$1 pipe run

	shift
	target_count=$((target_count + 1))
	pipe=$WORK/stdin.$target_count
	TARGET_TRUTH=$WORK/$name.$target_count
	run=${TARGET_RUN:-$TARGETS/$name}
	mkfifo "$pipe"
	: >"$TARGET_TRUTH"
	exec {TARGET_FD}<>"$pipe"
	target_fds+=("$TARGET_FD")
	in_background "$run" "$@" <"$pipe" >"$TARGET_TRUTH"
	if ! wait_until 20 has_lines "$TARGET_TRUTH" 1; then
		fail "start of $name" "it did not settle"
		finish
	fi
	TARGET_PID=$(truth .pid)
}

# truth FILTER: from the last line that the target of TARGET_TRUTH printed.
truth() {
	tail -n 1 "$TARGET_TRUTH" | jq -r "$1"
}

# Starts the next phase of the target and waits for the line it prints at its end.
next_phase() {
	local lines

	lines=$(wc -l <"$TARGET_TRUTH")
	echo >&"$TARGET_FD"
	wait_until "${1:-30}" has_lines "$TARGET_TRUTH" $((lines + 1))
}

end_target() {
	exec {TARGET_FD}>&-
	wait_until 10 is_gone "$TARGET_PID" || kill -KILL "$TARGET_PID" 2>/dev/null
}

# start_memsonde FILE ARG...: in the background; its output goes to FILE, its messages to
# FILE.err. Sets MEMSONDE_PID.
start_memsonde() {
	local file=$1

	shift
	: >"$file"
	in_background "$MEMSONDE" "$@" >"$file" 2>"$file.err" </dev/null
	MEMSONDE_PID=$CHILD_PID
}

# Ends it as Ctrl-C does; its exit status is the result.
stop_memsonde() {
	kill -"${1:-INT}" "$MEMSONDE_PID" 2>/dev/null
	wait "$MEMSONDE_PID"
}

# look FILE ARG...: `stat -o json` with the arguments, once, into FILE.
look() {
	local file=$1

	shift
	"$MEMSONDE" stat -o json "$@" >"$file" 2>"$file.err" </dev/null
}

# rows FILE PID: the number of JSON objects of that process.
rows() {
	jq -c --argjson pid "$2" 'select(.pid == $pid)' "$1" 2>/dev/null | wc -l
}

has_rows() {
	[ "$(rows "$1" "$2")" -ge "$3" ]
}

# field FILE PID PATH: of the process's last object in FILE: "rss", "classes.malloc".
field() {
	jq -r --argjson pid "$2" 'select(.pid == $pid) | .'"$3" "$1" | tail -n 1
}

# holds JSON FILTER
holds() {
	jq -e "$2" <<<"$1" >/dev/null 2>&1
}

# row FILE PID: the process's last object.
row() {
	jq -c --argjson pid "$2" 'select(.pid == $pid)' "$1" | tail -n 1
}

# status_bytes PID FIELD: from /proc/PID/status.
status_bytes() {
	awk -v field="$2:" '$1 == field { print $2 * 1024 }' "/proc/$1/status"
}

# within A B PERCENT [BYTES]: A differs from B by at most PERCENT of B or by BYTES.
within() {
	awk -v a="$1" -v b="$2" -v percent="$3" -v bytes="${4:-0}" 'BEGIN {
		if (a !~ /^-?[0-9.]+$/ || b !~ /^-?[0-9.]+$/) exit 1
		d = a - b; if (d < 0) d = -d
		exit !(d <= b * percent / 100 || d <= bytes) }'
}

# equal NAME GOT EXPECTED: nothing equals nothing.
equal() {
	if [ "$2" = "$3" ] && [ -n "$2" ]; then pass "$1"; else fail "$1" "$2, expected $3"; fi
}

# state_of PID: what looking might change: resident pages, page tables, swap, faults.
state_of() {
	awk '/^(RssAnon|RssFile|RssShmem|VmPTE|VmSwap):/ { printf "%s %s ", $1, $2 }' \
		"/proc/$1/status"
	cut -d' ' -f10,12 "/proc/$1/stat"
}
