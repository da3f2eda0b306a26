#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# `gc` against what V8 (--trace-gc) and Node.js (perf_hooks) say of the same run, main thread
# and workers; bad input; nothing is left behind. NODE_BINARIES names further binaries of
# Node.js, separated by blanks, beside the machine's own.
# shellcheck disable=SC2317,SC2119 # functions are passed by name
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

read -ra nodes <<<"${NODE_BINARIES:-} $(command -v node)"
if [ ${#nodes[@]} -eq 0 ]; then
	skip gc_truth "no Node.js: name some in NODE_BINARIES"
	finish
fi

# start_node NODE ARG...: starts collections.js; it waits for a line.
start_node() {
	local node=$1 pipe

	shift
	target_count=$((target_count + 1))
	pipe=$WORK/stdin.$target_count
	TARGET_TRUTH=$WORK/truth.$target_count
	mkfifo "$pipe"
	: >"$TARGET_TRUTH"
	exec {TARGET_FD}<>"$pipe"
	target_fds+=("$TARGET_FD")
	in_background "$node" --trace-gc --expose-gc "$LIVE/collections.js" "$@" <"$pipe" \
		>"$TARGET_TRUTH" 2>&1
	TARGET_PID=$CHILD_PID
	wait_until 20 grep -q ready "$TARGET_TRUTH"
}

is_probed() {
	grep -q "process $1: V8's collector is probed" "$2.err"
}

# start_gc FILE ARG...: waits until the target of TARGET_PID is probed.
start_gc() {
	start_memsonde "$1" gc -v -p "$TARGET_PID" "${@:2}"
	wait_until 20 is_probed "$TARGET_PID" "$1"
}

# Instructions that are not as in the file: probes put breakpoints there.
changed_text() {
	python3 "$LIVE/changed_text.py" "$1"
}

# run_once NODE WORKERS: a run and its comparison, into $WORK/verdict.
run_once() {
	local out=$WORK/ours

	start_node "$1" "$2" 30 || return
	if ! start_gc "$out" -o json; then
		echo "not ok attach: $(tail -n 1 "$out.err")" >"$WORK/verdict"
		return
	fi
	echo >&"$TARGET_FD"
	wait_until 40 is_gone "$TARGET_PID"
	wait "$MEMSONDE_PID"
	echo "$?" >"$WORK/status"
	python3 "$LIVE/gc_truth.py" "$out" "$TARGET_TRUTH" >"$WORK/verdict" 2>&1
}

# Between our clock and theirs the machine may run something else: sums of pauses get
# several tries.
compare() {
	local name=$1 try

	for try in 1 2 3 4; do
		run_once "$2" "$3"
		if ! grep -v '^ok' "$WORK/verdict" | grep -qv 'sum of pauses'; then
			grep -q '^not ok' "$WORK/verdict" || break
		fi
	done
	sed "s/^\(ok\|not ok\) /\1 $name: /" "$WORK/verdict"
	failed=$((failed + $(grep -vc '^ok' "$WORK/verdict")))
	equal "$name: exit status" "$(cat "$WORK/status")" 0
}

for node in "${nodes[@]}"; do
	version=$("$node" --version)
	compare "$version" "$node" 0
	compare "$version, two workers" "$node" 2
done

# --- the end, and what is left ---

node=${nodes[-1]}
start_node "$node" 0 1000
start_gc "$WORK/count" -n 5 -o json
check "probes are there while it is watched" "none" test "$(changed_text "$TARGET_PID")" -gt 0
echo >&"$TARGET_FD"
wait "$MEMSONDE_PID"
equal "-n 5: exit status" $? 0
equal "-n 5: collections" "$(grep -c '"type":"collection"' "$WORK/count")" 5
equal "-n 5: the summary's count" "$(jq 'select(.type == "summary") | .count' "$WORK/count")" 5
equal "-n 5: no probe is left" "$(changed_text "$TARGET_PID")" 0

start_gc "$WORK/table"
wait_until 20 has_lines "$WORK/table" 10
stop_memsonde INT
equal "Ctrl-C: exit status" $? 0
check "Ctrl-C: the summary" "$(tail -n 5 "$WORK/table")" grep -q 'paused .* of the time' "$WORK/table"

start_gc "$WORK/killed"
wait_until 20 has_lines "$WORK/killed" 3
kill -KILL "$MEMSONDE_PID"
wait "$MEMSONDE_PID" 2>/dev/null
no_probe() { [ "$(changed_text "$TARGET_PID")" = 0 ]; }
check "kill -9: no probe is left" "$(changed_text "$TARGET_PID") bytes" wait_until 10 no_probe
lines=$(wc -l <"$TARGET_TRUTH")
check "kill -9: the target goes on" "no collection" \
	wait_until 20 has_lines "$TARGET_TRUTH" $((lines + 5))

# Only the process that is watched pays: another of the same program runs as in its file.
other=$TARGET_PID
start_node "$node" 0 1000
start_gc "$WORK/other"
equal "another process of the program has no probe" "$(changed_text "$other")" 0
kill -KILL "$TARGET_PID" "$other"
wait "$TARGET_PID" "$other" 2>/dev/null
wait "$MEMSONDE_PID"
equal "the target is killed: exit status" $? 0

# exec: the next program is probed, too.
start_memsonde "$WORK/exec" gc -v -i 0.1 -o json -- bash -c \
	"sleep 1; exec '$node' --expose-gc -e 'setInterval(() => gc(), 20); setTimeout(() => process.exit(3), 3000)'"
wait "$MEMSONDE_PID"
equal "a command that executes Node.js: exit status" $? 0
check "a command that executes Node.js: its collections" "$(tail -n 1 "$WORK/exec.err")" \
	test "$(grep -c '"reason":"testing"' "$WORK/exec")" -gt 10

# --- bad input ---

# refused NAME STATUS PATTERN ARG...
refused() {
	local name=$1 status=$2 pattern=$3

	shift 3
	"$MEMSONDE" gc "$@" >"$WORK/out" 2>"$WORK/err" </dev/null
	equal "$name: exit status" $? "$status"
	check "$name: the message" "$(cat "$WORK/err")" grep -q "$pattern" "$WORK/err"
}

sleep 60 &
started+=($!)
refused "no V8" 1 'there is no V8' -p $!
refused "no such process" 2 'no process' -p 4194303
refused "no target" 2 'name a target'
refused "csv" 2 'table and json' -p $$ -o csv

# Exported symbols survive strip: until Node.js 22 those of the collector are.
for node in "${nodes[@]}"; do
	strip -o "$WORK/stripped" "$node" 2>/dev/null || continue
	name="stripped $("$node" --version)"
	in_background "$WORK/stripped" -e 'let a;
		setInterval(() => { a = []; for (let i = 0; i < 1e5; i++) a.push({ i }); }, 10)'
	stripped=$CHILD_PID
	start_memsonde "$WORK/bare" gc -p "$stripped" -i 0.2 -o json
	wait_until 20 has_lines "$WORK/bare" 3
	stop_memsonde INT
	equal "$name: exit status" $? 0
	if nm -D "$WORK/stripped" | grep -q GCTracer; then
		check "$name: kinds are known" "$(head -n 1 "$WORK/bare")" \
			grep -q '"kind":"scavenge"' "$WORK/bare"
	else
		check "$name: a note" "$(cat "$WORK/bare.err")" \
			grep -q "no symbols for V8's collector" "$WORK/bare.err"
		check "$name: falls of the heap" "$(head -n 1 "$WORK/bare")" \
			grep -q '"kind":"unknown"' "$WORK/bare"
	fi
	kill -KILL "$stripped"
	wait "$stripped" 2>/dev/null
done
finish
