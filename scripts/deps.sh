#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Installs what is missing of the packages of some groups: deps.sh GROUP...
# This is the one list of what memsonde needs. Without root it only says what is missing.
set -eu

packages() {
	case $1 in
	build) echo make gcc libc6-dev pkg-config clang bpftool libbpf-dev libelf-dev zlib1g-dev \
		libjansson-dev libncurses-dev libcap-dev libxxhash-dev ;;
	# what the tests run beside the program; binutils for readelf, procps for pgrep; redis-tools
	# has Redis itself, without the service
	test) echo libcmocka-dev python3 jq tmux man-db procps binutils util-linux curl xz-utils \
		zstd lz4 cpio bash-completion libclang-rt-14-dev \
		libjemalloc-dev libgoogle-perftools-dev libmimalloc-dev musl-tools redis-tools strace ;;
	lint) echo clang-tidy clang-format cppcheck shellcheck git ;;
	# what weighs a lot or is of use to few: only by FULL=1
	full) echo docker.io busybox-static qemu-system-x86 zsh fish
		# any Node.js will do, and they come from many places
		command -v npm >/dev/null || echo nodejs npm ;;
	*)
		echo "deps.sh: there is no group '$1': build, test, lint, full" >&2
		exit 2
		;;
	esac
}

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# A package must not start a service on a machine that only wants to run tests. The
# answer 101 keeps invoke-rc.d from it; on a machine with its own answer that one holds.
forbid_services() {
	[ -e /usr/sbin/policy-rc.d ] && return
	trap 'rm -f /usr/sbin/policy-rc.d' EXIT
	printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
	chmod 755 /usr/sbin/policy-rc.d
}

# Nor when it boots the next time.
disable_services() {
	command -v systemctl >/dev/null || return 0
	for package in "$@"; do
		[ "$package" = docker.io ] || continue
		systemctl disable --quiet docker.service docker.socket containerd.service || true
	done
}

install_packages() {
	log=$(mktemp)
	export DEBIAN_FRONTEND=noninteractive
	echo "installing: $*"
	if ! { apt-get update && apt-get install -y --no-install-recommends "$@"; } \
		</dev/null >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		echo "deps.sh: could not install $*; the whole log is $log" >&2
		return 1
	fi
	rm -f "$log"
}

missing=
for group in "$@"; do
	list=$(packages "$group")
	for package in $list; do
		is_installed "$package" || missing="$missing $package"
	done
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
	echo "deps.sh: no apt-get here; install what corresponds to:$missing" >&2
	exit 1
fi
if [ "$(id -u)" != 0 ]; then
	echo "deps.sh: missing:$missing; run 'make deps' as root" >&2
	exit 1
fi
forbid_services
# shellcheck disable=SC2086 # a list of words
install_packages $missing
# shellcheck disable=SC2086
disable_services $missing
