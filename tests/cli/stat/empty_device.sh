# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
"$MEMSONDE" stat --replay /dev/null -o json
