# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# the figures are in the environment of a command, which has no input and no other files
# shellcheck disable=SC2016 # the command's shell expands
command='env >env; cat >input; [ -e /proc/$$/fd/9 ] || readlink /proc/$$/fd/0 >files
	cut -d" " -f5 /proc/$$/stat >group; echo $$ >pid; echo told'
MEMSONDE_FIGURE_OLD=stale "$MEMSONDE" stat --replay "$RECORDINGS/leaks.jsonl" \
	--alert "v8.heap_used>79%v8.heap_limit" --exec "$command" 9</dev/null >looks 2>errors
status=$?
grep -E "^MEMSONDE_(PID|COMM|CONDITION|VALUE|BOUND|ISOLATE|TIME|FIGURE_(OLD|RSS|HEAP_SLACK_BYTES|V8_.*))=" \
	env | sort
grep -c "^PATH=" env
wc -c <input
cat files
cmp -s group pid || echo "no group of its own"
grep told looks
grep -v waiting errors
exit $status
