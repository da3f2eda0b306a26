#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vmlinux.sh - write vmlinux/ARCH/vmlinux.h anew, the kernel's types per architecture.
#
#	vmlinux.sh [SERIES]		(default 6.12)
#
# They come from the BTF of Debian's kernel packages of that series, so that a build
# needs neither the BTF nor the kernel of the machine it runs on. The same package and
# bpftool give the same bytes; the first lines name the package. Needs the network, apt
# and bpftool; no root.
set -eu
PATH=$PATH:/usr/sbin:/sbin
cd "$(dirname "$0")/.."
# shellcheck source=scripts/debian-kernels.sh
. scripts/debian-kernels.sh

series=${1:-6.12}
work=$(mktemp -d "${TMPDIR:-/tmp}/memsonde-vmlinux.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

# write_header DEBIAN_ARCHITECTURE DIRECTORY
write_header() {
	pattern="^linux-(image|binary)-$(echo "$series" | sed 's/\./\\./g')\..*-cloud-$1\$"
	package=$(debian_newest "$pattern")
	debian_vmlinuz "$package:$1" "$work/vmlinuz"
	case $1 in
	amd64) unpack_bzimage "$work/vmlinuz" "$work/kernel" ;;
	arm64) mv "$work/vmlinuz" "$work/kernel" ;;
	esac
	copy_btf "$work/kernel" "$work/btf"
	{
		echo '/* SPDX-License-Identifier: GPL-2.0-only */'
		echo "/* Made by scripts/vmlinux.sh from $package $(debian_version "$package:$1"). */"
		bpftool btf dump file "$work/btf" format c
	} >"$work/vmlinux.h"
	mkdir -p "vmlinux/$2"
	mv "$work/vmlinux.h" "vmlinux/$2/vmlinux.h"
	echo "vmlinux/$2/vmlinux.h: $package"
}

need bpftool
debian_open "$work/apt" 'amd64 arm64' bookworm-security
write_header amd64 x86_64
write_header arm64 arm64
