# SPDX-License-Identifier: GPL-2.0-only
"""Prints how many bytes of a process's resident code differ from its program's file.

changed_text.py PID"""

import os
import struct
import sys

PAGE = os.sysconf("SC_PAGESIZE")


def differences(pid, start, end, offset, file, memory, pagemap):
    changed = 0
    for page in range(start, end, PAGE):
        entry, = struct.unpack("<Q", os.pread(pagemap, 8, page // PAGE * 8))
        # Present and no longer the file's: nothing else can differ.
        if not entry >> 63 or entry >> 61 & 1:
            continue
        ours = os.pread(memory, PAGE, page)
        theirs = os.pread(file, PAGE, offset + page - start)
        changed += sum(a != b for a, b in zip(ours, theirs))
    return changed


def main():
    pid = sys.argv[1]
    exe = os.readlink(f"/proc/{pid}/exe")
    file = os.open(f"/proc/{pid}/exe", os.O_RDONLY)
    memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
    pagemap = os.open(f"/proc/{pid}/pagemap", os.O_RDONLY)
    changed = 0
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as maps:
        for line in maps:
            fields = line.split(None, 5)
            if len(fields) < 6 or "x" not in fields[1] or fields[5].strip() != exe:
                continue
            start, end = (int(number, 16) for number in fields[0].split("-"))
            changed += differences(pid, start, end, int(fields[2], 16), file, memory, pagemap)
    print(changed)


main()
