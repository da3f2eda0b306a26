#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compares a look at all processes with /proc/PID/status.

    proc_status.py dump >FILE
    proc_status.py compare BEFORE LOOK AFTER

A process is quiet when its status is the same BEFORE and AFTER the LOOK (a file of
`stat -o json`). Prints a line for each figure that differs, and the number of quiet
processes as the last line.
"""

import json
import os
import platform
import re
import sys

FIELDS = {"rss": "VmRSS", "rss_anon": "RssAnon", "rss_file": "RssFile",
          "rss_shmem": "RssShmem", "swap": "VmSwap", "rss_high_water": "VmHWM",
          "vsize": "VmSize", "page_tables": "VmPTE", "threads": "Threads"}
RSS = ("rss", "rss_anon", "rss_file", "rss_shmem", "swap", "rss_high_water")


def read_status(pid):
    with open(f"/proc/{pid}/status", "rb") as status:
        text = status.read().decode("utf-8", "replace")
    lines = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    if "VmRSS" not in lines:
        return None  # a kernel thread or a zombie
    figures = {}
    for figure, field in FIELDS.items():
        words = lines[field].split()
        figures[figure] = int(words[0]) * (1024 if words[1:] == ["kB"] else 1)
    with open(f"/proc/{pid}/stat", "rb") as stat:
        figures["start_ticks"] = int(stat.read().rsplit(b")", 1)[1].split()[19])
    return figures


def dump():
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            os.readlink(f"/proc/{pid}/ns/pid")  # some kernels keep their init from root
            status = read_status(pid)
        except OSError:
            continue
        if status and int(pid) != os.getpid():
            found[pid] = status
    json.dump(found, sys.stdout)


def tolerance_bytes():
    """From 6.2 to 6.15 /proc leaves out what each CPU has not folded yet."""
    major, minor = map(int, re.match(r"(\d+)\.(\d+)", platform.release()).groups())
    cpus = os.cpu_count()
    return max(32, 2 * cpus) * cpus * 4096 if (6, 2) <= (major, minor) < (6, 16) else 0


def compare(before, look, after):
    with open(before, encoding="utf-8") as file:
        before = json.load(file)
    with open(after, encoding="utf-8") as file:
        after = json.load(file)
    with open(look, encoding="utf-8") as file:
        rows = {str(row["pid"]): row for row in map(json.loads, file)
                if "exited" not in row}
    quiet = [pid for pid, status in before.items() if after.get(pid) == status]
    for pid in quiet:
        row = rows.get(pid)
        if row is None:
            print(f"pid {pid}: not in the look")
            continue
        for figure in FIELDS:
            expected, got = before[pid][figure], row[figure]
            allowed = tolerance_bytes() if figure in RSS else 0
            if got is None or abs(got - expected) > allowed:
                print(f"pid {pid} ({row['comm']}): {figure} {got}, expected {expected}")
    print(len(quiet))


if __name__ == "__main__":
    {"dump": dump, "compare": compare}[sys.argv[1]](*sys.argv[2:])
