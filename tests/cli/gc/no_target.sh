# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What has no end and no limit is not watched by accident.
"$MEMSONDE" gc
