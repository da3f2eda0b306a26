# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the twin and the probes on V8's collector cost. Sourced by run.sh.

NODE=${NODE:-$(command -v node)}
# A pair differs by a tenth and more on a virtual machine: only many tell.
SERVICE_PAIRS=${PAIRS:-25}
SECONDS_OF_LOAD=${SECONDS_OF_LOAD:-2}

# The milliseconds of each look's evaluations, first to last, by what -v tells: of all sources
# that stat asks, or of V8 alone, as gc does.
evaluations() { # PID COMMAND
	local looks=(-p "$1" -i 0.1)

	if [ "$2" = gc ]; then
		timeout -s INT 2.5 "$MEMSONDE" gc -v "${looks[@]}" -o json 2>&1 >/dev/null
	else
		"$MEMSONDE" stat -v "${looks[@]}" -n 24 -o csv 2>&1 >/dev/null
	fi | sed -n "s/^memsonde: twin of $1: in all \([0-9.]*\) ms.*/\1/p"
}

# bench_evaluation PID COMMAND TITLE AIM-FIRST AIM-LATER: the median of the first in each of
# several runs, and of the others; with no AIM-LATER, later ones repeat the first.
bench_evaluation() {
	local run first="" later="" rollup times

	for ((run = 0; run < 7; run++)); do
		times=$(evaluations "$1" "$2")
		first+=$(head -n 1 <<<"$times")$'\n'
		later+=$(tail -n +2 <<<"$times")$'\n'
	done
	first=$(grep . <<<"$first" | median)
	later=$(grep . <<<"$later" | median)
	if [ -z "$first" ]; then
		row "$3" "no answer" - - "-"
		return
	fi
	rollup=$("$BENCH/read_file" "/proc/$1/smaps_rollup" 21 100)
	row "$3, first : smaps_rollup" "$first ms" "$(milliseconds "$rollup")" \
		"$(calculate '%.2f x' "$rollup / ($first * 1000000)")" "$4"
	[ -z "$5" ] ||
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
	local pid redis

	if [ -n "$NODE" ]; then
		"$NODE" -e 'globalThis.kept = []; for (let i = 0; i < 200000; i++) kept.push({ i });
			console.log("ready"); setInterval(() => {}, 1e9);' >"$WORK/node" &
		pid=$!
		started+=("$pid")
		wait_until 20 grep -q ready "$WORK/node"
		bench_evaluation "$pid" gc "one isolate" "<= 2 ms" "<= 0.5 ms"
		bench_evaluation "$pid" stat "one isolate and malloc" "-" "-"
		bench_stops "$pid"
		kill "$pid"
	fi
	# one file is Redis's server and its tools: it goes by the name it is started by
	redis=$(command -v redis-server || command -v redis-check-rdb)
	if [ -n "$redis" ]; then
		(exec -a redis-server "$redis" --port 0 --unixsocket "$WORK/redis" --save '' \
			--enable-debug-command local --daemonize no >/dev/null) &
		pid=$!
		started+=("$pid")
		wait_until 10 test -S "$WORK/redis"
		[ "$(redis-cli -s "$WORK/redis" debug populate 500000)" = OK ] ||
			echo "bench: redis is empty: it does not populate itself" >&2
		bench_evaluation "$pid" stat "redis, jemalloc" "<= 2 ms" "<= 0.5 ms"
		kill "$pid"
	fi
	start_target holes 400000 512
	bench_evaluation "$TARGET_PID" stat "glibc, 200 MB in 200,000 holes" "-" ""
	end_target
}

# ---- a service under load ---------------------------------------------------

# One run of load: sets ANSWERED and TICKS, the server's CPU for it. Requests that are not
# answered are told.
run_load() { # PORT PID
	local unanswered before

	before=$(cpu_ticks "$2")
	read -r ANSWERED unanswered < <("$NODE" "$ROOT/bench/http_load.js" "$1" "$SECONDS_OF_LOAD")
	TICKS=$(($(cpu_ticks "$2") - before))
	[ "$unanswered" = 0 ] || echo "bench: $unanswered requests were not answered" >&2
}

# Nanoseconds that memsonde and its twins have computed.
own_cpu_ns() {
	cat /proc/"$MEMSONDE_PID"/task/*/schedstat 2>/dev/null | awk '{ sum += $1 } END { print sum + 0 }'
}

# One half of a pair: with arguments memsonde looks on. Sets ANSWERED, CPU_A_REQUEST and, then,
# OWN_SHARE.
run_half() { # PID ARGUMENTS...
	local before=0

	if (($# > 1)); then
		start_memsonde "$WORK/out" "${@:2}"
		sleep 1
		before=$(own_cpu_ns)
	fi
	run_load "$PORT" "$1"
	if (($# > 1)); then
		OWN_SHARE=$(calculate '%.5f' "($(own_cpu_ns) - $before) / 1e9 / $SECONDS_OF_LOAD")
		stop_memsonde INT
	fi
	CPU_A_REQUEST=$(calculate '%.6f' "$TICKS / $ANSWERED")
}

# bench_service PID TITLE AIM AIM-CPU ARGUMENTS...: throughput, which whatever else the machine
# does moves, too, the server's CPU a request, and what memsonde itself takes of a CPU.
bench_service() {
	local pair with without cpu_with cpu_without ratios="" cpu_ratios="" own=""

	: >"$WORK/without"
	: >"$WORK/with"
	for ((pair = 0; pair < SERVICE_PAIRS; pair++)); do
		if ((pair % 2)); then
			run_half "$1" "${@:5}"
			with=$ANSWERED cpu_with=$CPU_A_REQUEST
		fi
		run_half "$1"
		without=$ANSWERED cpu_without=$CPU_A_REQUEST
		if ((pair % 2 == 0)); then
			run_half "$1" "${@:5}"
			with=$ANSWERED cpu_with=$CPU_A_REQUEST
		fi
		echo "$without" >>"$WORK/without"
		echo "$with" >>"$WORK/with"
		own+=$OWN_SHARE$'\n'
		ratios+=$(calculate '%.4f' "$with / $without")$'\n'
		cpu_ratios+=$(calculate '%.4f' "$cpu_with / $cpu_without")$'\n'
	done
	row "$2: requests with : without" "$(median <"$WORK/with")" "$(median <"$WORK/without")" \
		"$(calculate '%.3f x' "$(printf %s "$ratios" | median)")" "$3"
	row "$2: the server's CPU a request" - - \
		"$(calculate '%.3f x' "$(printf %s "$cpu_ratios" | median)")" "$4"
	row "$2: what memsonde takes of a CPU" \
		"$(calculate '%.2f %%' "100 * $(printf %s "$own" | median)")" - - "-"
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
