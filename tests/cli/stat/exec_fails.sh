# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# what fails or takes too long is told, and ended
"$MEMSONDE" stat --replay "$RECORDINGS/leaks.jsonl" -n 1 --alert "rss>90MiB" \
	--exec "exit 3" >looks 2>errors
grep "^memsonde: --exec" errors | grep -v waiting
"$MEMSONDE" stat --replay "$RECORDINGS/leaks.jsonl" -n 1 --alert "rss>90MiB" \
	--exec "kill -SEGV \$\$" >looks 2>errors
grep "^memsonde: --exec" errors | grep -v waiting
"$MEMSONDE" stat --replay "$RECORDINGS/leaks.jsonl" -n 1 --alert "rss>90MiB" \
	--exec "echo \$\$ >pid; sleep 50" --exec-timeout 0.5 >looks 2>errors
grep "^memsonde: --exec" errors | grep -v waiting
"$MEMSONDE" stat --replay "$RECORDINGS/leaks.jsonl" -n 1 --alert "rss>90MiB" \
	--exec "trap \"\" TERM; echo \$\$ >>pid; sleep 51 & sleep 52" --exec-timeout 0.5 >looks 2>errors
grep "^memsonde: --exec" errors | grep -v waiting
# the whole group
for group in $(cat pid); do
	pgrep -r D,R,S,T -g "$group" && echo "left of $group"
done
exit 0
