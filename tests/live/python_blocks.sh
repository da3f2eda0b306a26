#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Blocks of CPython's allocator, of every Python that is installed, against
# sys.getallocatedblocks() of the process itself. In one that hides the function: null. And
# looking changes nothing.
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

# Objects that a call makes for itself: a few of them exist at one moment but not at the other.
TOLERATED=8

# file_of PID: the one that has the interpreter's code.
file_of() {
	awk '$6 ~ /\/libpython[0-9.]*[a-z]*\.so/ { print $6; exit }' "/proc/$1/maps" |
		grep . || readlink "/proc/$1/exe"
}

# Functions that stripping has left.
has_function() {
	{ readelf --dyn-syms -W "$1"; readelf -s -W "$1"; } 2>/dev/null |
		grep -qE ' _Py_Get(Global)?AllocatedBlocks(@|$)'
}

compare() {
	local name=$1 pid=$2 want=$3 got before

	before=$(state_of "$pid")
	look "$WORK/look" -p "$pid"
	got=$(field "$WORK/look" "$pid" python.blocks)
	if has_function "$(file_of "$pid")"; then
		check "$name: blocks" "$got, expected $want" within "$got" "$want" 0 $TOLERATED
	else
		equal "$name: unknown, as it hides its function" "$got" null
	fi
	equal "$name: looking changed nothing" "$(state_of "$pid")" "$before"
}

# Every CPython 3 of PATH and of pyenv, each version once.
pythons() {
	local python

	for python in $(compgen -c python3 | sort -u) /usr/bin/python3* \
		"$HOME"/.pyenv/versions/3*/bin/python3; do
		python=$(readlink -f "$(command -v "$python" 2>/dev/null)" 2>/dev/null)
		[ -x "$python" ] && [ "$(head -c 4 "$python" | tail -c 3)" = ELF ] && echo "$python"
	done | sort -u
}

found=0
for python in $(pythons); do
	version=$("$python" -c 'import platform as p; print(p.python_implementation(), p.python_version())')
	case $version in CPython*) ;; *) continue ;; esac
	found=$((found + 1))
	TARGET_RUN=$python start_target python "$LIVE/python_target.py"
	compare "$version ($python)" "$TARGET_PID" "$(truth .blocks)"
	next_phase
	compare "$version ($python), later" "$TARGET_PID" "$(truth .blocks)"
	if has_function "$(file_of "$TARGET_PID")"; then
		# it may be too dear for each look: then the answer before stands in for it
		timeout 60 "$MEMSONDE" stat -p "$TARGET_PID" -i 0.02 -n 20 -o json \
			>"$WORK/looks" 2>"$WORK/err" </dev/null
		equal "$version ($python): all of 20 looks have it" \
			"$(jq '.python.blocks | values' "$WORK/looks" | wc -l)" 20
	fi
	end_target
done
((found)) || skip python "there is no CPython 3"
finish
