# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# what stat prints can be replayed, and gives the same again
"$MEMSONDE" stat --replay "$RECORDINGS/two_looks.jsonl" -o json >first || exit
"$MEMSONDE" stat --replay "$PWD/first" -o json >second || exit
diff first second
