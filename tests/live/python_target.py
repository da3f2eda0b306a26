#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A Python that knows how many blocks of CPython's allocator it has: prints
sys.getallocatedblocks() in a JSON line, and again for each line of its input, having
allocated more meanwhile."""

import os
import sys


def tell():
    # What the text takes is free again when the next line is waited for.
    os.write(1, b'{"pid":%d,"blocks":%d}\n' % (os.getpid(), sys.getallocatedblocks()))


kept = [object() for _ in range(100000)]
gaps = [[index] for index in range(30000)]
del gaps[::3]
tell()
while os.read(0, 1):
    kept.extend(object() for _ in range(50000))
    tell()
