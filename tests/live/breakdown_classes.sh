#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The classes of ten workloads against smaps and what the programs say of their own
# addresses: within 1 % (or two pages), rows summing to RSS, unaccounted below 1 %; and
# looking changes nothing.
# shellcheck disable=SC2317,SC2119,SC2016 # functions are passed by name, commands as text
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
need_root

CLASSES="malloc stack code file shmem anon"
HUGETLB_COUNT=/proc/sys/vm/nr_hugepages

reserve_hugetlb() {
	local before

	before=$(cat $HUGETLB_COUNT) || return
	CLEANUPS+=("echo $before >$HUGETLB_COUNT")
	echo $((before + 4)) >$HUGETLB_COUNT 2>/dev/null
}

# compare NAME PID TRUTH
compare() {
	local name=$1 pid=$2 expected after class got want rss sum unaccounted why=

	expected=$("$LIVE/smaps_classes.py" "$pid" "$3")
	look "$WORK/look" -p "$pid" --pss || {
		fail "$name" "exit status $?: $(head -n 1 "$WORK/look.err")"
		return
	}
	after=$("$LIVE/smaps_classes.py" "$pid" "$3")
	# PSS changes with the processes that share the libraries, but not by much: pages
	# that a fork shared must stay shared.
	equal "$name: the look changed nothing" "$(jq -c 'del(.pss)' <<<"$after")" \
		"$(jq -c 'del(.pss)' <<<"$expected")"
	check "$name: the look left shared pages shared" "$(jq .pss <<<"$after")" \
		within "$(jq .pss <<<"$after")" "$(jq .pss <<<"$expected")" 1 262144
	for class in $CLASSES; do
		got=$(field "$WORK/look" "$pid" "classes.$class")
		want=$(jq ".$class" <<<"$expected")
		within "$got" "$want" 1 8192 || why+="$class $got, expected $want; "
	done
	check "$name: classes as in smaps" "$why" test -z "$why"

	rss=$(field "$WORK/look" "$pid" rss)
	sum=$(field "$WORK/look" "$pid" "classes | [.[] | values] | add")
	equal "$name: classes sum to rss" "$sum" "$rss"
	equal "$name: rss as in smaps" "$rss" "$(jq .rss <<<"$expected")"
	unaccounted=$(field "$WORK/look" "$pid" classes.unaccounted)
	check "$name: unaccounted below 1 %" "$unaccounted of $rss" \
		within "$unaccounted" 0 0 $((rss / 100))
	got=$(field "$WORK/look" "$pid" pss)
	want=$(jq .pss <<<"$expected")
	check "$name: pss as in smaps" "$got, expected $want" within "$got" "$want" 1 262144
	got=$(field "$WORK/look" "$pid" huge_pages)
	equal "$name: huge pages as in smaps" "$got" \
		"$(jq '.huge_anon + .huge_shmem + .huge_file' <<<"$expected")"
	equal "$name: hugetlb as in smaps" "$(field "$WORK/look" "$pid" hugetlb)" \
		"$(jq '.hugetlb_shared + .hugetlb_private' <<<"$expected")"
}

run_workload() {
	start_target "$@"
	compare "$*" "$TARGET_PID" "$TARGET_TRUTH"
	if [ "$1" = fork_cow ]; then
		compare "fork_cow's child" "$(truth .child)" "$TARGET_TRUTH"
	fi
	end_target
}

reserve_hugetlb
for workload in brk_heap arenas mmap_chunks "mmap_chunks guarded" map_shared memfd file_mapping \
	huge_pages deep_stack threads100 fork_cow; do
	# shellcheck disable=SC2086
	run_workload $workload
done
finish
