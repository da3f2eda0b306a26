# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
"$MEMSONDE" gc -p 1 -o csv
