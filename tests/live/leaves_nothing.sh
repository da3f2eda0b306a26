#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A run leaves no mount, pinned program, control group or process; its own memory and number
# of descriptors stay the same over hundreds of looks; its own cost is small.
# shellcheck disable=SC2317,SC2119,SC2016 # functions are passed by name, commands as text
set -u

# In mounts of our own, with a bpffs of our own: others cannot change these meanwhile.
if [ "$(id -u)" = 0 ] && [ "${1:-}" != inside ]; then
	exec unshare -m bash -c 'mount -t bpf bpf /sys/fs/bpf 2>/dev/null; exec bash "$0" inside' "$0"
fi
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

# Control groups are everybody's: only those that have our name can be ours.
surroundings() {
	cut -d ' ' -f 4- /proc/self/mountinfo | sort
	find /sys/fs/cgroup -type d -name '*memsonde*' 2>/dev/null | sort
	find /sys/fs/bpf 2>/dev/null | sort
}

# Time on a CPU, not on the clock: however busy the machine is.
cpu_ms() {
	sed 's/^.*) //' "/proc/$1/stat" | awk -v tick="$(getconf CLK_TCK)" \
		'{ print int(($12 + $13) * 1000 / tick) }'
}

descriptors() {
	find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l
}

number_is() {
	[ "$(tail -n 2 "$looks" | head -n 1 | jq .look.number)" -ge "$1" ]
}

# Only what the test itself runs is looked at: how much others run must not matter. The
# command keeps 100 processes and starts another every moment.
steady() {
	local rss fds later command

	echo "'$TARGETS/sleepers' 100 >/dev/null & echo \$\$ >'$WORK/command'
		while [ -e '$WORK/command' ]; do sleep 0.02; done; kill \$!" >"$WORK/command.sh"
	looks=$WORK/looks
	start_memsonde "$looks" stat -i 0.02 -n 400 -o json --breakdown 5 -- sh "$WORK/command.sh"
	wait_until 120 number_is 100
	command=$(cat "$WORK/command")
	rss=$(status_bytes "$MEMSONDE_PID" VmRSS)
	fds=$(descriptors "$MEMSONDE_PID")
	wait_until 240 number_is 350
	later=$(status_bytes "$MEMSONDE_PID" VmRSS)
	check "memory after 350 looks as after 100" "$rss, then $later" \
		test "${later:-0}" -le $((rss + 2 * 1024 * 1024)) -a "${later:-0}" -gt 0
	# A few are open for moments in every look.
	later=$(descriptors "$MEMSONDE_PID")
	check "descriptors after 350 looks as after 100" "$fds, then $later" \
		test "$later" -le $((fds + 5))
	wait "$MEMSONDE_PID"
	equal "-n ends it with 0" $? 0
	equal "-n 400 made 400 looks" "$(jq .look.number "$looks" | sort -un | tail -n 1)" 400
	check "more than 100 processes were looked at, and ends" "too few" \
		test "$(jq .pid "$looks" | sort -un | wc -l)" -gt 150
	rm "$WORK/command"
	wait_until 10 is_gone "$command"
}

cost() {
	local before first after last

	start_target sleepers 100
	looks=$WORK/looks.cost
	start_memsonde "$looks" stat -p "$TARGET_PID,$(pgrep -d , -P "$TARGET_PID")" -i 0.1 -o json
	wait_until 60 number_is 3
	before=$(cpu_ms "$MEMSONDE_PID")
	first=$(tail -n 2 "$looks" | head -n 1 | jq .look.number)
	wait_until 120 number_is $((first + 40))
	after=$(cpu_ms "$MEMSONDE_PID")
	last=$(tail -n 2 "$looks" | head -n 1 | jq .look.number)
	check "a look at 101 processes takes below 0.1 s of a CPU" \
		"$((after - before)) ms for looks $first to $last" \
		test "$((after - before))" -lt $(((last - first) * 100))
	stop_memsonde
	end_target
}

surroundings >"$WORK/before"
steady
cost
surroundings >"$WORK/after"
check "no mount, pinned program or control group left" "$(diff "$WORK/before" "$WORK/after")" \
	cmp -s "$WORK/before" "$WORK/after"
check "no process left" "$(pgrep -l -P $$ memsonde)" test -z "$(pgrep -P $$ memsonde)"
finish
