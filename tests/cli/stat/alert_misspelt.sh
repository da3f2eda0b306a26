# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# what is wrong with a condition
"$MEMSONDE" stat --alert "v8.heapused>1GiB"
