#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The classes of one process by /proc/PID/smaps, worked out without memsonde.

    smaps_classes.py PID [TRUTH]

TRUTH is a file whose last line is a target's JSON line: the ranges in its "regions"
decide first; where one covers only a part of a mapping, its pages are counted in
/proc/PID/pagemap. Everything else goes by the mapping's name. Prints one JSON object.
"""

import json
import re
import struct
import sys

PAGE = 4096
HEADER = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ (\S+) \S+ *(.*)$")
SHARED = re.compile(r"^(/memfd:|/dev/zero|/SYSV|/dev/shm/|\[anon_shmem)")


def mappings(pid):
    """Yields (start, end, permissions, name, fields in bytes)."""
    current = None
    with open(f"/proc/{pid}/smaps", encoding="utf-8", errors="replace") as smaps:
        for line in smaps:
            header = HEADER.match(line)
            if header:
                if current:
                    yield current
                start, end, permissions, _, name = header.groups()
                current = (int(start, 16), int(end, 16), permissions, name, {})
            elif line.rstrip().endswith(" kB"):
                key, value = line.split(":")
                current[4][key] = int(value.split()[0]) * 1024
    if current:
        yield current


def class_by_name(permissions, name):
    if name == "[heap]":
        return "malloc"
    if name.startswith("[stack"):
        return "stack"
    if name in ("[vdso]", "[vsyscall]"):
        return "code"
    if SHARED.match(name):
        return "shmem"
    if name.startswith("/"):
        return "code" if "x" in permissions else "file"
    return "anon"


def present_bytes(pagemap, start, end):
    pagemap.seek(start // PAGE * 8)
    count = (end - start) // PAGE
    entries = struct.unpack(f"{count}Q", pagemap.read(count * 8))
    return PAGE * sum(entry >> 63 for entry in entries)


def main():
    pid = int(sys.argv[1])
    regions = []
    if len(sys.argv) > 2:
        with open(sys.argv[2], encoding="utf-8") as truth:
            regions = json.loads(truth.readlines()[-1])["regions"]
    names = "malloc stack code file shmem anon".split()
    result = dict.fromkeys(names, 0)
    sums = {"rss": "Rss", "swap": "Swap", "pss": "Pss", "huge_anon": "AnonHugePages",
            "huge_shmem": "ShmemPmdMapped", "huge_file": "FilePmdMapped",
            "hugetlb_shared": "Shared_Hugetlb", "hugetlb_private": "Private_Hugetlb"}
    totals = dict.fromkeys(sums, 0)

    with open(f"/proc/{pid}/pagemap", "rb", buffering=0) as pagemap:
        for start, end, permissions, name, fields in mappings(pid):
            rest = fields.get("Rss", 0)
            for key, field in sums.items():
                totals[key] += fields.get(field, 0)
            for region in regions:
                first, last = max(start, region["start"]), min(end, region["end"])
                if first >= last or rest == 0:
                    continue
                whole = first == start and last == end
                part = rest if whole else present_bytes(pagemap, first, last)
                result[region["class"]] += part
                rest -= part
            result[class_by_name(permissions, name)] += rest

    result.update(totals)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
