#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What memsonde costs, each figure beside its peer from the same run, and the aim beside
# both. Numbers do not make it fail; only a program that does not run does.
#
#	run.sh [PART...]    census, loops, top, evaluations, services (default: all)
#
#   PAIRS=N    interleaved runs with and without (9; of services 25)
set -u

# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/../tests/live/lib.sh"
# shellcheck source=bench/twin.sh
. "$(dirname "$0")/twin.sh"
PAIRS=${PAIRS:-9}
BENCH=$ROOT/$BUILD/bench
[[ $BUILD = /* ]] && BENCH=$BUILD/bench

if [ "$(id -u)" -ne 0 ]; then
	echo "bench: needs root" >&2
	exit 1
fi

row() {
	printf '%-46s %14s %14s %9s  %s\n' "$@"
}

median() {
	sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

calculate() {
	awk "BEGIN { printf \"$1\", $2 }"
}

milliseconds() {
	calculate '%.2f ms' "$1 / 1000000"
}

# ---- a census against /proc ------------------------------------------------

bench_census() {
	local result ours way aim

	start_target sleepers "$1"
	if ! result=$("$BENCH/census" 21); then
		echo "bench: census failed" >&2
		exit 1
	fi
	end_target
	for ours in census look; do
		for way in status smaps_rollup; do
			aim="-"
			[ $ours-$way = census-status ] && aim=">= 15"
			row "$ours of $(jq ".${ours}_processes" <<<"$result") processes : /proc/PID/$way" \
				"$(milliseconds "$(jq ".${ours}_ns" <<<"$result")")" \
				"$(milliseconds "$(jq ".${way}_ns" <<<"$result")")" \
				"$(calculate '%.1f x' "$(jq ".${way}_ns / .${ours}_ns" <<<"$result")")" "$aim"
		done
	done
}

# ---- loops with and without every hook -------------------------------------

# On one CPU, so that moving between CPUs is no part of it; the best of many short rounds,
# which what else the machine does leaves alone. Faults of 64 MiB, as fresh pages are cold.
loop_time() {
	# shellcheck disable=SC2086 # a list of arguments
	taskset -c $(($(nproc) - 1)) "$TARGETS/$1" $2 | jq .picoseconds_best
}

start_watching() {
	start_memsonde "$WORK/looks" stat -a -i 1 -o json
	wait_until 20 test -s "$WORK/looks"
}

# bench_loop NAME ARGUMENTS TITLE AIM
bench_loop() {
	local pair without with ratios=

	: >"$WORK/without"
	: >"$WORK/with"
	for ((pair = 0; pair < PAIRS; pair++)); do
		without=$(loop_time "$1" "$2")
		start_watching
		with=$(loop_time "$1" "$2")
		stop_memsonde INT
		echo "$without" >>"$WORK/without"
		echo "$with" >>"$WORK/with"
		ratios+=$(calculate '%.4f' "$with / $without")$'\n'
	done
	row "$3: with : without" "$(calculate '%.0f ns' "$(median <"$WORK/with") / 1000")" \
		"$(calculate '%.0f ns' "$(median <"$WORK/without") / 1000")" \
		"$(calculate '%.3f x' "$(printf %s "$ratios" | median)")" "$4"
}

# ---- memsonde's own CPU and memory -----------------------------------------

cpu_ticks() {
	sed 's/^.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'
}

# bench_top PROCESSES: in a terminal of 160x50, looking once a second, for 10 s.
bench_top() {
	local pid before after seconds=10

	start_target sleepers "$1"
	rm -f "$WORK/top.pid"
	mkfifo "$WORK/keys.$1"
	# shellcheck disable=SC2016
	env TERM=xterm-256color MEMSONDE="$MEMSONDE" PID_FILE="$WORK/top.pid" script -qec \
		'stty rows 50 cols 160; echo $$ >"$PID_FILE"; exec "$MEMSONDE" top -a -i 1' \
		/dev/null <"$WORK/keys.$1" >/dev/null 2>&1 &
	started+=("$!")
	exec {keys}>"$WORK/keys.$1"
	wait_until 10 test -s "$WORK/top.pid"
	pid=$(cat "$WORK/top.pid")
	sleep 3
	before=$(cpu_ticks "$pid")
	sleep $seconds
	after=$(cpu_ticks "$pid")
	row "top: CPU at $1 processes, a look a second" \
		"$(calculate '%.1f %%' "($after - $before) * 100 / $seconds / $(getconf CLK_TCK)")" \
		- - "-"
	row "top: memory at $1 processes" \
		"$(calculate '%.1f MiB' "$(status_bytes "$pid" VmRSS) / 1048576")" - - "-"
	echo -n q >&"$keys"
	wait_until 5 is_gone "$pid" || kill "$pid"
	exec {keys}>&-
	end_target
}

all_census() {
	bench_census 1000
}

all_loops() {
	bench_loop fault_loop "64 60" "page fault loop" "<= 1.05"
	bench_loop mmap_loop "500 1000" "mmap/munmap loop" "<= 1.15"
}

all_top() {
	bench_top 300
	bench_top 3000
}

parts=(census loops top evaluations services)
[ $# -gt 0 ] && parts=("$@")
for part in "${parts[@]}"; do
	if ! declare -F "all_$part" >/dev/null; then
		echo "bench: no part '$part': census, loops, top, evaluations, services" >&2
		exit 2
	fi
done
row "" memsonde peer ratio aim
for part in "${parts[@]}"; do
	"all_$part"
done
