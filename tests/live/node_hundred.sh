#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A hundred Node.js services at once: each has its own figures, those that it prints itself,
# in each of several looks, within bounded time and memory.
# needs FULL=1
# shellcheck disable=SC2317,SC2016 # functions are passed by name, filters as text
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

if ! command -v node >/dev/null; then
	skip node_hundred "no Node.js"
	finish
fi

COUNT=100
# Printing for the first times makes the heap grow; the last line is what stays.
SERVICE='globalThis.held = []; for (let i = 0; i < 20000; i++) held.push({ i });
	let left = 6;
	const timer = setInterval(() => {
		console.log(JSON.stringify({ left, pid: process.pid, ...process.memoryUsage() }));
		if (--left === 0) clearInterval(timer);
	}, 200);
	setInterval(() => {}, 1e9);'

pids=
for ((i = 0; i < COUNT; i++)); do
	in_background node -e "$SERVICE" >"$WORK/truth.$i"
	pids=$pids,$CHILD_PID
done
all_settled() {
	[ "$(cat "$WORK"/truth.* | grep -c '"left":1,')" = "$COUNT" ]
}
wait_until 120 all_settled || fail "services" "not all have started"
sleep 1

"$MEMSONDE" stat -p "${pids#,}" -i 1 -n 3 -o json >"$WORK/looks" 2>"$WORK/err"
equal "exit status" $? 0
equal "lines" "$(wc -l <"$WORK/looks")" $((COUNT * 3))

# own LOOK CONDITION: how many processes are as it says, $truth being what each printed.
own() {
	jq -n --argjson look "$1" --slurpfile lines <(cat "$WORK"/truth.* | grep '"left":1,') '
		($lines | map({(.pid | tostring): .}) | add) as $own |
		[inputs | select(.look.number == $look) | . as $process |
			$own[.pid | tostring] as $truth | .v8.isolates[0] | select('"$2"')] | length' \
		"$WORK/looks"
}

for look in 1 2 3; do
	# V8 gives back memory of a process that is idle for some seconds
	equal "look $look: every process has its own figures" "$(own $look '
		.array_buffers == $truth.arrayBuffers and .heap_total <= $truth.heapTotal and
		.heap_used > 1000000 and .heap_used <= .heap_total and
		$process.heap.live_bytes != null and
		([$process.classes[]] | add) == $process.rss')" $COUNT
done
same=$(own 1 '.heap_total == $truth.heapTotal')
check "look 1: nearly all as they printed it" "$same of $COUNT" test "$same" -ge $((COUNT * 9 / 10))
check "no twin is left" "$(pgrep -c memsonde-twin)" test -z "$(pgrep -P 1 memsonde-twin)"
finish
