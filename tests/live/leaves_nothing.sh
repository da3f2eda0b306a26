#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A run leaves no mount, control group, program or process; its own memory and number of
# descriptors stay the same over hundreds of looks; its own cost is small.
# shellcheck disable=SC2317,SC2119,SC2016 # functions are passed by name, commands as text
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

surroundings() {
	cut -d ' ' -f 4- /proc/self/mountinfo | sort
	find /sys/fs/cgroup -type d 2>/dev/null | sort
	find /sys/fs/bpf 2>/dev/null | sort
}

cpu_ticks() {
	sed 's/^.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'
}

descriptors() {
	find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l
}

surroundings >"$WORK/before"
start_target sleepers 100
looks=$WORK/looks
start_memsonde "$looks" stat -a -i 0.02 -n 400 -o json --breakdown 5

number_is() {
	[ "$(tail -n 2 "$looks" | head -n 1 | jq .look.number)" -ge "$1" ]
}

wait_until 20 number_is 100
rss=$(status_bytes "$MEMSONDE_PID" VmRSS)
fds=$(descriptors "$MEMSONDE_PID")
wait_until 30 number_is 350
later=$(status_bytes "$MEMSONDE_PID" VmRSS)
check "memory after 350 looks as after 100" "$rss, then $later" \
	test "${later:-0}" -le $((rss + 2 * 1024 * 1024)) -a "${later:-0}" -gt 0
# A few are open for moments in every look.
later=$(descriptors "$MEMSONDE_PID")
check "descriptors after 350 looks as after 100" "$fds, then $later" test "$later" -le $((fds + 5))
wait "$MEMSONDE_PID"
equal "-n ends it with 0" $? 0
equal "-n 400 made 400 looks" "$(jq .look.number "$looks" | sort -un | tail -n 1)" 400

start_memsonde /dev/null stat -a -i 1 -o json
sleep 2
before=$(cpu_ticks "$MEMSONDE_PID")
sleep 4
after=$(cpu_ticks "$MEMSONDE_PID")
check "looking once a second takes below 10 % of a CPU" "$((after - before)) ticks in 4 s" \
	test $((after - before)) -lt $((4 * $(getconf CLK_TCK) / 10))
stop_memsonde

end_target
surroundings >"$WORK/after"
check "no mount or control group left" "$(diff "$WORK/before" "$WORK/after")" \
	cmp -s "$WORK/before" "$WORK/after"
check "no process left" "$(pgrep -l -P $$ memsonde)" test -z "$(pgrep -P $$ memsonde)"
finish
