#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# `stat --explain` names the right cause within 30 s: of C programs that leak, fragment and
# start threads, and of a Node.js service that leaks in four ways; and none of programs at
# rest. It says near_heap_limit before V8 ends a process with a small heap. NODE_BINARIES names
# further binaries of Node.js, separated by blanks, beside the machine's own.
# shellcheck disable=SC2119 # start_target takes its arguments from the test
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

LOOKS=25

# first FILE: the heaviest cause of the last look.
first() {
	tail -n 1 "$1" | jq -r '.explain[0].cause // "nothing"'
}

# The class that it names, and whether the evidence has numbers and words.
has_evidence() {
	tail -n 1 "$1" | jq -e --arg class "$2" '.explain[0] | .class == $class and
		.grew_bytes > 1048576 and .per_minute_bytes > 1048576 and
		(.evidence | test(" from (0|[0-9.]+ [KMG]?i?B) to [0-9.]+ [KMG]iB in .*: .{40}"))' >/dev/null
}

# expect NAME FILE CAUSE CLASS
expect() {
	equal "$1: the cause" "$(first "$2")" "$3"
	[ "$(first "$2")" = "$3" ] || tail -n 1 "$2" | jq -c '.explain, .notes'
	[ "$3" = nothing ] || check "$1: the evidence" "$(tail -n 1 "$2" | jq -c .explain)" \
		has_evidence "$2" "$4"
}

says_near_limit() {
	grep -q '"near_heap_limit"' "$1"
}

says_no_near_limit() {
	[ -s "$1" ] && ! says_near_limit "$1"
}

# All are watched at once: what takes half a minute each takes one in sum.
names=() files=() causes=() classes=() pids=()

# watch NAME PID CAUSE CLASS
watch() {
	local file=$WORK/watched.${#names[@]}

	start_memsonde "$file" stat -p "$2" --explain -i 1 -n "$LOOKS" -o json
	names+=("$1") files+=("$file") causes+=("$3") classes+=("$4") pids+=("$MEMSONDE_PID")
}

judge() {
	local i

	for i in "${!names[@]}"; do
		wait "${pids[i]}"
		expect "${names[i]}" "${files[i]}" "${causes[i]}" "${classes[i]}"
	done
	names=() files=() causes=() classes=() pids=()
}

end_started() {
	local pid

	for pid in "$@"; do
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
}

started_here=()
start_target leaks
started_here+=("$TARGET_PID")
watch leaks "$TARGET_PID" native_held malloc
start_target fragments
started_here+=("$TARGET_PID")
watch fragments "$TARGET_PID" slack malloc
start_target spawns_threads
started_here+=("$TARGET_PID")
watch spawns_threads "$TARGET_PID" stacks stack
start_target brk_heap
started_here+=("$TARGET_PID")
watch "a program at rest" "$TARGET_PID" nothing ''
judge
end_started "${started_here[@]}"

# --- Node.js ---

declare -A cause_of=([buffers]=buffers_held [objects]=objects_held [listeners]=objects_held
	[churn]=slack)
declare -A class_of=([buffers]='malloc' [objects]=v8_heap [listeners]=v8_heap [churn]=malloc)

read -ra nodes <<<"${NODE_BINARIES:-} $(command -v node)"
[ ${#nodes[@]} -gt 0 ] || skip "Node.js" "there is none: name some in NODE_BINARIES"
for node in "${nodes[@]}"; do
	version=$("$node" --version)
	started_here=()
	for kind in buffers objects churn listeners; do
		in_background "$node" "$ROOT/tests/targets/node/leak.js" "$kind"
		started_here+=("$CHILD_PID")
		sleep 0.5 # while it starts everything grows
		watch "$version, $kind" "$CHILD_PID" "${cause_of[$kind]}" "${class_of[$kind]}"
	done
	judge
	end_started "${started_here[@]}"

	# The old generation is full long before heap_used comes near heap_limit.
	in_background "$node" --max-old-space-size=60 "$ROOT/tests/targets/node/leak.js" garbage
	garbage_pid=$CHILD_PID
	in_background "$node" --max-old-space-size=60 "$ROOT/tests/targets/node/leak.js" objects \
		2>/dev/null
	objects_pid=$CHILD_PID
	start_memsonde "$WORK/garbage" stat -p "$garbage_pid" --explain -i 0.5 -n 30 -o json
	garbage_memsonde=$MEMSONDE_PID
	start_memsonde "$WORK/objects" stat -p "$objects_pid" --explain -i 0.5 -o json
	check "$version: V8 ends the process" "it lives" wait_until 60 is_gone "$objects_pid"
	wait "$MEMSONDE_PID" "$garbage_memsonde"
	check "$version: near_heap_limit before it does" \
		"$(tail -n 1 "$WORK/objects" | jq -c '.v8.isolates, .explain')" \
		says_near_limit "$WORK/objects"
	check "$version: no near_heap_limit of garbage" \
		"$(jq -c .explain "$WORK/garbage" | grep near_heap_limit)" \
		says_no_near_limit "$WORK/garbage"
	end_started "$garbage_pid"
done
finish
