#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a compiler does not see: formatting, static analysis, which part includes which.
# A line "ok NAME" or "not ok NAME: WHY" for each check, what was found before it.

set -u
cd "$(dirname "$0")/.." || exit 1
failed=0

# verdict NAME FINDINGS
verdict() {
	if [ -z "$2" ]; then
		echo "ok $1"
	else
		printf '%s\n' "$2"
		echo "not ok $1: see above"
		failed=1
	fi
}

# needs NAME TOOL: whether the tool is there
needs() {
	command -v "$2" >/dev/null && return
	echo "skip $1: no $2"
	return 1
}

our_files() {
	find src include bpf docs/generator tests bench \( -name '*.c' -o -name '*.h' \) | sort
}

our_scripts() {
	find scripts tests bench .ci -type f \( -name '*.sh' -o -path .ci/run \) | sort
}

check_format() {
	needs format clang-format || return
	verdict format "$(our_files | xargs clang-format --dry-run -Werror 2>&1 |
		grep -E '^[^ ]+:[0-9]+:' | cut -d: -f1 | sort | uniq -c |
		sed 's/$/: run make format/')"
}

# Nobody includes against an arrow; FROM TO is a permission.
check_directions() {
	local findings

	findings=$(grep -rnoE '^#include "[^"]+"' src bpf | awk -F'[:"]' '
		BEGIN {
			split("base>base model>base model>model system>base system>model system>system " \
			      "recording>base recording>model recording>recording view>base view>model " \
			      "view>view collect>base collect>model collect>system collect>collect " \
			      "collect>memsonde bpf>memsonde bpf>bpf " \
			      "parse>base parse>system twin>base twin>model twin>system twin>parse " \
			      "collect>parse collect>twin", list, " ")
			for (i in list) allowed[list[i]] = 1
		}
		{
			split($1, from, "/")
			split($4, to, "/")
			layer = from[1] == "bpf" ? "bpf" : from[2]
			target = $4 ~ /\// ? to[1] : layer
			if (layer == "command" || layer == "main.c")
				next
			if (target == layer || $4 == "vmlinux.h" || (layer ">" target) in allowed)
				next
			print $1 ":" $2 ": " layer " must not include " $4
		}')
	verdict 'include directions' "$findings"
	verdict 'only collect includes libbpf and the skeleton' "$(
		grep -rnE '#include [<"](bpf/|linux/bpf|memsonde\.skel)' src |
			grep -vE '^src/(collect/|command/help\.c:)')"
	verdict 'only parse includes libelf' "$(
		grep -rnE '#include <(gelf|libelf|elfutils)' src | grep -v '^src/parse/')"
	verdict 'model and view know no system' "$(
		grep -rnE '#include <(sys/(mount|ptrace|syscall)|linux/|bpf/|gelf|libelf|dirent)' \
			src/model src/view | grep -v '<linux/types')"
	verdict 'only the terminal of view/tui includes ncurses' "$(
		grep -rnE '#include <(n?curses|term\.h|ncursesw)' src | grep -v '^src/view/tui/terminal')"
}

check_headers() {
	local header findings=

	while read -r header; do
		findings+=$(gcc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Isrc -Iinclude -Itests \
			-Idocs/generator -Ibuild/include -fsyntax-only -include "$header" \
			-x c /dev/null 2>&1 | head -n 3)
	done < <(find src include docs/generator tests/unit -name '*.h' | sort)
	verdict 'headers compile alone' "$findings"
}

check_banned() {
	verdict 'banned functions' "$(our_files | grep -vE '^(bpf|tests/targets)/' | xargs grep -nwE \
		'(strcpy|strcat|sprintf|vsprintf|strtok|gets|atoi|atol|atof|alloca|tmpnam|mktemp) ?\(')"
}

check_licence() {
	verdict 'licence lines' "$({ our_files; our_scripts; } | while read -r file; do
		head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-only' || echo "$file"
	done)"
}

# Long functions hide stages; long files hide modules.
check_sizes() {
	verdict 'files under 700 lines' "$(our_files | xargs wc -l |
		awk '$2 != "total" && $1 > 700 { print $2 ": " $1 " lines" }')"
	verdict 'functions under 100 lines' "$(our_files | grep '\.c$' | xargs awk '
		FNR == 1 { start = 0 }
		/^\{/ { start = FNR }
		/^\}/ && start {
			if (FNR - start > 100) print FILENAME ":" start ": " FNR - start " lines"
			start = 0
		}')"
}

check_static() {
	needs 'clang-tidy' clang-tidy || return
	[ -e build/include/memsonde.skel.h ] || make bpf >/dev/null
	# shellcheck disable=SC2016 # $@ is the inner shell's
	verdict clang-tidy "$(find src docs/generator -name '*.c' | sort |
		xargs -P "$(nproc)" -n 4 sh -c 'clang-tidy --quiet "$@" -- -std=c11 -D_GNU_SOURCE \
			-Isrc -Iinclude -Ibuild/include -Idocs/generator 2>/dev/null' sh |
		grep -E '(warning|error):' | grep -v '^build/' | sort -u)"
}

check_cppcheck() {
	needs cppcheck cppcheck || return
	verdict cppcheck "$(cppcheck --quiet -j "$(nproc)" --enable=warning,portability \
		--inline-suppr --std=c11 -D_GNU_SOURCE -Isrc -Iinclude \
		--suppress=missingInclude --suppress=missingIncludeSystem \
		--suppress=unknownMacro --template='{file}:{line}: {id}: {message}' src docs/generator 2>&1)"
}

check_shell() {
	needs shellcheck shellcheck || return
	verdict shellcheck "$(our_scripts | xargs shellcheck -x -S warning -e SC2034 -f gcc 2>&1)"
}

check_format
check_directions
check_headers
check_banned
check_licence
check_sizes
check_shell
check_cppcheck
check_static
exit "$failed"
