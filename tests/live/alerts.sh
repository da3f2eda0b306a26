#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Alerts on living processes: a growth is told once, with its command run; what that command
# starts is no reason for another; and a descriptor limit of ours is not the command's.
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

# A chain of them would go on as long as memsonde does: each is larger than the bound.
if command -v python3 >/dev/null; then
	ulimit -Sn 400
	start_memsonde "$WORK/looks" stat -a -i 0.2 -n 25 -o csv \
		--alert 'rss>150MiB' --exec "ulimit -n >>$WORK/limits; exec python3 -c '
import time
kept = bytearray(200 << 20)
open(\"$WORK/ran\", \"a\").write(\"ran\\n\")
time.sleep(1)'"
	in_background python3 -c 'import time; kept = bytearray(200 << 20); time.sleep(30)'
	pid=$CHILD_PID
	wait "$MEMSONDE_PID"
	equal "told once" "$(grep -c "alert: .* pid $pid " "$WORK/looks.err")" 1
	equal "its command ran once" "$(wc -l <"$WORK/ran")" "$(grep -c 'alert: ' "$WORK/looks.err")"
	equal "what it starts is not told" "$(grep 'alert: ' "$WORK/looks.err" |
		grep -cv "pid $pid ")" "$(grep 'alert: ' "$WORK/looks.err" | grep -v "pid $pid " |
		grep -cv python3)"
	equal "the command has the limits of ours as they were" "$(sort -u "$WORK/limits")" 400
	kill -KILL "$pid"
else
	skip alerts "there is no python3"
fi
finish
