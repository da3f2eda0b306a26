# SPDX-License-Identifier: GPL-2.0-only
#
# The resident bytes of each class of one process, from /proc/PID/smaps, as a JSON
# object. Before it comes a file of "CLASS START END" lines (decimal): mappings within
# such a range are of that class, all others go by their names.

function number(digits,   at, value) {
	value = 0
	for (at = 1; at <= length(digits); at++)
		value = value * 16 + index("0123456789abcdef", substr(digits, at, 1)) - 1
	return value
}

function class_of(start, end, permissions, name,   i) {
	for (i = 0; i < regions; i++)
		if (start >= region_start[i] && end <= region_end[i])
			return region_class[i]
	if (name == "[heap]")
		return "malloc"
	if (name == "[stack]")
		return "stack"
	if (name ~ /^(\/memfd:|\/dev\/zero|\/SYSV|\/dev\/shm\/)/)
		return "shmem"
	if (name ~ /^(\/|\[vdso\])/)
		return permissions ~ /x/ ? "code" : "file"
	return "anon"
}

BEGIN {
	regions = 0
}

NR == FNR {
	region_class[regions] = $1
	region_start[regions] = $2 + 0
	region_end[regions++] = $3 + 0
	next
}

$1 ~ /^[0-9a-f]+-[0-9a-f]+$/ {
	split($1, range, "-")
	class = class_of(number(range[1]), number(range[2]), $2, $6)
}

$1 == "Rss:" {
	bytes[class] += $2 * 1024
}

END {
	count = split("malloc stack code file shmem anon", names, " ")
	for (i = 1; i <= count; i++)
		printf "%s\"%s\":%d", i == 1 ? "{" : ",", names[i], bytes[names[i]]
	print "}"
}
