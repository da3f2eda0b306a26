# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# why a process grew: beneath its breakdown, beneath a table, and in JSON
head -n 9 "$RECORDINGS/leaks.jsonl" >looks
"$MEMSONDE" stat --replay looks --explain | tail -n 6
"$MEMSONDE" stat --replay looks --explain -o json | tail -n 1 | jq .explain
head -n 1 looks >one
"$MEMSONDE" stat --replay one --explain | tail -n 2
"$MEMSONDE" stat --replay one -o json | jq "has(\"explain\")"
