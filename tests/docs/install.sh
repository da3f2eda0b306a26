#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# make install puts everything below DESTDIR and PREFIX, make uninstall takes it away.

set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

same() {
	if [ "$2" = "$3" ]; then
		echo "ok $1"
	else
		diff <(echo "$2") <(echo "$3")
		echo "not ok $1: differs"
		failed=1
	fi
}

installed() {
	(cd "$work" && find . -type f ! -path './*/doc/*' | sort)
}

make -s install BUILD="$BUILD" DESTDIR="$work" PREFIX=/usr >/dev/null
same 'install: what lies where' './usr/bin/memsonde
./usr/share/bash-completion/completions/memsonde
./usr/share/fish/vendor_completions.d/memsonde.fish
./usr/share/man/man8/memsonde.8
./usr/share/zsh/vendor-completions/_memsonde' "$(installed)"
same 'install: documents' "$({ echo LICENSE; ls README.md docs/*.md; } | sed 's,.*/,,' | sort)" \
	"$(find "$work/usr/share/doc/memsonde" -type f -printf '%f\n' | sort)"
same 'install: the program runs' "$("$BUILD/memsonde" --version)" "$("$work/usr/bin/memsonde" --version)"
make -s uninstall BUILD="$BUILD" DESTDIR="$work" PREFIX=/usr >/dev/null
same 'uninstall: no file is left' '' "$(find "$work" -type f)"
exit "$failed"
