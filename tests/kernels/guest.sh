# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# guest.sh - runs in a guest of vm-run.sh (busybox, as root): what memsonde says about
# this kernel's processes against what the processes and /proc say. Prints "ok NAME" or
# "not ok NAME: WHY" a line, other output is for people; status 1 when something failed.
#
# The emulated machine is slow: one memsonde watches everything, its looks and the truth
# are gathered in files, and one run of checks.jq compares them. Waits are for what must
# have happened, and end with the guest's own limit of time.

memsonde=/test/memsonde
targets=/test/targets
run=/run/tests
if [ "$CGROUP" = 1 ]; then
	cgroups=/sys/fs/cgroup/memory limit=memory.limit_in_bytes current=memory.usage_in_bytes
else
	cgroups=/sys/fs/cgroup limit=memory.max current=memory.current
fi
container_id=3b0f5c0de1a94c7db2b1f8e46a7d90c25f1e8d3a6b4c72900aebd85131c6ef47
container_limit=100663296
mkdir $run

say() {
	echo "guest: $*"
}

# start NAME TARGET [ARG...] - runs a target until its first line; $run/NAME.in is its
# standard input, $run/NAME.out its lines, $run/NAME.pid its pid. In the cgroup $cgroup.
start() {
	name=$1 program=$targets/$2
	shift 2
	mkfifo $run/"$name".in
	: >$run/"$name".out
	# Opened for reading and writing, so that no end of the input is seen.
	sh -c 'echo $$ >$1/cgroup.procs; shift; exec "$@"' start "${cgroup:-$cgroups}" \
		"$program" "$@" <>$run/"$name".in >$run/"$name".out &
	echo $! >$run/"$name".pid
	wait_lines $run/"$name".out 1
}

wait_lines() {
	until [ "$(wc -l <"$1")" -ge "$2" ]; do sleep 0.1; done
}

# next_phase NAME
next_phase() {
	echo >$run/"$1".in
}

# look_number [FILE] - the number of the look that memsonde is at.
look_number() {
	tail -n 1 "${1:-$run/looks}" | sed -n 's/.*"look":{"number":\([0-9]*\).*/\1/p'
}

# wait_look NUMBER [FILE] - until that look has begun to be written; false if memsonde ended.
wait_look() {
	until number=$(look_number "${2:-}") && [ "${number:-0}" -ge "$1" ]; do
		kill -0 "$stat_pid" 2>/dev/null || return 1
		sleep 0.2
	done
}

# fields FILE NAME... - a JSON object of fields of /proc/PID/status or smaps_rollup, in
# bytes where they are in kB.
fields() {
	file=$1
	shift
	awk -v names="$*" '
		BEGIN { count = split(names, wanted, " ") }
		{ value[$1] = $3 == "kB" ? $2 * 1024 : $2 }
		END {
			for (i = 1; i <= count; i++)
				printf "%s\"%s\":%d", i == 1 ? "{" : ",", wanted[i], value[wanted[i] ":"]
			print "}"
		}' "$file"
}

# truth NAME - what /proc says about a target that does nothing, as a line of JSON.
truth() {
	pid=$(cat $run/"$1".pid)
	# awk tells the files apart by the first one's having lines.
	echo 'none 0 0' >$run/regions
	tr '{' '\n' <$run/"$1".out |
		sed -n 's/"class":"\([a-z0-9_]*\)","start":\([0-9]*\),"end":\([0-9]*\).*/\1 \2 \3/p' \
			>>$run/regions
	printf '{"name":"%s","pid":%d,"status":%s,"rollup":%s,"classes":%s}\n' "$1" "$pid" \
		"$(fields /proc/"$pid"/status VmRSS RssAnon RssFile RssShmem VmSwap VmSize VmData \
			VmStk VmPTE VmHWM Threads)" \
		"$(fields /proc/"$pid"/smaps_rollup Rss Anonymous Swap)" \
		"$(awk -f /test/smaps_classes.awk $run/regions /proc/"$pid"/smaps)"
}

# ---- memsonde check --------------------------------------------------------

failed=0
if $memsonde check >$run/check 2>&1; then
	echo 'ok check'
else
	echo "not ok check: status $?"
	failed=1
fi
sed 's/^/guest: check: /' $run/check

# ---- what there is to watch ------------------------------------------------

# khugepaged would fill the holes of a range of 2 MiB some seconds after a target has
# settled: its RSS would grow between the truth and the last look.
echo 0 >/sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none 2>/dev/null

# Targets whose ranges are whole mappings: smaps tells their classes.
quiet='brk_heap arenas map_shared memfd deep_stack huge_pages threads100'
for name in $quiet; do start "$name" "$name"; done
start counters counters 3
start spike spike 256

mkdir -p $cgroups/docker/$container_id $cgroups/victims
[ "$CGROUP" = 1 ] || echo +memory >$cgroups/docker/cgroup.subtree_control
echo $container_limit >$cgroups/docker/$container_id/$limit
echo 24M >$cgroups/victims/$limit
cgroup=$cgroups/docker/$container_id start contained brk_heap
cgroup=$cgroups/victims start victim oom_victim
say 'targets run'

# ---- looks before and after they act ---------------------------------------

$memsonde stat -a -o json -i 2 --breakdown all >$run/looks 2>$run/errors &
stat_pid=$!
: >$run/truth
if wait_look 2; then
	for name in $quiet contained; do truth "$name" >>$run/truth; done
	cat $cgroups/docker/$container_id/$current >$run/container_current
	say 'looks before are done'

	next_phase counters
	next_phase spike
	next_phase victim
	$targets/short_lived 32 20 7 >/dev/null &
	short_pid=$!
	wait_lines $run/counters.out 2
	wait_lines $run/spike.out 2
	wait "$short_pid"
	wait "$(cat $run/victim.pid)"
	wait_look $(($(look_number) + 2))
	kill -TERM $stat_pid
fi
wait $stat_pid
stat_status=$?
sed 's/^/guest: stat: /' $run/errors
say "$(wc -l <$run/looks) lines of $(look_number) looks"

# ---- looks while memory is given back ---------------------------------------

# On some kernels a process's end is told after that, which here takes several looks.
: >$run/large.looks
$memsonde stat -a -o json -i 0.1 --breakdown 0 >$run/large.looks 2>$run/errors &
stat_pid=$!
if wait_look 2 $run/large.looks; then
	for _ in 1 2 3; do $targets/short_lived 400 400 7 >/dev/null; done
	wait_look $(($(look_number $run/large.looks) + 2)) $run/large.looks
	kill -TERM $stat_pid
fi
wait $stat_pid
sed 's/^/guest: large: /' $run/errors
ends=$(jq -M -n -c '[inputs | select(.comm == "short_lived" and .exited != null) | .exit_status]' \
	$run/large.looks)
if [ "$ends" = '[7,7,7]' ]; then
	echo 'ok the end of a large process is told once'
else
	echo "not ok the end of a large process is told once: statuses $ends"
	failed=1
fi

# ---- the twin --------------------------------------------------------------

# A heap full of holes in four arenas, asked twice: by a new twin and by the same again.
start holes holes 2000 500 4
$memsonde stat -p "$(cat $run/holes.pid)" -i 1 -n 2 -o json >$run/holes.looks 2>$run/errors
sed 's/^/guest: holes: /' $run/errors
if jq -M -n -e --slurpfile looks $run/holes.looks --slurpfile truth $run/holes.out '
	($looks | length == 2) and all($looks[]; .heap.source == "twin" and
		.heap.live_bytes == $truth[0].live and .heap.free_bytes == $truth[0].free and
		.heap.slack_bytes <= .heap.held_bytes and ([.classes[]] | add) == .rss)' >/dev/null; then
	echo 'ok heap figures of a twin'
else
	echo "not ok heap figures of a twin: $(jq -M -c '[.heap, .notes]' $run/holes.looks | tail -n 1)"
	failed=1
fi

# ---- the comparison --------------------------------------------------------

if [ $stat_status = 0 ]; then
	echo 'ok stat ends by SIGTERM with status 0'
else
	echo "not ok stat ends by SIGTERM with status 0: status $stat_status"
	failed=1
fi
case $(uname -r) in
6.1.*) held_back=true ;; # the kernel's own figures lack what threads hold back
*) held_back=false ;;
esac
jq -M -n -r -f /test/checks.jq --slurpfile looks $run/looks --slurpfile truth $run/truth \
	--slurpfile counters $run/counters.out --argjson held_back $held_back \
	--argjson spike "$(cat $run/spike.pid)" --argjson victim "$(cat $run/victim.pid)" \
	--argjson short "${short_pid:-0}" --arg container_id $container_id \
	--argjson container_limit $container_limit \
	--argjson container_current "$(cat $run/container_current 2>/dev/null || echo 0)" \
	>$run/results 2>$run/errors || {
	echo "not ok comparison: $(tail -n 1 $run/errors)"
	failed=1
}
cat $run/results
grep -q '^not ok' $run/results && failed=1

cat $run/*.pid | while read -r pid; do kill -KILL "$pid" 2>/dev/null; done
exit $failed
