#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The Makefile builds what changed, all of it, and nothing else. On a copy of the tree.

set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

check() {
	if eval "$2"; then
		echo "ok $1"
	else
		tail -n 20 "$work/out"
		echo "not ok $1: not so: $2"
		failed=1
	fi
}

cp -R --preserve=timestamps Makefile bpf include src docs vmlinux "$work"
cd "$work" || exit 1
build() {
	make -j"$(nproc)" CFLAGS=-O0 "$@" all >"$work/out" 2>&1
}
count() {
	grep -cE "^  $1 " "$work/out"
}

build
check 'a first build' '[ -x build/memsonde ] && [ -s build/docs/memsonde.8 ]'
build
check 'nothing to do the second time' '! grep -qE "^  [A-Z]+ " out'
touch src/base/version.h
build
check 'a header: only who includes it' '[ "$(count CC)" -ge 1 ] && [ "$(count CC)" -le 4 ]'
touch include/memsonde/records.h
build
check 'a shared header: BPF and its readers' '[ "$(count BPF)" -ge 1 ] && [ "$(count CC)" -ge 1 ]'
build CPPFLAGS=-DUNUSED_MACRO
check 'a changed flag rebuilds every object' \
	'[ "$(count CC)" = "$(find src docs/generator -name "*.c" ! -path "*/stub/*" | wc -l)" ]'
build CPPFLAGS=-DUNUSED_MACRO
check 'and no more the next time' '[ "$(count CC)" = 0 ]'
echo 'int unused_function_of_a_test(void); int unused_function_of_a_test(void) { return 0; }' >src/base/zz_new.c
build CPPFLAGS=-DUNUSED_MACRO
check 'a new file is compiled and linked' '[ "$(count CC)" = 1 ] && [ "$(count LINK)" = 2 ]'
rm src/base/zz_new.c
build CPPFLAGS=-DUNUSED_MACRO
check 'a removed file leaves the program' '! nm build/memsonde | grep -q unused_function_of_a_test'
echo 'broken' >src/base/zz_new.c
check 'a file that does not compile fails the build' '! build'
rm src/base/zz_new.c
check 'a missing library is one line' \
	'make PACKAGES="libbpf no-such-library" BUILD=other all 2>&1 | grep -q "^missing: no-such-library: run .make deps. as root"'
make clean >/dev/null
check 'clean' '[ ! -e build ]'
exit "$failed"
