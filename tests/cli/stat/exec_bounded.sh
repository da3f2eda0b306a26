# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# output without end is cut; what is left in the background is waited for and ended, too
"$MEMSONDE" stat --replay "$RECORDINGS/leaks.jsonl" -n 1 --alert "rss>90MiB" \
	--exec "yes | head -c 1000000; echo end >ended" >looks 2>errors
grep -c '^y$' errors
grep "left out" errors
cat ended
"$MEMSONDE" stat --replay "$RECORDINGS/leaks.jsonl" -n 1 --alert "rss>90MiB" \
	--exec "sleep 53 >/dev/null 2>&1 & echo \$! >pid" --exec-timeout 0.5 >looks 2>errors
grep "^memsonde: --exec" errors | grep -v waiting
kill -0 "$(cat pid)" 2>/dev/null && echo "left behind"
"$MEMSONDE" stat --replay "$RECORDINGS/leaks.jsonl" -n 1 --alert "rss>90MiB" \
	--exec "(sleep 0.3; echo late >&2) &" >looks 2>errors
grep "late" errors
exit 0
