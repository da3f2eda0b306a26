#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The figures of each allocator, asked from outside, against those that the process itself
# has asked of the same allocator: equal, as it idles. The allocator's memory is in the class
# malloc. A process whose allocator has no such functions: null, with the reason. And 100
# looks change nothing in the process.
# shellcheck disable=SC2317 # functions are passed by name
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

# In the target's words and in ours.
FIGURES="live:live_bytes blocks:live_blocks active:active_bytes resident:resident_bytes
	metadata:metadata_bytes retained:retained_bytes free:free_bytes"

# same_figures FILE PID TRUTH [BYTES]: those that the truth has; BYTES is what the target may
# have allocated to tell them. Prints what differs.
same_figures() {
	local word field want got wrong=

	for word in $FIGURES; do
		field=${word#*:}
		want=$(jq -r ".${word%:*} // empty" <<<"$3")
		[ -n "$want" ] || continue
		got=$(field "$1" "$2" "heap.$field")
		within "$got" "$want" 0 "${4:-0}" || wrong+="$field $got, expected $want; "
	done
	echo "$wrong"
}

# compare NAME ALLOCATOR PID TRUTH [BYTES]
compare() {
	local name=$1 allocator=$2 pid=$3 anon wrong

	if ! look "$WORK/look" -p "$pid"; then
		fail "$name" "exit status $?: $(head -n 1 "$WORK/look.err")"
		return
	fi
	equal "$name: its name" "$(field "$WORK/look" "$pid" heap.allocator)" "$allocator"
	equal "$name: asked in a twin" "$(field "$WORK/look" "$pid" heap.source)" twin
	wrong=$(same_figures "$WORK/look" "$pid" "$4" "${5:-0}")
	check "$name: its figures" "$wrong" test -z "$wrong"
	anon=$(field "$WORK/look" "$pid" classes.anon)
	check "$name: its memory is malloc's" "$anon bytes are not" test "$anon" -lt $((4 << 20))
	check "$name: live and slack are held" "$(row "$WORK/look" "$pid" | jq -c .heap)" \
		holds "$(row "$WORK/look" "$pid")" '.heap | .slack_bytes >= 0 and
			.slack_bytes <= .held_bytes and
			.live_bytes + .slack_bytes <= .held_bytes * 1.01'
}

hundred_looks() {
	local before

	before=$(state_of "$2")
	"$MEMSONDE" stat -o json -p "$2" -i 0.02 -n 100 >"$WORK/looks" 2>"$WORK/looks.err" </dev/null
	equal "$1: 100 looks" "$(rows "$WORK/looks" "$2")" 100
	equal "$1: all with the same answer" "$(jq -r .heap.live_bytes "$WORK/looks" | sort -u | wc -l)" 1
	equal "$1: they changed nothing" "$(state_of "$2")" "$before"
}

# variant NAME ALLOCATOR [BYTES]: the program linked with it, 1 and 8 threads.
variant() {
	local name=heap_$1 threads

	if [ ! -x "$TARGETS/$name" ]; then
		skip "$1" "it was not built: the allocator or its headers are not installed"
		return
	fi
	for threads in 1 8; do
		start_target "$name" $threads
		compare "$1, $threads threads" "$2" "$TARGET_PID" "$(tail -n 1 "$TARGET_TRUTH")" \
			"${3:-0}"
		for _ in 1 2 3; do
			next_phase
		done
		compare "$1, $threads threads, later" "$2" "$TARGET_PID" \
			"$(tail -n 1 "$TARGET_TRUTH")" "${3:-0}"
		if ((threads > 1)); then
			hundred_looks "$1" "$TARGET_PID"
		fi
		end_target
	done
}

preloaded() {
	local library

	library=$(ldconfig -p | awk -v name="$2" '$1 == name { print $NF; exit }')
	if [ -z "$library" ]; then
		skip "$1, preloaded" "there is no $2"
		return
	fi
	TARGET_RUN=/usr/bin/env start_target heap "LD_PRELOAD=$library" "$TARGETS/heap" 4
	compare "$1, preloaded" "$1" "$TARGET_PID" "$(tail -n 1 "$TARGET_TRUTH")"
	end_target
}

# V8's memory is not malloc's, whichever mappings the kernel merged.
node_preloaded() {
	local library pid

	library=$(ldconfig -p | awk '$1 == "libjemalloc.so.2" { print $NF; exit }')
	if [ -z "$library" ] || ! command -v node >/dev/null; then
		skip "node with jemalloc" "there is no node or no libjemalloc.so.2"
		return
	fi
	LD_PRELOAD=$library in_background "$(readlink -f "$(command -v node)")" -e '
		const kept = [], buffers = [];
		for (let i = 0; i < 200000; i++) kept.push({ i, text: "x" + i });
		for (let i = 0; i < 2000; i++) buffers.push(Buffer.alloc(20000 + i, 1));
		setInterval(() => kept.length + buffers.length, 100000);
		setTimeout(() => console.log("settled"), 500);' >"$WORK/node"
	pid=$CHILD_PID
	if ! wait_until 20 has_lines "$WORK/node" 1; then
		fail "node with jemalloc" "it did not settle"
		return
	fi
	sleep 0.5
	look "$WORK/look" -p "$pid"
	equal "node with jemalloc: its allocator" "$(field "$WORK/look" "$pid" heap.allocator)" jemalloc
	check "node with jemalloc: 40 MiB of Buffers are malloc's, and V8's heap is not" \
		"$(row "$WORK/look" "$pid" | jq -c '[.classes, .heap, .v8]')" \
		holds "$(row "$WORK/look" "$pid")" '.heap.live_bytes > 40000000 and
			.classes.malloc >= .heap.live_bytes and .classes.anon < 4194304 and
			.classes.malloc < .heap.live_bytes * 1.4 and .classes.v8_heap > 8388608 and
			.classes.v8_heap <= .v8.heap_total * 1.1'
}

tcmalloc_by_mmap() {
	[ -x "$TARGETS/heap_tcmalloc" ] || return
	TARGET_RUN=/usr/bin/env start_target heap_tcmalloc TCMALLOC_SKIP_SBRK=1 \
		"$TARGETS/heap_tcmalloc" 2
	compare "tcmalloc without brk" tcmalloc "$TARGET_PID" "$(tail -n 1 "$TARGET_TRUTH")"
	end_target
}

# What threads left behind when they ended mimalloc has in no heap: unknown, not too little.
mimalloc_left_over() {
	[ -x "$TARGETS/heap_mimalloc" ] || return
	start_target heap_mimalloc 4 end
	look "$WORK/look" -p "$TARGET_PID"
	equal "mimalloc, threads ended: live is unknown" \
		"$(field "$WORK/look" "$TARGET_PID" heap.live_bytes)" null
	check "mimalloc, threads ended: a note says why" "$(field "$WORK/look" "$TARGET_PID" notes)" \
		holds "$(row "$WORK/look" "$TARGET_PID")" '.notes | any(startswith("mimalloc: "))'
	end_target
}

# What mimalloc says of the inner of a huge block is wrong at every 2 GiB (2.0.9).
mimalloc_huge() {
	[ -x "$TARGETS/heap_mimalloc" ] || return
	start_target heap_mimalloc 1 huge
	look "$WORK/look" -p "$TARGET_PID"
	check "mimalloc, 2.1 GiB: its memory is malloc's" "$(field "$WORK/look" "$TARGET_PID" \
		classes.anon) bytes are not" \
		test "$(field "$WORK/look" "$TARGET_PID" classes.anon)" -lt $((4 << 20))
	end_target
}

# An allocator that is there, but used only after many looks: from then on each look has it.
used_late() {
	local library pid

	library=$(ldconfig -p | awk '$1 ~ /^libmimalloc\.so/ { print $NF; exit }')
	if [ -z "$library" ] || ! command -v python3 >/dev/null; then
		skip "used late" "there is no libmimalloc, or no python3"
		return
	fi
	TARGET_RUN=$(command -v python3) start_target python -c '
import ctypes, os, sys
library = ctypes.CDLL(sys.argv[1])
library.mi_malloc.restype = ctypes.c_void_p
library.mi_malloc.argtypes = [ctypes.c_size_t]
os.write(1, b"{\"pid\":%d}\n" % os.getpid())
os.read(0, 1)
kept = [ctypes.memset(library.mi_malloc(1 << 20), 1, 1 << 20) for _ in range(16)]
os.write(1, b"{\"pid\":%d}\n" % os.getpid())
os.read(0, 1)' "$library"
	pid=$TARGET_PID
	start_memsonde "$WORK/late" stat -p "$pid" -i 0.05 -n 80 -o json
	wait_until 10 has_rows "$WORK/late" "$pid" 30
	equal "used late: not before" "$(field "$WORK/late" "$pid" heap.allocator)" glibc
	next_phase
	wait "$MEMSONDE_PID"
	equal "used late: in all of the last 20 looks" "$(tail -n 20 "$WORK/late" | jq -r \
		'select((.heap.allocator | contains("mimalloc")) and .classes.malloc > 16e6) | .pid' |
		wc -l)" 20
	end_target
}

no_accessor() {
	if [ ! -x "$TARGETS/heap_musl" ]; then
		skip musl "there is no musl-gcc"
		return
	fi
	start_target heap_musl 1
	look "$WORK/look" -p "$TARGET_PID"
	equal "musl: live is unknown" "$(field "$WORK/look" "$TARGET_PID" heap.live_bytes)" null
	equal "musl: no source" "$(field "$WORK/look" "$TARGET_PID" heap.source)" null
	check "musl: a note says why" "$(field "$WORK/look" "$TARGET_PID" notes)" \
		holds "$(row "$WORK/look" "$TARGET_PID")" '.notes | any(startswith("heap: "))'
	end_target
}

# Redis tells what jemalloc told it 10 times a second.
redis_info() {
	redis-cli -s "$WORK/redis.socket" info memory | tr -d '\r' | jq -cRn '[inputs | split(":")
		| select(.[0] | startswith("allocator_")) | {(.[0][10:]): .[1]}] | add
		| {live: .allocated, active, resident}'
}

redis_answers() {
	redis-cli -s "$WORK/redis.socket" ping >/dev/null
}

redis_is_equal() {
	look "$WORK/look" -p "$1" && same_figures "$WORK/look" "$1" "$(redis_info)" >"$WORK/wrong" &&
		[ -z "$(cat "$WORK/wrong")" ]
}

# One file is Redis's server and its tools: it goes by the name it is started by.
redis() {
	local program pid

	program=$(command -v redis-server || command -v redis-check-rdb)
	if [ -z "$program" ] || ! ldd "$program" | grep -q jemalloc; then
		skip redis "there is none that uses jemalloc"
		return
	fi
	(exec -a redis-server "$program" --port 0 --unixsocket "$WORK/redis.socket" --save '' \
		--appendonly no --dir "$WORK" >"$WORK/redis.log" 2>&1 </dev/null) &
	pid=$!
	started+=("$pid")
	if ! wait_until 10 redis_answers; then
		fail redis "it does not answer: $(tail -n 1 "$WORK/redis.log")"
		return
	fi
	awk 'BEGIN {
		text = sprintf("%900s", ""); gsub(/ /, "x", text)
		for (i = 0; i < 30000; i++) {
			print "SET key" i, substr(text, 1, i % 900 + 1)
			if (i % 3 == 0) print "DEL key" int(i / 2)
		}
	}' | redis-cli -s "$WORK/redis.socket" --pipe >/dev/null
	wait_until 15 redis_is_equal "$pid"
	check "redis: as its INFO memory" "$(cat "$WORK/wrong")" redis_is_equal "$pid"
	equal "redis: its allocator" "$(field "$WORK/look" "$pid" heap.allocator)" jemalloc
	hundred_looks redis "$pid"
	kill -TERM "$pid"
	wait "$pid" 2>/dev/null
}

variant jemalloc jemalloc
variant jemalloc_static jemalloc
variant jemalloc_prefix jemalloc
variant tcmalloc tcmalloc
variant tcmalloc_static tcmalloc
# it keeps what was freed for a while, so that telling changes its figures
variant tcmalloc_debug tcmalloc 65536
variant mimalloc mimalloc
preloaded jemalloc libjemalloc.so.2
preloaded tcmalloc libtcmalloc_minimal.so.4
tcmalloc_by_mmap
mimalloc_left_over
mimalloc_huge
node_preloaded
used_late
no_accessor
redis
finish
