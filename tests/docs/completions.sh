#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Man page and completions name every option that --help names for a command, and no
# other; bash's is run for real, zsh's and fish's are at least read by their shells.

set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
memsonde=$BUILD/memsonde
failed=0

# same NAME EXPECTED GOT
same() {
	if [ "$2" = "$3" ]; then
		echo "ok $1"
	else
		diff <(tr ' ' '\n' <<<"$2") <(tr ' ' '\n' <<<"$3") | sed 's/^</< missing:/;s/^>/> too much:/'
		echo "not ok $1: differs from --help"
		failed=1
	fi
}

words() {
	sort -u | tr '\n' ' '
}

# The options of a command by its --help; "long" leaves the short ones out.
help_options() {
	"$memsonde" "$1" --help | grep -E '^ +(-., )?--[a-z]' |
		grep -oE "(^| )--?[a-z-]+" | tr -d ' ' | if [ "${2:-}" = long ]; then grep '^--'; else cat; fi | words
}

commands=$("$memsonde" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
same 'commands' 'top stat gc check' "$(echo $commands)"

# ---- man page

man_options=$(grep -oE '^(\\fB\\-.\\fR, )?\\fB\\-\\-.*' "$BUILD/docs/memsonde.8" |
	sed 's/\\-/-/g; s/\\f[BIR]//g' | grep -oE '(^| )--?[a-z-]+' | tr -d ' ' | words)
all_options=$(for command in $commands; do help_options "$command" | tr ' ' '\n'; done | grep . | words)
same 'man page: options' "$all_options" "$man_options"
if command -v man >/dev/null; then
	same 'man page: no warning' '' "$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 \
		man --warnings -E UTF-8 -l -Tutf8 -Z "$BUILD/docs/memsonde.8" 2>&1 >/dev/null)"
else
	echo "skip man page: no warning: no man"
fi

# ---- bash

# complete WORD...: what bash offers for the last word
complete_bash() {
	bash --norc --noprofile -c '
		source "$1"
		shift
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_memsonde 2>/dev/null
		((${#COMPREPLY[@]})) && printf "%s\n" "${COMPREPLY[@]}"' bash \
		"$BUILD/completions/memsonde.bash" memsonde "$@" | words
}

for command in $commands; do
	same "bash: options of $command" "$(help_options "$command")" \
		"$(complete_bash "$command" -)"
done
same 'bash: options of the default command' "$(help_options top)" "$(complete_bash -)"
same 'bash: commands' 'check gc help stat top ' "$(complete_bash '')"
same 'bash: beginning of a command' 'stat ' "$(complete_bash s)"
same 'bash: help COMMAND' 'check ' "$(complete_bash help ch)"
same 'bash: choices' 'csv json table ' "$(complete_bash stat -o '')"
same 'bash: --option=' 'json ' "$(complete_bash stat --output = j)"
same 'bash: --option=, nothing yet' 'csv json table ' "$(complete_bash stat --output =)"
same 'bash: figures' 'classes.malloc ' "$(complete_bash top --sort classes.ma)"
same 'bash: our own process' "$$ " "$(complete_bash stat -p $$ | tr ' ' '\n' | grep -x $$ | words)"
same 'bash: a file' 'Makefile ' "$(complete_bash top --replay Makef)"
same 'bash: only directories' 'docs ' "$(complete_bash top -g doc)"
same 'bash: no option for a number' '' "$(complete_bash stat -n '')"
same 'bash: a command to start' 'bash ' "$(complete_bash stat -- bash | tr ' ' '\n' | grep -x bash | words)"
same 'bash: its arguments are files' 'Makefile ' "$(complete_bash stat -- ls Makef)"
same 'bash: a command that is none' '' "$(complete_bash nonsense -)"

# ---- zsh and fish

zsh_options() {
	sed -n "/^\t$1)/,/;;/p" "$BUILD/completions/_memsonde" | grep -oE "^\s+'\*'?[^[]*\[" |
		grep -oE -- '--?[a-z-]+' | words
}

fish_options() {
	grep -E -- "__memsonde_is [a-z ]*\b$1\b[a-z ]*'" "$BUILD/completions/memsonde.fish" |
		grep -oE -- ' -(s|l) [a-z-]+' | sed 's/ -s /-/; s/ -l /--/' | words
}

for command in $commands; do
	same "zsh: options of $command" "$(help_options "$command")" "$(zsh_options "$command")"
	same "fish: options of $command" "$(help_options "$command")" "$(fish_options "$command")"
done
if command -v zsh >/dev/null; then
	same 'zsh: syntax' '' "$(zsh -n "$BUILD/completions/_memsonde" 2>&1)"
else
	echo "skip zsh: syntax: no zsh"
fi
if command -v fish >/dev/null; then
	same 'fish: syntax' '' "$(fish --no-execute "$BUILD/completions/memsonde.fish" 2>&1)"
	for command in $commands; do
		same "fish: runs for $command" "$(help_options "$command" long)" \
			"$(HOME=$(mktemp -d) fish --no-config -c "
				source $BUILD/completions/memsonde.fish
				complete -C 'memsonde $command --'" 2>&1 | grep -oE '^--[a-z-]+' | words)"
	done
else
	echo "skip fish: syntax: no fish"
fi
exit "$failed"
