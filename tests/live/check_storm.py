#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Looks taken during a storm of short processes against the spawner's own log.

    check_storm.py LOOKS LOG SPAWNER_PID

LOG has a line "PID BORN_NS REAPED_NS STATUS" for each process. Prints "CHECK: WHY" for
what does not hold, and the counts as the last line (JSON).
"""

import bisect
import collections
import json
import sys
from datetime import datetime, timezone

TOLERANCE_NS = 150_000_000  # between a fork and the clock reading before it, on a busy machine


def to_ns(text):
    seconds, _, rest = text.rstrip("Z").partition(".")
    moment = datetime.fromisoformat(seconds).replace(tzinfo=timezone.utc)
    return int(moment.timestamp()) * 10**9 + int((rest + "0" * 9)[:9])


def read_log(path):
    records = collections.defaultdict(list)
    with open(path, encoding="utf-8") as log:
        for line in log:
            pid, born, reaped, status = map(int, line.split())
            records[pid].append((born, reaped, status))
    for lives in records.values():
        lives.sort()
    return records


def find_life(records, pid, start):
    lives = records.get(pid, [])
    at = bisect.bisect_right(lives, (start + TOLERANCE_NS // 30,)) - 1
    if at < 0 or start - lives[at][0] > TOLERANCE_NS:
        return None
    return lives[at]


def main():
    looks, log, spawner = sys.argv[1], sys.argv[2], int(sys.argv[3])
    records = read_log(log)
    problems = collections.Counter()
    examples = {}
    exited = collections.Counter()
    look_counts = {}
    others_exited = living = 0

    def problem(what, row):
        problems[what] += 1
        examples.setdefault(what, f"pid {row['pid']} start {row['start_time']} at {row['time']}")

    with open(looks, encoding="utf-8") as file:
        for row in map(json.loads, file):
            look_counts[row["look"]["number"]] = row["look"]
            if row["comm"] != "spawner" or row["pid"] == spawner:
                others_exited += "exited" in row
                continue
            life = find_life(records, row["pid"], to_ns(row["start_time"]))
            if not life:
                problem("a process that never was", row)
                continue
            born, reaped, status = life
            if "exited" not in row:
                living += 1
                if not born - TOLERANCE_NS <= to_ns(row["time"]) <= reaped + TOLERANCE_NS:
                    problem("shown alive when it was not", row)
                continue
            exited[(row["pid"], row["start_time"])] += 1
            if exited[(row["pid"], row["start_time"])] > 1:
                problem("twice in the exited list", row)
            if row["exit_status"] is None:
                problem("exit status unknown", row)
            elif row["exit_status"] != status >> 8:
                problem("wrong exit status", row)

    for what, count in problems.items():
        print(f"{what}: {count} times, first {examples[what]}")
    print(json.dumps({
        "looks": len(look_counts), "born": sum(map(len, records.values())),
        "living": living, "exited": len(exited), "others_exited": others_exited,
        "left_out": sum(look["exited_left_out"] for look in look_counts.values()),
        "lost": max((look["lost_events"] or 0 for look in look_counts.values()), default=0),
        "reused_pids": sum(len(lives) > 1 for lives in records.values())}))


if __name__ == "__main__":
    main()
