#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# `memsonde check` where something that all else stands on is missing: it says what, and
# gives no advice about what cannot be tried without it.
# shellcheck disable=SC2317,SC2016 # functions are passed by name, commands as text
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

# has NAME PATTERN: a line of the output.
has() {
	check "$1" "$(head -n 4 "$WORK/out" | tr '\n' '~')" grep -Eq -- "$2" "$WORK/out"
}

# without NAME ROW DETAIL COMMAND...: which gets the program and its argument.
without() {
	local name=$1 row=$2 detail=$3

	shift 3
	"$@" "$WORK/memsonde" check >"$WORK/out" 2>"$WORK/err"
	equal "$name: exit status" $? 1
	has "$name: is named" "^missing +$row +$detail"
	has "$name: what hangs on it" "^unknown .* cannot be tried without $row$"
	equal "$name: one advice" "$(grep -cE '(lost|to do):' "$WORK/out")" 2
	equal "$name: one thing is missing" "$(grep -cE '^(missing|degraded)' "$WORK/out")" 1
}

chmod 755 "$WORK"
cp "$MEMSONDE" "$WORK/memsonde"
without "no /sys" /sys "not mounted" unshare -m sh -c 'umount -l /sys; exec "$@"' -
without "no /proc" /proc "not mounted" unshare -m sh -c 'umount -l /proc; exec "$@"' -
without "not root" capabilities "without cap_bpf" \
	setpriv --reuid 65534 --regid 65534 --clear-groups

# What is asked of the kernel works all the same: nothing else is missing.
unshare -p -f "$WORK/memsonde" check >"$WORK/out" 2>"$WORK/err"
equal "/proc of another namespace: exit status" $? 1
has "/proc of another namespace: is named" '^missing +/proc +shows another pid namespace'

unshare -m sh -c 'umount -l /sys; exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"' - \
	"$WORK/memsonde" check >"$WORK/out" 2>"$WORK/err"
has "two are missing: both are named" '^unknown +BTF +cannot be tried without /sys, capabilities$'
check "two are missing: no advice about kernels" "$(grep 'kernel of' "$WORK/out")" \
	test -z "$(grep -E 'CONFIG_|kernel of|use Linux' "$WORK/out")"
finish
