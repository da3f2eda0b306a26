#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Processes that change while they are asked: figures are right or null, never impossible;
# processes that stop, end, execute another program or are killed meanwhile cost a note; a
# hundred at once; and memsonde's end is that of its twins.
# shellcheck disable=SC2317,SC2016,SC2119 # functions are passed by name, commands as text
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

no_orphaned_twin() {
	! pgrep -P 1 -x memsonde-twin >/dev/null
}

# look_at_busy NAME LOOKS PERCENT ARG...: so many of the looks must be answered, at least. How
# many are depends on what else the machine does, and who failed dearly is not asked at each
# look: the bound only tells that it works at all.
look_at_busy() {
	local name=$1 looks=$2 percent=$3 answered impossible

	shift 3
	start_target busy_heap "$@"
	timeout 120 "$MEMSONDE" stat -p "$TARGET_PID" -i 0.15 -n "$looks" -o json \
		>"$WORK/busy" 2>"$WORK/err"
	equal "$name: looks" "$(wc -l <"$WORK/busy")" "$looks"
	answered=$(jq -r '.heap.live_bytes | values' "$WORK/busy" | wc -l)
	impossible=$(jq -r --argjson min "$(truth .live_min)" --argjson max "$(truth .live_max)" \
		'.heap.live_bytes | values | select(. < $min or . > $max)' "$WORK/busy")
	check "$name: none is impossible" "$(head -n 3 <<<"$impossible")" test -z "$impossible"
	echo "# $name: $answered of $looks answered"
	check "$name: $percent % are answered" "$answered of $looks" \
		test $((answered * 100)) -ge $((looks * percent))
	equal "$name: null has a reason" \
		"$(jq -r 'select(.heap.live_bytes == null and
			([.notes[] | select(startswith("glibc: "))] | length) == 0) | .pid' \
			"$WORK/busy" | wc -l)" 0
	check "$name: it lives" "it ended" kill -0 "$TARGET_PID"
	end_target
}

look_at_busy "as fast as they can" 40 0 4 4000
look_at_busy "busy half of the time" 120 20 4 4000 1000
look_at_busy "one thread, busy" 120 20 1 4000 100

# --- ends of all kinds, while asked as often as can be ---

# look_through NAME PID COMMAND...: the command happens to the process under looks.
look_through() {
	local name=$1 pid=$2 status errors

	shift 2
	start_memsonde "$WORK/through" stat -p "$pid" -i 0.01 -n 150 -o json
	wait_until 10 has_rows "$WORK/through" "$pid" 5
	"$@"
	wait "$MEMSONDE_PID"
	status=$?
	equal "$name: ends well" "$status" 0
	# the shell tells of killed jobs there, too
	errors=$(grep '^memsonde' "$WORK/through.err")
	equal "$name: says nothing of errors" "[$errors]" "[]"
	check "$name: each line is whole" "one is not" holds "$(cat "$WORK/through")" .
	check "$name: no twin left" "there is one" wait_until 5 no_orphaned_twin
}

start_target busy_heap 2 4000 100
look_through "killed" "$TARGET_PID" kill -KILL "$TARGET_PID"
start_target busy_heap 2 4000 100
look_through "stopped" "$TARGET_PID" kill -STOP "$TARGET_PID"
# it may stand still while a thread holds a lock of malloc: then nothing can be known
answers() {
	kill -CONT "$TARGET_PID"
	sleep 0.02
	kill -STOP "$TARGET_PID"
	"$MEMSONDE" stat -p "$TARGET_PID" -o json 2>"$WORK/err" | jq -e '.heap.live_bytes != null' >/dev/null
}
check "a stopped one answers" "it does not" wait_until 20 answers
kill -KILL "$TARGET_PID"
in_background bash -c 'read -r _; exec sleep 60' < <(sleep 1.5; echo)
look_through "executes another program" "$CHILD_PID" sleep 0.2
equal "it answers as the new one" "$(tail -n 1 "$WORK/through" |
	jq -c '[.comm, .heap.live_bytes != null]')" '["sleep",true]'
kill -KILL "$CHILD_PID"

# --- a hundred at once ---

pids=
for ((i = 0; i < 97; i++)); do
	in_background sleep 120
	pids=$pids,$CHILD_PID
done
if command -v node >/dev/null; then
	for ((i = 0; i < 3; i++)); do
		in_background node -e 'setInterval(() => {}, 1e8)' </dev/null
		pids=$pids,$CHILD_PID
	done
fi
sleep 0.5
began=$(date +%s%N)
timeout 60 "$MEMSONDE" stat -p "${pids#,}" -i 0.5 -n 3 -o json >"$WORK/many" 2>"$WORK/err"
equal "a hundred: ends well" $? 0
echo "# a hundred: $((($(date +%s%N) - began) / 1000000 - 1000)) ms for three looks and the start"
check "a hundred: all answered" "$(jq -r 'select(.heap.live_bytes == null) | .notes' \
	"$WORK/many" | head -n 5)" test -z "$(jq -r 'select(.heap.live_bytes == null) | .pid' \
	"$WORK/many")"
check "a hundred: no twin left" "there is one" wait_until 5 no_orphaned_twin
timeout 60 "$MEMSONDE" stat -a --breakdown all -o json >"$WORK/all" 2>"$WORK/err"
equal "everything: ends well" $? 0

# --- memsonde's own ends ---

has_twins() {
	[ "$(pgrep -P "$MEMSONDE_PID" -x memsonde-twin | wc -l)" -ge "$1" ]
}

has_no_twin() {
	local pid

	for pid in $twins; do
		is_gone "$pid" || return 1
	done
}

for signal in KILL INT TERM; do
	start_memsonde "$WORK/own" stat -p "${pids#,}" -i 0.05 -o json
	check "$signal: twins are kept" "there are none" wait_until 20 has_twins 50
	twins=$(pgrep -P "$MEMSONDE_PID" -x memsonde-twin)
	kill -"$signal" "$MEMSONDE_PID"
	wait "$MEMSONDE_PID" 2>/dev/null
	check "$signal: they go with it" "some live" wait_until 5 has_no_twin
done

# Ctrl-C of a terminal goes to all of its session.
start_memsonde "$WORK/own" stat -p "${pids##*,}" -i 0.05 -o json
wait_until 20 has_twins 1
twin=$(pgrep -P "$MEMSONDE_PID" -x memsonde-twin | head -n 1)
check "a twin is no part of the terminal's session" "$(ps -o sid= -p "$twin")" \
	test "$(ps -o sid= -p "$twin" | tr -d ' ')" != "$(ps -o sid= -p "$MEMSONDE_PID" | tr -d ' ')"
stop_memsonde
finish
