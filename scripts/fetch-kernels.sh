#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# fetch-kernels.sh - fetch the kernels that memsonde is tested on besides the running one.
#
#	fetch-kernels.sh [-d DIR] [SERIES...]		(default: build/kernels, 6.1 current)
#
# SERIES is 6.1 (the oldest supported), 6.12, or current: the newest 7.x that Debian
# has for its stable release. DIR/SERIES/vmlinux is then the uncompressed kernel of the
# newest cloud package, DIR/SERIES/package its name and version. A kernel that is there
# is not fetched again. Needs the network and apt; installs nothing, needs no root.
#
# Exit status: 0 when all are there; 1 when one could not be had (the reason is the
# last line on standard error).
set -eu
here=$(dirname "$0")
# shellcheck source=scripts/debian-kernels.sh
. "$here/debian-kernels.sh"

# kernel_source SERIES - "SUITE REGEX" of the package.
kernel_source() {
	case $1 in
	6.1) echo 'bookworm-security ^linux-image-6\.1\.[0-9.-]*-cloud-amd64$' ;;
	6.12) echo 'bookworm-security ^linux-image-6\.12\..*-cloud-amd64$' ;;
	current) echo 'trixie-backports ^linux-binary-7\..*-cloud-amd64$' ;;
	*) complain "no kernel series '$1' (6.1, 6.12, current)" ;;
	esac
}

# fetch SERIES - the kernel of that series into $dir; the package lists are open.
fetch() {
	source=$(kernel_source "$1") || return 1
	package=$(debian_newest "${source#* }") || return 1
	debian_vmlinuz "$package" "$work/vmlinuz" || return 1
	unpack_bzimage "$work/vmlinuz" "$work/vmlinux" || return 1
	mkdir -p "$dir/$1"
	echo "$package $(debian_version "$package")" >"$dir/$1/package"
	# Last, and in one step: a vmlinux that is there is whole.
	mv "$work/vmlinux" "$dir/$1/vmlinux"
	echo "$dir/$1/vmlinux: $package"
}

dir=$here/../build/kernels
while getopts d: option; do
	case $option in d) dir=$OPTARG ;; *) exit 2 ;; esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- 6.1 current

missing='' suites=''
for series; do
	source=$(kernel_source "$series")
	[ ! -s "$dir/$series/vmlinux" ] || continue
	missing="$missing $series"
	case " $suites " in *" ${source%% *} "*) ;; *) suites="$suites ${source%% *}" ;; esac
done
[ -n "$missing" ] || exit 0

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
work=$(mktemp -d "$dir/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
# shellcheck disable=SC2086
debian_open "$work/apt" amd64 $suites
for series in $missing; do
	fetch "$series"
done
