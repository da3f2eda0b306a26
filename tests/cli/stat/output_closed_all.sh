# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# help, too, is lost; and there may be nobody who could be told
for word in --help --version help "stat --help" "stat --replay $RECORDINGS/two_looks.jsonl"; do
	# shellcheck disable=SC2086 # words they are
	"$MEMSONDE" $word >&- 2>&- <&-
	echo $?
done
