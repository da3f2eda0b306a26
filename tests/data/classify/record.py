#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Records one settled process as a case for tests/unit/test_classify.c.

    record.py OUT COMMAND [ARGUMENT...]

The command is a program of tests/targets: the "regions" of its JSON line and the names
in /proc/PID/smaps are the truth. Lines of the file:

    space START_BRK BRK START_STACK VDSO
    map START-END PERMISSIONS VM_FLAGS NAME       as in smaps
    thread STACK_POINTER THREAD_POINTER
    words ADDRESS COUNT FIRST SECOND              of COUNT resident pages
    expect START END CLASS                        all of that range is of the class
"""

import ctypes
import json
import os
import re
import struct
import subprocess
import sys

PAGE = 4096
HEADER = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ (\S+) \S+ *(.*)$")
SHARED = re.compile(r"^(/memfd:|/dev/zero|/SYSV|/dev/shm/)")
KEPT = re.compile(r"^/(usr|dev|memfd:|SYSV)")
PTRACE_PEEKUSER, PTRACE_ATTACH, PTRACE_DETACH = 3, 16, 17
USER_SP, USER_FS_BASE = 19 * 8, 21 * 8
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_ulong, ctypes.c_ulong]


def registers(tid):
    libc.ptrace(PTRACE_ATTACH, tid, 0, 0)
    os.waitpid(tid, 0x40000000)  # __WALL
    values = [libc.ptrace(PTRACE_PEEKUSER, tid, at, 0) % 2**64 for at in (USER_SP, USER_FS_BASE)]
    libc.ptrace(PTRACE_DETACH, tid, 0, 0)
    return values


def mappings(pid):
    result = []
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as smaps:
        for line in smaps:
            header = HEADER.match(line)
            if header:
                start, end, permissions, _, name = header.groups()
                if name.startswith("/") and not KEPT.match(name):
                    name = "/target/" + os.path.basename(name)
                result.append([int(start, 16), int(end, 16), permissions, "", name])
            elif line.startswith("VmFlags:"):
                result[-1][3] = ",".join(line.split()[1:])
    return [one for one in result if one[4] != "[vsyscall]"]


def words(pid, start, end):
    """Runs of resident pages that begin alike."""
    runs = []
    with open(f"/proc/{pid}/pagemap", "rb", buffering=0) as pagemap, \
            open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        pagemap.seek(start // PAGE * 8)
        count = (end - start) // PAGE
        for index, entry in enumerate(struct.unpack(f"{count}Q", pagemap.read(count * 8))):
            if not entry >> 63:
                continue
            address = start + index * PAGE
            memory.seek(address)
            pair = struct.unpack("2Q", memory.read(16))
            last = runs[-1] if runs else None
            if last and last[2] == pair and last[0] + last[1] * PAGE == address:
                last[1] += 1
            else:
                runs.append([address, 1, pair])
    return runs


def class_by_name(permissions, flags, name):
    if {"io", "pf", "ht"} & set(flags.split(",")):
        return "none"
    if name == "[heap]":
        return "malloc"
    if name.startswith("[stack"):
        return "stack"
    if name == "[vdso]":
        return "code"
    if SHARED.match(name):
        return "shmem"
    if name.startswith("/"):
        return "code" if "x" in permissions else "file"
    return None


def expectations(maps, regions):
    for start, end, permissions, flags, name in maps:
        known = class_by_name(permissions, flags, name)
        if known:
            yield start, end, known
            continue
        at = start
        for region in sorted(regions, key=lambda one: one["start"]):
            first, last = max(at, region["start"]), min(end, region["end"])
            if first >= last or "w" not in permissions:
                continue
            # What no region covers is not known, if it touches one: it may be a rest
            # of the allocator's or of a stack.
            yield first, last, region["class"]
            at = last
        if at == start:
            yield start, end, "anon"


def main():
    out, command = sys.argv[1], sys.argv[2:]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        truth = json.loads(child.stdout.readline())
        pid = child.pid
        maps = mappings(pid)
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        start_stack, start_brk = int(fields[28 - 3]), int(fields[47 - 3])
        brk = next((one[1] for one in maps if one[4] == "[heap]"), start_brk)
        vdso = next((one[0] for one in maps if one[4] == "[vdso]"), 0)
        lines = [f"# {' '.join(os.path.basename(one) for one in command)}; "
                 f"{os.confstr('CS_GNU_LIBC_VERSION')}; Linux {os.uname().release.split('-')[0]}",
                 f"space {start_brk:x} {brk:x} {start_stack:x} {vdso:x}"]
        for start, end, permissions, flags, name in maps:
            lines.append(f"map {start:x}-{end:x} {permissions} {flags} {name}".rstrip())
        for tid in os.listdir(f"/proc/{pid}/task"):
            lines.append("thread {:x} {:x}".format(*registers(int(tid))))
        for start, end, permissions, flags, name in maps:
            if not name and "w" in permissions and permissions[3] == "p":
                for address, count, pair in words(pid, start, end):
                    lines.append(f"words {address:x} {count} {pair[0]:x} {pair[1]:x}")
        for start, end, name in expectations(maps, truth["regions"]):
            lines.append(f"expect {start:x} {end:x} {name}")
        with open(out, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        child.stdin.close()


main()
