# SPDX-License-Identifier: GPL-2.0-only
: >empty
"$MEMSONDE" stat --replay empty
