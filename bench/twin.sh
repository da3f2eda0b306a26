# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the twin and the probes on V8's collector cost. Sourced by run.sh.

NODE=${NODE:-$(command -v node)}

# The milliseconds of each evaluation of one source, first to last.
evaluations() { # PID SOURCE LOOKS
	"$MEMSONDE" stat -v -p "$1" -i 0.1 -n "$3" -o csv 2>&1 >/dev/null |
		sed -n "s/^memsonde: twin of $1: $2: \([0-9.]*\) ms.*/\1/p"
}

# bench_evaluation PID SOURCE TITLE AIM-FIRST AIM-LATER: the median of the first in each of
# several runs, and of the others.
bench_evaluation() {
	local run first="" later="" rollup times

	for ((run = 0; run < 5; run++)); do
		times=$(evaluations "$1" "$2" 8)
		first+=$(head -n 1 <<<"$times")$'\n'
		later+=$(tail -n +2 <<<"$times")$'\n'
	done
	first=$(grep . <<<"$first" | median)
	later=$(grep . <<<"$later" | median)
	if [ -z "$first" ]; then
		row "$3" "no answer" - - "-"
		return
	fi
	rollup=$("$BENCH/read_file" "/proc/$1/smaps_rollup" 21)
	row "$3, first : smaps_rollup" "$first ms" "$(milliseconds "$rollup")" \
		"$(calculate '%.2f x' "$rollup / ($first * 1000000)")" "$4"
	[ -z "$later" ] ||
		row "$3, later : smaps_rollup" "$later ms" "$(milliseconds "$rollup")" \
			"$(calculate '%.2f x' "$rollup / ($later * 1000000)")" "$5"
}

# What could stop a target: calls of memsonde that name it.
bench_stops() { # PID
	local calls

	command -v strace >/dev/null || return
	strace -f -e trace=ptrace,kill,tgkill,tkill,pidfd_send_signal -o "$WORK/strace" \
		"$MEMSONDE" stat -p "$1" -i 0.1 -n 5 -o csv >/dev/null 2>&1
	calls=$(grep -cE "\((PTRACE_[A-Z]*, )?$1[,)]" "$WORK/strace")
	row "calls that could stop the target, 5 looks" "$calls" - - "0"
}

all_evaluations() {
	local pid

	if [ -n "$NODE" ]; then
		"$NODE" -e 'globalThis.kept = []; for (let i = 0; i < 200000; i++) kept.push({ i });
			console.log("ready"); setInterval(() => {}, 1e9);' >"$WORK/node" &
		pid=$!
		started+=("$pid")
		wait_until 20 grep -q ready "$WORK/node"
		bench_evaluation "$pid" v8 "one isolate" "<= 2 ms" "<= 0.5 ms"
		bench_stops "$pid"
		kill "$pid"
	fi
	if command -v redis-server >/dev/null; then
		redis-server --port 0 --unixsocket "$WORK/redis" --save '' --daemonize no >/dev/null &
		pid=$!
		started+=("$pid")
		wait_until 10 test -S "$WORK/redis"
		redis-cli -s "$WORK/redis" debug populate 500000 >/dev/null
		bench_evaluation "$pid" jemalloc "redis, jemalloc" "<= 2 ms" "<= 0.5 ms"
		kill "$pid"
	fi
	start_target holes 400000 512
	bench_evaluation "$TARGET_PID" glibc "glibc, 200 MB in 200,000 holes" "-" "-"
	end_target
}

# ---- a service under load ---------------------------------------------------

# One run of load: sets ANSWERED and TICKS, the server's CPU for it. Requests that are not
# answered are told.
run_load() { # PORT PID
	local unanswered before

	before=$(cpu_ticks "$2")
	read -r ANSWERED unanswered < <("$NODE" "$ROOT/bench/http_load.js" "$1" "${SECONDS_OF_LOAD:-4}")
	TICKS=$(($(cpu_ticks "$2") - before))
	[ "$unanswered" = 0 ] || echo "bench: $unanswered requests were not answered" >&2
}

# bench_service PID TITLE AIM AIM-CPU ARGUMENTS...: throughput, which whatever else the machine
# does moves, too, and the server's CPU a request.
bench_service() {
	local pair without ratios="" cpu_ratios="" cpu

	: >"$WORK/without"
	: >"$WORK/with"
	for ((pair = 0; pair < PAIRS; pair++)); do
		run_load "$PORT" "$1"
		without=$ANSWERED cpu=$(calculate '%.6f' "$TICKS / $ANSWERED")
		echo "$ANSWERED" >>"$WORK/without"
		start_memsonde "$WORK/out" "${@:5}"
		sleep 1
		run_load "$PORT" "$1"
		stop_memsonde INT
		echo "$ANSWERED" >>"$WORK/with"
		ratios+=$(calculate '%.4f' "$ANSWERED / $without")$'\n'
		cpu_ratios+=$(calculate '%.4f' "$TICKS / $ANSWERED / $cpu")$'\n'
	done
	row "$2: requests with : without" "$(median <"$WORK/with")" "$(median <"$WORK/without")" \
		"$(calculate '%.3f x' "$(printf %s "$ratios" | median)")" "$3"
	row "$2: the server's CPU a request" - - \
		"$(calculate '%.3f x' "$(printf %s "$cpu_ratios" | median)")" "$4"
}

all_services() {
	local pid

	[ -n "$NODE" ] || return
	"$NODE" "$ROOT/bench/http_server.js" >"$WORK/port" &
	pid=$!
	started+=("$pid")
	wait_until 10 test -s "$WORK/port"
	PORT=$(cat "$WORK/port")
	run_load "$PORT" "$pid"
	bench_service "$pid" "HTTP service, stat -i 1" ">= 0.98" "<= 1.02" stat -p "$pid" -i 1 -o json
	bench_service "$pid" "HTTP service, gc" ">= 0.95" "<= 1.05" gc -p "$pid" -o json
	kill "$pid"
}
