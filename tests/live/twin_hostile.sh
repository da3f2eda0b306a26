#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Processes whose own functions attack who asks them: each is answered with a reason or with
# a checked figure, in bounded time; no system call gets through, nothing is left, nothing is
# changed. With userfaultfd, and without it.
# shellcheck disable=SC2317,SC2016 # functions are passed by name, commands as text
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root
if [ "$(uname -m)" != x86_64 ]; then
	skip twin_hostile "the attacks are written for x86-64"
	finish
fi

declare -A pid_of truth_of fd_of answer_of
made=$WORK/made
pids=

mkdir -m 777 "$made"
chmod 755 "$WORK"
for attack in $("$TARGETS/hostile" --list); do
	start_target hostile "$attack" "$made"
	pid_of[$attack]=$TARGET_PID
	truth_of[$attack]=$TARGET_TRUTH
	fd_of[$attack]=$TARGET_FD
	answer_of[$attack]=$(truth .answer)
	pids=$pids,$TARGET_PID
done
pids=${pids#,}

no_orphaned_twin() {
	! pgrep -P 1 -x memsonde-twin >/dev/null
}

# check_answers HOW: null with a reason, or the one figure that is allowed.
check_answers() {
	local how=$1 attack answer live reason

	declare -A live_of reason_of
	while IFS=$'\t' read -r pid live reason; do
		live_of[$pid]=$live
		reason_of[$pid]=$reason
	done < <(jq -r '[.pid, (.heap.live_bytes | tostring), ([.notes[] |
		select(startswith("glibc: "))] | join("; "))] | @tsv' "$WORK/$how")
	for attack in "${!pid_of[@]}"; do
		answer=${answer_of[$attack]}
		live=${live_of[${pid_of[$attack]}]:-}
		reason=${reason_of[${pid_of[$attack]}]:-}
		if [ "$live" = null ] && [ -n "$reason" ]; then
			pass "$how: $attack: $reason"
		elif [ "$live" = "$answer" ] && [ "$answer" != 0 ]; then
			pass "$how: $attack: $live"
		else
			fail "$how: $attack" "live $live, at most ${answer}: $reason"
		fi
	done
}

# ask_all HOW SECONDS COMMAND...
ask_all() {
	local how=$1 seconds=$2 began=$SECONDS status

	shift 2
	timeout "$seconds" "$@" "$MEMSONDE" stat -p "$pids" -o json \
		>"$WORK/$how" 2>"$WORK/$how.err"
	status=$?
	equal "$how: ends well" "$status" 0
	echo "# $how: $((SECONDS - began)) s"
	equal "$how: a line a process" "$(wc -l <"$WORK/$how")" "${#pid_of[@]}"
	check "$how: nothing else is printed" "$(head -n 3 "$WORK/$how.err")" \
		test ! -s "$WORK/$how.err"
	check_answers "$how"
	check "$how: no file made" "$(ls "$made")" test -z "$(ls -A "$made")"
	check "$how: no twin left" "there is one" wait_until 5 no_orphaned_twin
}

# Calls of a twin after it has given them up, but for those that are refused as by a kernel
# that does not have them, and those by which it died.
calls_that_got_through() {
	awk '
		/seccomp\(SECCOMP_SET_MODE_FILTER/ && / = 0$/ { sealed[$1] = 1; next }
		!sealed[$1] { next }
		/\+\+\+ killed by SIGSYS/ { call[$1] = ""; next }
		/\+\+\+ / || /--- SIG.* ---$/ { next }
		{ if (call[$1] != "") print call[$1]; call[$1] = "" }
		/(getrandom|clock_gettime)[ (].* = -1 ENOSYS / || /<unfinished/ { next }
		{ call[$1] = $0 }
		END { for (pid in call) if (call[pid] != "") print call[pid] }' "$1"
}

ask_all userfaultfd 120
ask_all ptrace 180 "$ROOT/$BUILD/live/without_userfaultfd"

if command -v strace >/dev/null; then
	ask_all strace 300 strace -f -o "$WORK/log"
	sealed=$(grep -c 'seccomp(SECCOMP_SET_MODE_FILTER.* = 0$' "$WORK/log")
	check "strace saw twins" "$sealed" test "$sealed" -ge "${#pid_of[@]}"
	through=$(calls_that_got_through "$WORK/log")
	check "no system call got through" "$(head -n 5 <<<"$through")" test -z "$through"
else
	skip "no system call got through" "no strace"
fi

# --- what a twin has while it runs: nothing ---

twin_runs() {
	TWIN_PID=$(pgrep -P "$MEMSONDE_PID" -x memsonde-twin | tail -n 1)
	[ -n "$TWIN_PID" ] && cp "/proc/$TWIN_PID/status" "$WORK/status" &&
		ls "/proc/$TWIN_PID/fd" >"$WORK/fds" &&
		grep -q '^Seccomp:[[:space:]]*2$' "$WORK/status"
}

status_of() {
	awk -v field="$1:" '$1 == field { print $2 }' "$WORK/status"
}

check_rights() {
	equal "$1: no capabilities" "$(status_of CapEff)$(status_of CapPrm)$(status_of CapInh)" \
		"$(printf '%048d' 0)"
	equal "$1: nobody's user and group" "$(status_of Uid) $(status_of Gid)" "65534 65534"
	equal "$1: no groups" "[$(status_of Groups)]" "[]"
	equal "$1: no new privileges" "$(status_of NoNewPrivs)" 1
	equal "$1: seccomp's filter" "$(status_of Seccomp)" 2
	equal "$1: one thread" "$(status_of Threads)" 1
	equal "$1: no descriptors" "[$(cat "$WORK/fds")]" "[]"
}

# While it runs the target's code; then memsonde is killed, and the twin goes with it.
look_at_twin() {
	local how=$1

	shift
	in_background "$@" "$MEMSONDE" stat -p "${pid_of[touch_endlessly]}" -i 1 -o json >"$WORK/looping" 2>&1
	MEMSONDE_PID=$CHILD_PID
	if ! wait_until 10 twin_runs; then
		fail "$how: a twin" "there is none"
		return
	fi
	check_rights "$how"
	kill -KILL "$MEMSONDE_PID"
	check "$how: dies with memsonde" "it lives" wait_until 2 is_gone "$TWIN_PID"
	wait "$MEMSONDE_PID" 2>/dev/null
}

look_at_twin userfaultfd
look_at_twin ptrace "$ROOT/$BUILD/live/without_userfaultfd"

# --- the targets ---

for attack in "${!pid_of[@]}"; do
	TARGET_TRUTH=${truth_of[$attack]}
	TARGET_FD=${fd_of[$attack]}
	if next_phase 5 && [ "$(truth .untouched)" = 1 ]; then
		continue
	fi
	fail "target of $attack" "it was touched, or is gone"
done
pass "targets live and are as they were"
finish
