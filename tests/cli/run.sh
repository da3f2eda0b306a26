#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs the cases below tests/cli, or those named: tests/cli/run.sh [COMMAND/CASE...]
#
# A case is COMMAND/CASE.sh, run by bash in an empty directory with
#   MEMSONDE     the program
#   RECORDINGS   tests/recordings, absolute
# It must end with status 0, or what CASE.exit says; standard error must be empty, or as
# in CASE.stderr.exact or CASE.stderr.glob; standard output as in CASE.stdout.exact or
# CASE.stdout.glob, where there is one. A glob is a shell pattern for the whole text.
# Status 77 is a skip, its reason on standard output.

set -u
cd "$(dirname "$0")" || exit 1
MEMSONDE=$(realpath "${MEMSONDE:-../../build/memsonde}")
RECORDINGS=$(realpath ../recordings)
export MEMSONDE RECORDINGS TZ=UTC LC_ALL=C.UTF-8 COLUMNS=100
unset LINES NO_COLOR

scratch=$(mktemp -d "${TMPDIR:-/tmp}/memsonde-cli.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0 skipped=0

# check CASE STREAM DEFAULT: does the text of a stream match what is expected of it?
# DEFAULT is "empty" or "any".
check() {
	local expected=$1.$2 got=$scratch/$2

	if [ -e "$expected.exact" ]; then
		diff -u --label "expected $2" --label "got $2" "$expected.exact" "$got"
	elif [ -e "$expected.glob" ]; then
		local pattern text
		pattern=$(<"$expected.glob")
		text=$(<"$got")
		# shellcheck disable=SC2053 # a pattern it is
		[[ $text == $pattern ]] && return 0
		diff -u --label "pattern for $2" --label "got $2" "$expected.glob" "$got"
		return 1
	elif [ "$3" = empty ] && [ -s "$got" ]; then
		diff -u --label "expected $2" --label "got $2" /dev/null "$got"
	fi
}

run_case() {
	local case=$1 status wanted=0 why
	local script=$PWD/$case.sh

	[ ! -e "$case.exit" ] || wanted=$(<"$case.exit")
	rm -rf "$scratch/cwd"
	mkdir "$scratch/cwd"
	(cd "$scratch/cwd" && exec timeout -k 5 60 bash "$script") \
		>"$scratch/stdout" 2>"$scratch/stderr" </dev/null
	status=$?
	if [ "$status" = 77 ]; then
		skipped=$((skipped + 1))
		echo "skip $case: $(tail -n 1 "$scratch/stdout")"
		return
	fi
	why=$(
		[ "$status" = "$wanted" ] || echo "exit status $status, expected $wanted"
		check "$case" stdout any
		check "$case" stderr empty
	)
	if [ -z "$why" ]; then
		passed=$((passed + 1))
		echo "ok $case"
	else
		failed=$((failed + 1))
		echo "not ok $case"
		printf '%s\n' "$why" | sed 's/^/    /'
	fi
}

if [ $# = 0 ]; then
	for script in */*.sh; do
		[ -e "$script" ] && run_case "${script%.sh}"
	done
else
	for case; do
		run_case "${case%.sh}"
	done
fi
echo "# $passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
