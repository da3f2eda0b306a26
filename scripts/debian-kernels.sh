# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Functions to find, download and unpack Debian's kernel packages without installing
# them and without touching the machine's package lists: everything happens in a
# directory of ours. Sourced by vmlinux.sh and fetch-kernels.sh.
#
# The mirror is the one that the machine's own apt sources name for its release;
# DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR override it. The machine's apt settings for
# proxies and transports are kept.
#
# Each function returns nonzero after one line on standard error.

debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

complain() {
	echo "${0##*/}: $*" >&2
	return 1
}

# need PROGRAM... - each must be there.
need() {
	for program; do
		command -v "$program" >/dev/null || complain "no program '$program'" || return 1
	done
}

# machine_mirror SUFFIX - the URI that the machine's sources name for its release
# ("") or its security updates ("-security").
machine_mirror() {
	release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	APT_CONFIG='' apt-get update --print-uris 2>/dev/null |
		sed -n "s|^'\(.*\)/dists/$release$1/InRelease'.*|\1|p" | sed -n 1p
}

# debian_open DIR ARCHITECTURES SUITE... - fetches the package lists of the suites
# into DIR; the functions below work on it from then on.
debian_open() {
	debian_dir=$1 architectures=$2
	shift 2
	need apt-get apt-cache apt-config dpkg-deb timeout || return 1
	[ -r $debian_keyring ] ||
		complain "no $debian_keyring (package debian-archive-keyring)" || return 1
	mirror=${DEBIAN_MIRROR:-$(machine_mirror '')}
	security=${DEBIAN_SECURITY_MIRROR:-$(machine_mirror -security)}
	mkdir -p "$debian_dir/etc/apt.conf.d" "$debian_dir/etc/preferences.d" \
		"$debian_dir/state/lists/partial" \
		"$debian_dir/cache/archives/partial"
	: >"$debian_dir/state/status"
	for suite; do
		case $suite in *-security) uri=$security ;; *) uri=$mirror ;; esac
		[ -n "$uri" ] ||
			complain "the machine's apt sources name no mirror for $suite" || return 1
		echo "deb [signed-by=$debian_keyring] $uri $suite main"
	done >"$debian_dir/etc/sources.list" || return 1
	{
		apt-config dump Acquire
		printf 'Dir::Etc "%s/etc";\nDir::State "%s/state";\nDir::Cache "%s/cache";\n' \
			"$debian_dir" "$debian_dir" "$debian_dir"
		printf 'Dir::State::status "%s/state/status";\n' "$debian_dir"
		printf 'Acquire::Languages "none";\nAPT::Sandbox::User "root";\n'
		printf 'Acquire::Retries "2";\nAcquire::http::Timeout "20";\n'
		for a in $architectures; do printf 'APT::Architectures:: "%s";\n' "$a"; done
	} >"$debian_dir/apt.conf"
	export APT_CONFIG="$debian_dir/apt.conf"
	# -e any: without it lists that could not be fetched are a warning.
	timeout 120 apt-get -q -q -e any update >"$debian_dir/log" 2>&1 ||
		complain "cannot fetch Debian's package lists: $(first_error "$debian_dir/log")"
}

# first_error LOG - what apt said first; later lines say that something failed.
first_error() {
	grep '^[EW]: ' "$1" | sed -n '1s/^.: //p'
}

# debian_newest REGEX - name of the newest package whose name matches.
debian_newest() {
	found=$(apt-cache search --names-only "$1" | cut -d ' ' -f 1 | sort -V | tail -n 1)
	[ -n "$found" ] || complain "no package '$1' on the mirror" || return 1
	echo "$found"
}

# debian_version PACKAGE[:ARCHITECTURE]
debian_version() {
	apt-cache show --no-all-versions "$1" | sed -n 's/^Version: //p'
}

# debian_vmlinuz PACKAGE[:ARCHITECTURE] OUT - the package's kernel file.
debian_vmlinuz() {
	download=$debian_dir/download
	rm -rf "$download"
	mkdir "$download"
	(cd "$download" && timeout 300 apt-get -q -q download "$1") >"$debian_dir/log" 2>&1 ||
		complain "cannot download $1: $(first_error "$debian_dir/log")" || return 1
	# Since 7.0 the kernel lies below usr/lib/modules. A pattern that matches
	# nothing is an error of tar's: what counts is that one was found.
	for deb in "$download"/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$download" --wildcards \
			'./boot/vmlinuz-*' './usr/lib/modules/*/vmlinuz' 2>/dev/null || :
	done
	set -- "$1" "$2" "$(find "$download" -name 'vmlinuz*' -type f)"
	[ -f "$3" ] || complain "$1 contains no kernel" || return 1
	mv "$3" "$2"
	rm -rf "$download"
}

# number FILE OFFSET BYTES - the little-endian number there.
number() {
	od -An --endian=little -tu"$3" -j"$2" -N"$3" "$1" | tr -d ' '
}

# unpack_bzimage VMLINUZ OUT - the uncompressed vmlinux in an x86 bzImage; see the
# kernel's Documentation/arch/x86/boot.rst for the fields of its header.
unpack_bzimage() {
	payload=$(($(number "$1" 584 4) + ($(number "$1" 497 1) + 1) * 512))
	length=$(number "$1" 588 4)
	case $(od -An -tx1 -j$payload -N2 "$1") in
	' fd 37') tool=xz ;;
	' 28 b5') tool=zstd ;;
	' 02 21') tool=lz4 ;;
	' 1f 8b') tool=gzip ;;
	*) complain "$1 is compressed in an unknown way" || return 1 ;;
	esac
	need "$tool" || return 1
	# The kernel appends the unpacked size to what the tool made.
	tail -c +$((payload + 1)) "$1" | head -c $((length - 4)) | $tool -dc >"$2"
	[ "$(od -An -c -j1 -N3 "$2" | tr -d ' ')" = ELF ] || complain "$1 contains no vmlinux"
}

# copy_btf KERNEL OUT - the BTF in an uncompressed kernel: what starts like BTF and is
# accepted by bpftool. Sought by its header, as an arm64 Image has no sections.
copy_btf() {
	# shellcheck disable=SC2013
	for offset in $(LC_ALL=C grep -aboP '\x9f\xeb\x01\x00\x18\x00\x00\x00' "$1" |
		cut -d : -f 1); do
		types=$(($(number "$1" $((offset + 8)) 4) + $(number "$1" $((offset + 12)) 4)))
		names=$(($(number "$1" $((offset + 16)) 4) + $(number "$1" $((offset + 20)) 4)))
		size=$((24 + (types > names ? types : names)))
		tail -c +$((offset + 1)) "$1" | head -c $size >"$2"
		bpftool btf dump file "$2" format raw >/dev/null 2>&1 && return 0
	done
	rm -f "$2"
	complain "$1 contains no BTF"
}
