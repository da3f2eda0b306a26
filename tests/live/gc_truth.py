# SPDX-License-Identifier: GPL-2.0-only
"""Compares `memsonde gc -o json` with what V8 and Node.js said of the same run.

gc_truth.py OURS TRUTH: OURS has memsonde's lines, TRUTH the target's output: the lines of
--trace-gc and, a line of JSON a thread, what perf_hooks counted. Prints a line for each
test."""

import json
import re
import sys

TRACE = re.compile(
    r"^\[\d+:(?P<isolate>0x[0-9a-f]+)[^\]]*\]\s+\d+ ms: "
    r"(?P<kind>[A-Z][A-Za-z -]*[a-z])(?: \([^)]*\))? (?P<used_before>[0-9.]+) \((?P<total_before>[0-9.]+)\) -> "
    r"(?P<used_after>[0-9.]+) \((?P<total_after>[0-9.]+)\) MB, (?:pooled: [0-9.]+ MB, )?"
    r"(?P<pause>[0-9.]+) / [0-9.]+ ms.*\) (?P<reason>[^;)]*)(?:;.*)?$")

KINDS = {
    "Scavenge": "scavenge",
    "Mark-sweep": "mark-compact",  # until Node 18
    "Mark-Compact": "mark-compact",
    "Incremental Mark-Compact": "mark-compact",
    "Minor Mark-Sweep": "minor-mark-sweep",
}


def ok(name, good, why):
    print(f"ok {name}" if good else f"not ok {name}: {why}")


def mib(value):
    return None if value is None else f"{value / 1048576:.1f}"


def read_truth(path):
    """Isolate -> its collections; thread -> what perf_hooks saw."""
    isolates, hooks = {}, {}
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            found = TRACE.match(line)
            if found:
                item = (KINDS.get(found["kind"], found["kind"]), found["used_before"],
                        found["used_after"], found["total_before"], found["total_after"],
                        found["reason"])
                isolates.setdefault(found["isolate"], []).append((item, float(found["pause"])))
            elif " -> " in line and " ms: " in line:
                ok("a line of --trace-gc that is understood", False, line.strip())
            elif line.startswith("{"):
                seen = json.loads(line)
                hooks[seen["thread"]] = seen
    return isolates, hooks


def read_ours(path):
    """Thread -> its collections; thread -> its summary."""
    threads, summaries = {}, {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            item = json.loads(line)
            if item["type"] == "summary":
                summaries[item["tid"]] = item
                continue
            entry = (item["kind"], mib(item["heap_used_before"]), mib(item["heap_used_after"]),
                     mib(item["heap_total_before"]), mib(item["heap_total_after"]),
                     item["reason"])
            threads.setdefault(item["tid"], []).append((entry, item["pause_ns"] / 1e6))
    return threads, summaries


def first_difference(left, right):
    for a, b in zip(left, right):
        if a != b:
            return f"{a} and {b}"
    return f"{len(left)} and {len(right)} collections"


def near(ours, truth):
    return abs(ours - truth) <= max(0.02 * truth, 1)


def main():
    truth, hooks = read_truth(sys.argv[2])
    threads, summaries = read_ours(sys.argv[1])
    ok("an isolate for each thread that collected", len(truth) == len(threads) and truth,
       f"{len(threads)} of {len(truth)}")

    left = {tid: [entry for entry, _ in items] for tid, items in threads.items()}
    for items in truth.values():
        wanted = [entry for entry, _ in items]
        pause = sum(ms for _, ms in items)
        best = min(left, key=lambda tid: sum(a != b for a, b in zip(left[tid], wanted)) +
                   abs(len(left[tid]) - len(wanted)), default=None)
        if best is None:
            continue
        main_thread = best == summaries[best]["pid"]
        name = "main thread" if main_thread else "a worker"
        ok(f"{name}: kinds, heap before and after, reasons as --trace-gc has them",
           left[best] == wanted, first_difference(left[best], wanted))
        sum_ms = sum(ms for _, ms in threads[best])
        ok(f"{name}: sum of pauses as --trace-gc has it", near(sum_ms, pause),
           f"{sum_ms:.2f} ms, not {pause:.2f} ms")
        if main_thread:
            seen = hooks[0]
            ok("main thread: counts as perf_hooks has them",
               (sum(e[0] != "mark-compact" for e in left[best]),
                sum(e[0] == "mark-compact" for e in left[best])) == (seen["minor"], seen["major"]),
               f"{len(left[best])}, not {seen['minor']} + {seen['major']}")
            ok("main thread: sum of pauses as perf_hooks has it", near(sum_ms, seen["pause_ms"]),
               f"{sum_ms:.2f} ms, not {seen['pause_ms']:.2f} ms")
        summary = summaries[best]
        ok(f"{name}: the summary's sums", summary["count"] == len(wanted) and
           abs(summary["pause_ns_total"] / 1e6 - sum_ms) < 0.01, json.dumps(summary)[:200])
        del left[best]


main()
