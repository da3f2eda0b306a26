#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs groups of tests and counts: tests/run.sh GROUP...
#
#   lint     scripts/lint.sh (in "all": only with FULL=1 or CI)
#   builds   gcc and clang with warnings as errors; the BPF programs for the other machine
#   unit     the programs of tests/unit
#   docs     man page and completions (tests/docs)
#   cli      the command line on recorded data (tests/cli)
#   asan     unit and cli under the address and undefined behaviour sanitizers
#   live     tests/live/*.sh on this kernel; needs root
#   kernels  tests/kernels/run.sh: other kernels in virtual machines; needs FULL=1
#   all      all of these; nothing may be left on the machine
#
# A script says "ok NAME", "not ok NAME: WHY" or "skip NAME: REASON" for each test. With
# exit status 77 it is skipped as a whole, and its last line is the reason. A live script
# with a line "# needs FULL=1" is skipped without it.
#
# Each failure is printed with its output, each skip with its reason. The last line is
# "N passed, N failed" or "N passed, N failed, N skipped".

set -u
cd "$(dirname "$0")/.." || exit 1

BUILD=${BUILD:-build}
FULL=${FULL:-0}
CI=${CI:-}
export BUILD FULL LC_ALL=C.UTF-8
# A make that called us must not reach into those that we call.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

jobs=$(nproc)
passed=0
failed=0
skipped=0
child=
logs=$(mktemp -d "${TMPDIR:-/tmp}/memsonde-check.XXXXXX")

finish() {
	[ -z "$child" ] || kill -TERM "$child" 2>/dev/null
	rm -rf "$logs"
}
trap finish EXIT
trap 'echo "interrupted" >&2; exit 130' INT
trap 'echo "terminated" >&2; exit 143' TERM

pass() {
	passed=$((passed + 1))
}

fail() {
	failed=$((failed + 1))
	echo "not ok $1${2:+: $2}"
}

skip() {
	skipped=$((skipped + 1))
	echo "skip $1: $2"
}

show_log() {
	sed 's/^/    | /' "$1" | tail -n "${2:-200}"
}

# Runs a command with a time limit, its output in a file: run LOG SECONDS COMMAND...
run() {
	local log=$1 seconds=$2 status

	shift 2
	timeout -k 10 "$seconds" "$@" </dev/null >"$log" 2>&1 &
	child=$!
	wait "$child"
	status=$?
	child=
	[ "$status" != 124 ] || echo "took longer than $seconds s" >>"$log"
	return "$status"
}

# A command that is one test: one NAME SECONDS COMMAND...
one() {
	local name=$1 seconds=$2 log=$logs/log

	shift 2
	if run "$log" "$seconds" "$@"; then
		pass
		return 0
	fi
	fail "$name" "exit status not 0"
	show_log "$log"
	return 1
}

# Counts the lines of one script: tally GROUP/SCRIPT LOG STATUS
tally() {
	local where=$1 log=$2 status=$3 line counted=0 bad=0

	if [ "$status" = 77 ]; then
		skip "$where" "$(tail -n 1 "$log")"
		return
	fi
	while IFS= read -r line; do
		case $line in
		"ok "*) pass ;;
		"not ok "*)
			fail "$where: ${line#not ok }"
			bad=1
			;;
		"skip "*)
			line=${line#skip }
			skip "$where: ${line%%: *}" "${line#*: }"
			;;
		*) continue ;;
		esac
		counted=1
	done <"$log"
	if [ "$bad" = 0 ] && [ "$status" != 0 ]; then
		fail "$where" "exit status $status"
		bad=1
	elif [ "$counted" = 0 ]; then
		fail "$where" "reported no test"
		bad=1
	fi
	[ "$bad" = 0 ] || show_log "$log"
}

# script GROUP/SCRIPT SECONDS COMMAND...
script() {
	local where=$1 status

	shift
	run "$logs/log" "$@"
	status=$?
	tally "$where" "$logs/log" "$status"
}

# One cmocka program, its output as TAP; what it prints before a skip is the reason; a crash leaves tests of the plan without result.
unit_program() {
	local program=$1 where=$2 log=$logs/log status line said="" plan=0 seen=0 bad=0

	CMOCKA_MESSAGE_OUTPUT=tap run "$log" 120 "$program"
	status=$?
	while IFS= read -r line; do
		case $line in
		1..*) plan=$((plan + ${line#1..})) ;;
		"ok "*) pass ;;
		"not ok "*"# SKIP"*) skip "$where: ${line#*# SKIP }" "${said:-without a reason}" ;;
		"not ok "*)
			fail "$where: ${line#not ok [0-9]* - }"
			bad=1
			;;
		*)
			said=$line
			continue
			;;
		esac
		[[ $line == 1..* ]] || seen=$((seen + 1))
	done <"$log"
	if [ "$seen" != "$plan" ] || [ "$seen" = 0 ]; then
		fail "$where" "$seen of $plan tests ran, exit status $status"
		bad=1
	elif [ "$bad" = 0 ] && [ "$status" != 0 ]; then
		fail "$where" "exit status $status"
		bad=1
	fi
	[ "$bad" = 0 ] || show_log "$log"
}

unit_programs() {
	local source

	for source in tests/unit/test_*.c; do
		[ -e "$source" ] || continue
		source=$(basename "$source" .c)
		unit_program "$1/unit/$source" "$2/$source"
	done
}

group_lint() {
	if [ "$asked" = all ] && [ "$FULL" != 1 ] && [ -z "$CI" ]; then
		skip lint "only with FULL=1 or CI set; or 'make lint'"
		return
	fi
	script lint 600 scripts/lint.sh
}

group_builds() {
	local other=arm64

	[ "$(uname -m)" = x86_64 ] || other=x86_64
	one "build with gcc" 900 make -j"$jobs" CC=gcc WERROR=1 BUILD="$BUILD" all programs targets ||
		give_up "the program does not build"
	one "build with clang" 900 make -j"$jobs" CC=clang WERROR=1 BUILD=build/clang all programs
	one "compile BPF for $other" 300 make -j"$jobs" "bpf-$other"
}

# Without what is built there is nothing further to learn.
give_up() {
	echo "$1: stopping here" >&2
	summary
	exit 1
}

group_unit() {
	[ "$asked" = all ] ||
		one "build the unit tests" 900 make -j"$jobs" BUILD="$BUILD" programs || return
	unit_programs "$BUILD" unit
}

scripts_of() {
	local group=$1 seconds=$2 file

	for file in tests/"$group"/*.sh; do
		[ -x "$file" ] || continue
		script "$group/$(basename "$file" .sh)" "$seconds" bash "$file"
	done
}

group_docs() {
	scripts_of docs 120
}

group_cli() {
	[ -x tests/cli/run.sh ] || return 0
	MEMSONDE=$PWD/$BUILD/memsonde script cli 600 tests/cli/run.sh
}

group_asan() {
	local build=build/asan

	one "build with sanitizers" 900 make -j"$jobs" BUILD=$build WERROR=1 CFLAGS='-O1 -g' \
		SANITIZE=address,undefined $build/memsonde programs || return
	unit_programs $build asan
	[ -x tests/cli/run.sh ] || return 0
	MEMSONDE=$PWD/$build/memsonde script asan/cli 900 tests/cli/run.sh
}

# All versions of Node.js that V8's figures are tested on, for the tests that know them.
fetch_nodes() {
	NODE_BINARIES=$(scripts/node-versions.sh 2>"$logs/npm" | tr '\n' ' ')
	export NODE_BINARIES
	[ -n "$NODE_BINARIES" ] || skip live/node-versions "$(tail -n 1 "$logs/npm")"
}

group_live() {
	local file name

	[ "$FULL" != 1 ] || fetch_nodes
	for file in tests/live/*.sh; do
		[ -x "$file" ] || continue
		name=live/$(basename "$file" .sh)
		if [ "$(id -u)" != 0 ]; then
			skip "$name" "needs root"
		elif [ "$FULL" != 1 ] && grep -q '^# needs FULL=1' "$file"; then
			skip "$name" "only with FULL=1"
		else
			script "$name" 600 bash "$file"
		fi
	done
}

group_kernels() {
	[ -x tests/kernels/run.sh ] || return 0
	if [ "$FULL" != 1 ]; then
		skip kernels "only with FULL=1"
	else
		script kernels 1500 tests/kernels/run.sh
	fi
}

# ---- what may be left behind ------------------------------------------------

# Ids of programs that a memsonde holds which was not built here.
programs_of_others() {
	local pid

	for pid in $(pgrep -x memsonde); do
		case $(readlink "/proc/$pid/exe") in
		"$PWD"/*) ;;
		*) sed -n 's/^prog_id:[[:space:]]*//p' "/proc/$pid"/fdinfo/* 2>/dev/null ;;
		esac
	done
}

# Programs in the kernel whose names are ours, by id.
our_programs() {
	[ "$(id -u)" = 0 ] && [ -e build/bpf/memsonde.bpf.o ] || return 0
	named_programs | grep -vwF -f <(programs_of_others | sed 's/$/:/')
}

named_programs() {
	"$(command -v bpftool || echo /usr/sbin/bpftool)" prog list 2>/dev/null |
		awk 'NR == FNR { if ($4 == "FUNC") ours[substr($8, 1, 15)] = 1; next }
			$1 ~ /^[0-9]+:$/ && $3 == "name" && ($4 in ours) { print "BPF program", $1, $4 }' \
			<(readelf -sW build/bpf/memsonde.bpf.o 2>/dev/null) -
}

# Others may run such programs, too: ours are built here or work on our temporary files.
our_processes() {
	local pid

	for pid in $(pgrep -x memsonde) $(pgrep -x dockerd) $(pgrep "^qemu-system"); do
		{ readlink "/proc/$pid/exe" && tr '\0' '\n' <"/proc/$pid/cmdline"; } 2>/dev/null |
			grep -qF -e "$PWD/" -e /memsonde- && echo "process $pid $(cat "/proc/$pid/comm")"
	done
}

our_mounts() {
	awk -v here="$PWD/" '
		index($5, here) == 1 || $5 ~ /memsonde/ || $5 == "/var/lib/docker" ||
		$5 ~ /^\/sys\/(fs\/bpf|kernel\/tracing|kernel\/debug)$/ { print "mount", $5 }' \
		/proc/self/mountinfo
}

# The first container of any engine makes the group "docker", and its end leaves it.
our_cgroups() {
	find /sys/fs/cgroup -type d \( -name '*memsonde*' -o -name docker \) 2>/dev/null |
		sed 's/^/cgroup /'
}

inventory() {
	{ our_programs; our_processes; our_mounts; our_cgroups; } | sort
}

group_leftovers() {
	local left wait

	# The kernel frees programs a moment after their last user went.
	for wait in 0 1 2 4; do
		sleep "$wait"
		left=$(comm -13 "$logs/before" <(inventory))
		[ -n "$left" ] || break
	done
	if [ -z "$left" ]; then
		pass
	else
		fail "nothing is left behind"
		printf '%s\n' "$left" | sed 's/^/    | /'
	fi
}

summary() {
	if [ "$skipped" = 0 ]; then
		echo "$passed passed, $failed failed"
	else
		echo "$passed passed, $failed failed, $skipped skipped"
	fi
}

asked=${1:-all}
groups=$*
if [ "$asked" = all ]; then
	groups='builds unit docs cli asan live kernels lint leftovers'
	inventory >"$logs/before"
fi
for group in $groups; do
	if ! declare -F "group_$group" >/dev/null; then
		echo "tests/run.sh: there is no group '$group'" >&2
		exit 2
	fi
	before=$((passed + failed + skipped))
	started=$SECONDS
	"group_$group"
	echo "# $group: $((passed + failed + skipped - before)) tests, $((SECONDS - started)) s"
done
summary
[ "$failed" = 0 ]
