#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Wrong targets, missing privileges, missing mounts, closed outputs, signals: one clear
# line, the right exit status, nothing left behind.
# shellcheck disable=SC2317,SC2119,SC2016 # functions are passed by name, commands as text
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

one_of() {
	[[ $1 =~ ^($2)$ ]]
}

# ends NAME STATUS PATTERN COMMAND...: exit status (or several: "1|2"), and one line on
# standard error that has the pattern.
ends() {
	local name=$1 status=$2 pattern=$3 got

	shift 3
	"$@" >"$WORK/out" 2>"$WORK/err" </dev/null
	got=$?
	check "$name: exit status" "$got, expected $status" one_of "$got" "$status"
	equal "$name: one line" "$(wc -l <"$WORK/err")" 1
	check "$name: says so" "$(head -n 2 "$WORK/err")" grep -Eq -- "$pattern" "$WORK/err"
	check "$name: no result" "$(head -n 1 "$WORK/out")" test ! -s "$WORK/out"
}

without_privileges() {
	chmod 755 "$WORK"
	cp "$MEMSONDE" "$WORK/memsonde"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$WORK/memsonde" "$@"
}

not_root() {
	ends "not root" 1 "CAP_BPF.*CAP_PERFMON|CAP_PERFMON.*CAP_BPF|CAP_SYS_ADMIN" \
		without_privileges stat
}

# What cannot be asked for is unknown with a reason, never 0, and nothing waits for it.
few_rights() {
	local base=-all,+bpf,+perfmon,+sys_ptrace,+dac_read_search more

	start_target brk_heap
	for more in "" ,+checkpoint_restore ,+checkpoint_restore,+setuid,+setgid; do
		timeout 20 setpriv --bounding-set "$base$more" "$MEMSONDE" stat -p "$TARGET_PID" \
			-o json >"$WORK/out" 2>"$WORK/err"
		equal "few rights ($more): exit status" $? 0
		check "few rights ($more): unknown is not 0" "$(head -c 2000 "$WORK/out")" \
			holds "$(cat "$WORK/out")" \
			'.heap.live_bytes == null and (.notes | any(test("not permitted")))'
		[ -n "$more" ] ||
			check "few rights: V8 is unknown where no file can be read" \
				"$(head -c 2000 "$WORK/out")" \
				holds "$(cat "$WORK/out")" '.classes.v8_heap == null'
	done
	(ulimit -n 20 && "$MEMSONDE" stat -p "$TARGET_PID" -o json >"$WORK/out" 2>"$WORK/err")
	check "few descriptors: unknown is not 0" "$(head -c 2000 "$WORK/out")" \
		holds "$(cat "$WORK/out")" '.classes.v8_heap == null'
	end_target
}

wrong_targets() {
	start_target brk_heap
	ends "no such pid" 2 "4194303" "$MEMSONDE" stat -p 4194303
	ends "one pid of two" 2 "4194303" "$MEMSONDE" stat -p "$TARGET_PID,4194303"
	ends "no such container" 2 "no-such-container" "$MEMSONDE" stat -c no-such-container
	ends "no such cgroup" 2 "no-such-cgroup" "$MEMSONDE" stat -g /no-such-cgroup
	ends "no such command" "1|2" "/no/such/command" "$MEMSONDE" stat -- /no/such/command
	end_target
	ends "a pid that has ended" 2 "$TARGET_PID" "$MEMSONDE" stat -p "$TARGET_PID"
}

# Ends at any moment between the start of memsonde and the first look.
target_ends_at_once() {
	local round status pid statuses=

	for round in 1 2 3 4 5 6 7 8; do
		"$TARGETS/short_lived" 1 $((round * 30)) 0 >"$WORK/truth" &
		pid=$!
		wait_until 5 has_lines "$WORK/truth" 1
		timeout 20 "$MEMSONDE" stat -p "$pid" -o json >"$WORK/out" 2>"$WORK/err"
		status=$?
		wait "$pid"
		case $status in
		0) [ -s "$WORK/out" ] || statuses+="0 without a result; " ;;
		2 | 3) [ -s "$WORK/err" ] || statuses+="$status without a word; " ;;
		*) statuses+="$status; " ;;
		esac
	done
	check "a target that ends at once: 0, 2 or 3" "$statuses" test -z "$statuses"
}

target_ends_while_watched() {
	local looks=$WORK/looks last before

	start_target brk_heap
	start_memsonde "$looks" stat -p "$TARGET_PID" -i 0.2 -o json
	wait_until 10 has_rows "$looks" "$TARGET_PID" 2
	before=$(field "$looks" "$TARGET_PID" rss)
	end_target
	wait_until 5 is_gone "$MEMSONDE_PID"
	wait "$MEMSONDE_PID"
	equal "target ends while watched: exit status" $? 0
	last=$(row "$looks" "$TARGET_PID")
	check "target ends while watched: marked" "$last" holds "$last" '.exited != null'
	equal "target ends while watched: last figures" "$(jq .rss <<<"$last")" "$before"
	equal "target ends while watched: how" "$(jq .exit_status <<<"$last")" 0
}

# still_works NAME COMMAND...: which gets "$MEMSONDE stat -p PID -o json" as arguments.
still_works() {
	local name=$1 status

	shift
	"$@" "$MEMSONDE" stat -p "$TARGET_PID" -o json >"$WORK/out" 2>"$WORK/err" </dev/null
	status=$?
	equal "$name: exit status" "$status$(head -n 1 "$WORK/err")" 0
	equal "$name: result" "$(field "$WORK/out" "$TARGET_PID" rss)" \
		"$(status_bytes "$TARGET_PID" VmRSS)"
}

# shellcheck disable=SC2016
poor_surroundings() {
	start_target brk_heap
	still_works "locked memory of 64 KiB" bash -c 'ulimit -l 64; exec "$@"' -
	still_works "locked memory of 0, no CAP_SYS_RESOURCE" \
		setpriv --bounding-set -sys_resource bash -c 'ulimit -l 0; exec "$@"' -
	still_works "no tracefs, no bpffs, no debugfs" unshare -m bash -c '
		for at in /sys/kernel/tracing /sys/kernel/debug/tracing /sys/kernel/debug /sys/fs/bpf; do
			umount -l "$at" 2>/dev/null
		done
		exec "$@"' -
	still_works "no cgroup hierarchy" unshare -m bash -c '
		umount -R -l /sys/fs/cgroup; exec "$@"' -
	still_works "few descriptors" bash -c 'ulimit -n 256; exec "$@"' -
	still_works "no locale, no terminal type" env -i
	still_works "working directory removed" bash -c '
		cd "$(mktemp -d)" && rmdir "$PWD" && exec "$@"' -
	end_target
}

is_clean_text() {
	python3 -c '
import sys
data = open(sys.argv[1], "rb").read()
text = data.decode("utf-8").replace("\r\n", "\n")  # CSV ends its lines so
bad = [c for c in text if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160]
sys.exit(f"{bad[:5]}" if bad else 0)' "$1"
}

# weird NAME HEX: the figures of a process whose name are these bytes.
weird() {
	local name=$1 format lines

	start_target weird_name "$2"
	for format in json csv table; do
		"$MEMSONDE" stat -p "$TARGET_PID" -o $format >"$WORK/out" 2>"$WORK/err"
		equal "$name: $format works" $? 0
		check "$name: $format is harmless" "$(od -c "$WORK/out" | head -n 3)" \
			is_clean_text "$WORK/out"
	done
	"$MEMSONDE" stat -p "$TARGET_PID" -o json >"$WORK/out"
	equal "$name: one object" "$(jq .pid "$WORK/out")" "$TARGET_PID"
	"$MEMSONDE" stat -p "$TARGET_PID" -o csv >"$WORK/out"
	lines=$(python3 -c '
import csv, sys
rows = list(csv.reader(open(sys.argv[1], encoding="utf-8", newline="")))
print(len(rows), len({len(row) for row in rows}))' "$WORK/out")
	equal "$name: csv has a heading, a row, and as many columns in both" "$lines" "2 1"
	end_target
}

weird_names() {
	local file

	weird "escape sequences" 1b5b33316d1b5d303b68695c
	weird "newlines" 0a6e616d650d0a09
	weird "quotes" 22275c2c7b7d22
	weird "invalid UTF-8" 61ff62c328e28228
	weird "C1 controls and overlong forms" c29bc080edafbf
	weird "cut in a character" 616161616161616161616161c3a9e282

	file=$WORK/$'weird\e[31m\n"\\\xff'
	cp "$TARGETS/brk_heap" "$file"
	start_target brk_heap
	end_target
	TARGET_RUN=$file
	start_target brk_heap
	TARGET_RUN=
	for format in json csv table; do
		"$MEMSONDE" stat -p "$TARGET_PID" -o $format >"$WORK/out" 2>"$WORK/err"
		check "weird name of the executable: $format is harmless" \
			"$(od -c "$WORK/out" | head -n 3)" is_clean_text "$WORK/out"
	done
	end_target
}

broken_outputs() {
	start_target brk_heap
	for format in json csv table; do
		timeout 20 "$MEMSONDE" stat -p "$TARGET_PID" -o $format >/dev/full 2>"$WORK/err"
		equal "$format to a full disk: exit status" $? 1
		equal "$format to a full disk: one line" "$(wc -l <"$WORK/err")" 1
		timeout 20 "$MEMSONDE" stat -p "$TARGET_PID" -o $format >&- 2>"$WORK/err"
		equal "$format to a closed output: exit status" $? 1
	done
	timeout 20 "$MEMSONDE" stat -p "$TARGET_PID" -i 0.05 -o json 2>"$WORK/err" | head -n 1 >"$WORK/out"
	statuses=("${PIPESTATUS[@]}")
	check "a reader that goes away ends it" "${statuses[0]}" test "${statuses[0]}" -ne 124
	check "a reader that goes away: at most one line" "$(cat "$WORK/err")" \
		test "$(wc -l <"$WORK/err")" -le 1
	end_target
}

# signalled NAME SIGNAL: while it waits for its second look.
signalled() {
	local looks=$WORK/looks format

	for format in json csv table; do
		start_memsonde "$looks" stat -p "$TARGET_PID" -i 60 -o $format
		wait_until 10 test -s "$looks"
		SECONDS=0
		stop_memsonde "$2"
		equal "$1, $format: exit status" $? 0
		check "$1, $format: at once" "$SECONDS s" test "$SECONDS" -le 3
		check "$1, $format: what there is" "nothing" grep -q "$TARGET_PID" "$looks"
	done
}

bpf_objects() {
	grep -hE '^(prog_id|link_id|map_id):' "/proc/$1/fdinfo/"* 2>/dev/null | sort -u
}

bpf_objects_are_gone() {
	local kind id

	while read -r kind id; do
		case $kind in
		prog_id:) bpftool prog show id "$id" >/dev/null 2>&1 && return 1 ;;
		link_id:) bpftool link show id "$id" >/dev/null 2>&1 && return 1 ;;
		map_id:) bpftool map show id "$id" >/dev/null 2>&1 && return 1 ;;
		esac
	done <"$1"
	return 0
}

killed() {
	start_memsonde "$WORK/looks" stat -p "$TARGET_PID" -i 60 -o json
	wait_until 10 test -s "$WORK/looks"
	bpf_objects "$MEMSONDE_PID" >"$WORK/objects"
	check "kill -9: it had programs" "none found" grep -q prog_id "$WORK/objects"
	stop_memsonde KILL
	check "kill -9 leaves no program, link or map" "$(tr '\n' ' ' <"$WORK/objects")" \
		wait_until 5 bpf_objects_are_gone "$WORK/objects"
	check "kill -9 leaves the target alone" "it ended" kill -0 "$TARGET_PID"
}

signals() {
	start_target brk_heap
	signalled "Ctrl-C" INT
	signalled "SIGTERM" TERM
	if command -v bpftool >/dev/null; then killed; else skip "kill -9" "no bpftool"; fi
	end_target
}

not_root
few_rights
wrong_targets
target_ends_at_once
target_ends_while_watched
poor_surroundings
weird_names
broken_outputs
signals
finish
