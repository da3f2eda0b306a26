# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# nothing would ever run
"$MEMSONDE" stat --exec true
