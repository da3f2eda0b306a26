#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compares what a Node.js process printed of itself with a look of memsonde.

usage: node_figures.py TRUTH LOOK

TRUTH is a file whose last line tests/targets/node/figures.js printed, LOOK one of
`stat -o json` of the same process. Prints what differs, a line each; exit status 1 if
something does.
"""
import json
import sys

EXTERNAL_BYTES = 2048
USED_PERCENT = 2


def last_line(path):
    with open(path, encoding="utf-8") as file:
        return json.loads(file.read().splitlines()[-1])


def near(got, expected, bound):
    return got is not None and abs(got - expected) <= bound


def compare_isolate(isolate, thread):
    heap, memory = thread["heap"], thread["memory"]
    equal = {
        "heap_total": memory["heapTotal"],
        "array_buffers": memory["arrayBuffers"],
        "heap_limit": heap["heap_size_limit"],
        "heap_executable": heap["total_heap_size_executable"],
        "malloced": heap["malloced_memory"],
        "malloced_peak": heap["peak_malloced_memory"],
        "native_contexts": heap["number_of_native_contexts"],
        "detached_contexts": heap["number_of_detached_contexts"],
        "global_handles": heap["total_global_handles_size"],
    }
    for name, expected in equal.items():
        if isolate[name] != expected:
            yield f"{name}: {isolate[name]}, expected {expected}"
    if not near(isolate["external"], memory["external"], EXTERNAL_BYTES):
        yield f"external: {isolate['external']}, expected {memory['external']}"
    used = memory["heapUsed"]
    if not near(isolate["heap_used"], used, used * USED_PERCENT / 100):
        yield f"heap_used: {isolate['heap_used']}, expected {used}"
    expected = {space["space_name"].removesuffix("_space"): space["space_size"]
                for space in thread["spaces"]}
    got = {name: space["committed"] for name, space in isolate["spaces"].items()}
    if got != expected:
        yield f"spaces: {got}, expected {expected}"


def compare_process(look, truth):
    v8, classes = look["v8"], look["classes"]
    isolates = v8["isolates"]
    for name, own in (("heap_total", "heapTotal"), ("array_buffers", "arrayBuffers")):
        expected = sum(thread["memory"][own] for thread in truth["threads"])
        if v8[name] != expected:
            yield f"v8.{name}: {v8[name]}, expected {expected}"
    if sum(value for value in classes.values()) != look["rss"]:
        yield f"classes do not sum to rss: {classes}, {look['rss']}"
    # V8's pages hold what its heap uses, and little more than it commits.
    if not 0.8 * v8["heap_used"] <= classes["v8_heap"] <= v8["heap_total"] + (4 << 20):
        yield f"classes.v8_heap: {classes['v8_heap']} of {v8['heap_total']}"
    code = sum(isolate["heap_executable"] for isolate in isolates)
    if not 0 < classes["v8_code"] <= code + (4 << 20):
        yield f"classes.v8_code: {classes['v8_code']} of {code}"
    for note in look["notes"]:
        if note.startswith("v8:"):
            yield f"note: {note}"


def compare(look, truth):
    isolates = {isolate["tid"]: isolate for isolate in look["v8"]["isolates"]}
    main = isolates.get(truth["pid"])
    if not main or main["thread"] != "main":
        yield "the main thread's isolate is not named main"
    if len(isolates) != len(truth["threads"]):
        yield f"{len(isolates)} isolates, expected {len(truth['threads'])}"
    for thread in truth["threads"]:
        isolate = isolates.get(thread["tid"])
        if isolate is None:
            yield f"no isolate of thread {thread['tid']}"
            continue
        for line in compare_isolate(isolate, thread):
            yield f"thread {thread['tid']}: {line}"
    yield from compare_process(look, truth)


def main():
    truth, look = last_line(sys.argv[1]), last_line(sys.argv[2])
    if look["v8"] is None:
        print("no figures of V8:", look["notes"])
        return 1
    differences = list(compare(look, truth))
    for line in differences:
        print(line)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
