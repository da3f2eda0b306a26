# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# the figures are in the environment of a command, which has no input and no other files
MEMSONDE_FIGURE_OLD=stale "$MEMSONDE" stat --replay "$RECORDINGS/leaks.jsonl" \
	--alert "v8.heap_used>79%v8.heap_limit" --exec "env >env; cat >input; ls -l /proc/self/fd |
		grep -c /dev/null >null; readlink /proc/self/fd/3 >more; cut -d\" \" -f5 /proc/\$\$/stat >group;
		echo \$\$ >pid; echo told" >looks 2>errors
status=$?
grep -E "^MEMSONDE_(PID|COMM|CONDITION|VALUE|BOUND|ISOLATE|TIME|FIGURE_(OLD|RSS|HEAP_SLACK_BYTES|V8_.*))=" \
	env | sort
grep -c "^PATH=" env
wc -c <input
cmp -s group pid || echo "no group of its own"
grep told looks
grep -v waiting errors
exit $status
