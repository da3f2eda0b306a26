# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# no more than some at a time
for ((i = 0; i < 12; i++)); do alerts+=(--alert "rss>$((80 + i))MiB"); done
"$MEMSONDE" stat --replay "$RECORDINGS/leaks.jsonl" -n 1 "${alerts[@]}" \
	--exec "echo >>ran; sleep 1" >looks 2>errors
wc -l <ran
grep -c "alert: " errors
grep -o "^memsonde: --exec.*not run.*" errors
