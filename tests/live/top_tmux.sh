#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The terminal interface in a real terminal (tmux): start, sort, filter, drill down,
# containers, resize, and that every way out leaves the terminal as it was. First with a
# recording, then on this system.
# shellcheck disable=SC2317 # functions are passed by name
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"

if ! command -v tmux >/dev/null; then
	skip top_tmux "tmux is not installed"
	finish
fi

SOCKET=
servers=0
CLEANUPS+=(end_server)

mux() {
	tmux -S "$SOCKET" -f /dev/null "$@"
}

end_server() {
	[ -z "$SOCKET" ] || mux kill-server 2>/dev/null
}

# Each has a socket of its own: one that is ending would still answer.
new_server() {
	end_server
	servers=$((servers + 1))
	SOCKET=$WORK/tmux.$servers
}

# A recording: two growing processes and one in a container, five looks.
object() {
	printf '{"time":"2026-01-31T12:00:0%d.000Z","pid":%d,"start_time":"2026-01-31T11:00:00.000000000Z",' \
		"$1" "$2"
	printf '"comm":"%s","rss":%d,"rss_anon":%d,"rss_file":0,"rss_shmem":0,"faults":{"minor":%d,"major":0},' \
		"$3" "$4" "$4" "$(($1 * 10))"
	printf '"classes":{"malloc":%d,"stack":0,"code":0,"file":0,"shmem":0,"anon":0,"unaccounted":0},' "$4"
	printf '"container":%s,"notes":[]}\n' "$5"
}
box='{"id":"0123456789abcdef","name":"webbox","runtime":"docker","memory_current":50000000}'
for look in 0 1 2 3 4; do
	object $look 101 alpha $((40000000 + look * 4194304)) null
	object $look 202 beta 90000000 null
	object $look 303 gamma 20000000 "$box"
done >"$WORK/looks.jsonl"

# open WIDTH HEIGHT ARGUMENT...: a shell in which top runs; its end can be seen.
open() {
	local width=$1 height=$2

	shift 2
	new_server
	mux new-session -d -x "$width" -y "$height" \
		"stty -a >'$WORK/before'; LC_ALL=C.UTF-8 '$MEMSONDE' top $* 2>'$WORK/err';
		 echo \"ended \$?\"; stty -a >'$WORK/after'; exec sleep 60"
}

screen_has() {
	mux capture-pane -p | grep -Eq -- "$1"
}

# sees NAME PATTERN: the screen gets to have it.
sees() {
	if wait_until 10 screen_has "$2"; then
		pass "$1"
	else
		fail "$1" "the screen has no '$2': $(mux capture-pane -p | head -n 8 | tr '\n' '~')"
	fi
}

keys() {
	mux send-keys "$@"
}

restored() {
	local name=$1 status=$2

	sees "$name: ends with $status" "^ended $status"
	wait_until 5 test -s "$WORK/after"
	check "$name: terminal modes are as before" "$(diff "$WORK/before" "$WORK/after" | head -n 4)" \
		cmp -s "$WORK/before" "$WORK/after"
	equal "$name: the cursor is visible" "$(mux display-message -p '#{cursor_flag}')" 1
	equal "$name: the normal screen is back" "$(mux display-message -p '#{alternate_on}')" 0
	rm -f "$WORK/after"
}

top_pid() {
	pgrep -P "$(mux display-message -p '#{pane_pid}')" -f "top"
}

start_replay() {
	open "$1" "$2" --replay "$WORK/looks.jsonl" -i 0.1
	wait_until 10 screen_has 'recording ended' || fail "replay" "no screen: $(cat "$WORK/err")"
}

# Only a shell with job control can be suspended to.
suspend() {
	new_server
	mux new-session -d -x 80 -y 24 "LC_ALL=C.UTF-8 PS1='ready> ' bash --norc --noprofile -i"
	wait_until 5 screen_has 'ready>'
	keys "'$MEMSONDE' top --replay '$WORK/looks.jsonl' -i 0.1" Enter
	wait_until 10 screen_has 'recording ended'
	keys C-z
	sees "Ctrl-Z: suspended" 'Stopped'
	equal "Ctrl-Z: the normal screen is back" "$(mux display-message -p '#{alternate_on}')" 0
	equal "Ctrl-Z: the cursor is visible" "$(mux display-message -p '#{cursor_flag}')" 1
	keys fg Enter
	sees "fg: the screen is back" '^\[Processes 3\]'
	keys Tab
	sees "fg: keys work" '\[Containers 1\]'
	keys q
	sees "fg: and it ends" 'ready> *$'
}

screens() {
	start_replay 80 24
	sees "largest first" '^ +202 .*beta'
	sees "the recording's end is said" 'recording ended'
	keys G
	sees "sorted by growth" 'Sorted by RSS\+/s'
	keys Enter
	sees "drill down: the process" '^alpha 101'
	sees "drill down: its classes" 'malloc +54\.1 MiB +100\.0%'
	keys Escape
	sees "back" '^\[Processes 3\]'
	keys / g a m
	sees "filter" 'filter "gam": 1 of 3'
	keys Escape
	sees "filter cleared" '101 .*alpha'
	keys Tab
	sees "containers" 'webbox +docker'
	keys Enter
	sees "drill down: the container" '^webbox +docker'
	sees "drill down: its processes" '303 .*gamma'
	keys q
	mux resize-window -x 120 -y 40
	sees "resized: wider" '^CONTAINER .*WORKSET'
	mux resize-window -x 30 -y 5
	sees "resized: too small" 'terminal too small'
	mux resize-window -x 80 -y 24
	keys Tab F1
	sees "help" 'sort by growth'
	keys q
	sees "back from help" '^\[Processes 3\]'
}

# typed TEXT: bytes as printf reads them, as if they were typed.
typed() {
	# shellcheck disable=SC2059 # a format it is
	printf "$1" | mux load-buffer -
	mux paste-buffer -r
}

# Neither the end of anything nor a command of its parts, nor are keys behind them lost.
strange_keys() {
	local name bytes

	while read -r name bytes; do
		start_replay 80 24
		typed "$bytes"
		sleep 0.2
		keys Tab
		sees "$name: ignored" '\[Containers 1\]'
		typed "$bytes\t"
		sees "$name: the key behind it counts" '\[Processes 3\]'
	done <<-'END'
		Insert \033[2~
		Shift-Right \033[1;2C
		no-known-key \033[1;99Q
		keypad \033Ox
		Ctrl-Space \000
		no-UTF-8 \377
		half-a-character \303
	END
}

# Nobody sends a signal to one who has the terminal, but not as its controlling one.
hang_up() {
	python3 - "$MEMSONDE" "$WORK/looks.jsonl" <<-'END' >"$WORK/out" 2>&1
		import os, subprocess, sys, time
		master, slave = os.openpty()
		top = subprocess.Popen([sys.argv[1], "top", "--replay", sys.argv[2], "-i", "0.1"],
		                       stdin=slave, stdout=slave, start_new_session=True,
		                       env=dict(os.environ, TERM="xterm"))
		os.close(slave)
		seen = b""
		while b"recording ended" not in seen:
		    seen += os.read(master, 65536)
		os.close(master)
		try:
		    print("ended", top.wait(10))
		except subprocess.TimeoutExpired:
		    top.kill()
		    print("runs on")
	END
	equal "hangup: it ends" "$(tail -n 1 "$WORK/out")" "ended 0"
}

ways_out() {
	local signal

	keys q
	restored "q" 0
	start_replay 80 24
	keys F10
	restored "F10" 0
	start_replay 80 24
	keys C-c
	restored "Ctrl-C" 0
	for signal in TERM HUP; do
		start_replay 80 24
		kill -s "$signal" "$(top_pid)"
		restored "kill -$signal" 0
	done
	start_replay 80 24
	kill -s ABRT "$(top_pid)"
	restored "kill -ABRT" 134
}

# As a recording is whose writer was killed; and one that is broken before its end.
broken_recordings() {
	{
		cat "$WORK/looks.jsonl"
		object 5 101 alpha 1 null | head -c 100
	} >"$WORK/cut.jsonl"
	open 80 24 --replay "$WORK/cut.jsonl" -i 0.1
	sees "cut off: is said" 'recording cut off in its last line'
	sees "cut off: the looks before are shown" '^ +202 .*beta'
	keys q
	restored "cut off" 0
	check "cut off: the line is named" "$(cat "$WORK/err")" \
		grep -q 'cut.jsonl:16: cut off' "$WORK/err"
	{
		cat "$WORK/cut.jsonl"
		echo
		object 6 101 alpha 1 null
	} >"$WORK/broken.jsonl"
	open 80 24 --replay "$WORK/broken.jsonl" -i 0.1
	restored "broken" 1
	check "broken: the line is named" "$(cat "$WORK/err")" \
		grep -q 'broken.jsonl:16: not JSON' "$WORK/err"
}

refusals() {
	open 80 24 --replay "$WORK/none.jsonl"
	restored "no such recording" '[12]'
	check "no such recording: is named" "$(cat "$WORK/err")" grep -q none.jsonl "$WORK/err"
	new_server
	mux new-session -d "TERM=nonsense '$MEMSONDE' top --replay '$WORK/looks.jsonl' \
		2>'$WORK/err'; echo \"ended \$?\"; exec sleep 60"
	sees "unknown TERM: ends with 1" '^ended 1'
	check "unknown TERM: says what to do" "$(cat "$WORK/err")" grep -q "TERM.*stat" "$WORK/err"
	"$MEMSONDE" top --replay "$WORK/looks.jsonl" </dev/null >"$WORK/out" 2>"$WORK/err"
	equal "no terminal: exit status" $? 2
	check "no terminal: says what to do" "$(cat "$WORK/err")" grep -q "memsonde stat" "$WORK/err"
}

not() {
	! "$@"
}

live_system() {
	if [ "$(id -u)" -ne 0 ] || ! "$MEMSONDE" stat -p $$ -o json >"$WORK/out" 2>"$WORK/err"; then
		skip "live" "no live figures here: $(head -n 1 "$WORK/err")"
		return
	fi
	open 100 30 -i 0.2
	sees "live: this machine" 'Memory \[.* of .*CPUs'
	keys Enter
	sees "live: classes of the largest" 'unaccounted +[0-9]'
	keys F10
	restored "live: F10" 0
	sleep 300 &
	started+=($!)
	open 100 30 -i 0.2 -p $!
	sees "live: one process" '\[Processes 1\]'
	keys Enter
	sees "live: drilled down" "^sleep $!"
	kill "$!"
	sees "live: its exit is shown" 'exited at'
	keys F10
	restored "live: after the exit" 0
	cat >"$WORK/scribble.sh" <<-END
		echo \$\$ >$WORK/scribble.pid
		while sleep 0.1; do echo scribble; echo scribble >&2; done
	END
	open 100 30 -i 0.2 -- sh "$WORK/scribble.sh"
	sees "live: a command" 'sh$'
	sleep 1
	check "live: its output is kept off the screen" "$(mux capture-pane -p | grep -c scribble)" \
		not screen_has scribble
	keys F10
	restored "live: a command" 0
	kill "$(cat "$WORK/scribble.pid")" # top leaves what it started running
}

# What only a twin tells, of a process that nobody looks at closely; and the end of a command
# is no reason to run in circles until the next look.
alerts() {
	local pid ticks

	[ "$(id -u)" -eq 0 ] || return
	sleep 300 &
	started+=($!)
	open 100 30 -i 60 -p $! --alert "'heap.live_bytes>1'" --exec "'sleep 0.2; touch $WORK/told'"
	sees "alert: on the screen" 'alert: .*heap.live_bytes>1'
	check "alert: its command ran" "it did not" wait_until 5 test -e "$WORK/told"
	pid=$(top_pid)
	ticks=$(cut -d' ' -f14 "/proc/$pid/stat")
	sleep 1
	check "alert: nothing runs in circles" "$ticks ticks before, $(cut -d' ' -f14,15 "/proc/$pid/stat")" \
		test $(($(cut -d' ' -f14 "/proc/$pid/stat") - ticks)) -lt 20
	keys q
	restored "alert: q" 0
}

suspend
screens
ways_out
strange_keys
hang_up
broken_recordings
refusals
live_system
alerts
finish
