#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vm-run.sh - boot a kernel in QEMU, run one command in it, end with its status.
#
#	vm-run.sh [-1] [-t SEC] [-m MIB] [-c CPUS] [-l FILE] [-x PROGRAM]... KERNEL DIR COMMAND
#
#	KERNEL   an uncompressed vmlinux or a bzImage (x86-64)
#	DIR      copied into the guest as /test, the directory that COMMAND runs in
#	COMMAND  a shell line, run by busybox as root; its output comes out here
#	-x       put this program of the machine in the guest's /bin (repeatable)
#	-1       cgroup v1 controllers in place of cgroup v2
#	-t       give up after SEC seconds (120)
#	-m, -c   memory (1024 MiB) and processors (1) of the guest
#	-l       keep the kernel's log in FILE
#
# The guest is an initial RAM disk made of busybox, DIR, the programs of -x and the
# shared libraries that they all load. It has no network, no disk and no modules, and
# its clock runs at the speed of an emulator: never test for durations. Needs
# qemu-system-x86, busybox-static, cpio; no root, no KVM.
#
# One processor, because QEMU 7.2 crashes guests with more now and then: its emulated
# cmpxchg16b may spoil the flags. Masking that instruction is no way out: Linux 7 then
# refuses the task storage of BPF.
#
# Exit status: COMMAND's; 124 when the time ran out; 125 when the guest died or could not
# be started (the end of its log is then on standard error).
set -eu

fail() {
	echo "vm-run.sh: $*" >&2
	exit 125
}

time=120 memory=1024 cpus=1 log='' cgroup=2 programs=''
while getopts 1t:m:c:l:x: option; do
	case $option in
	1) cgroup=1 ;; t) time=$OPTARG ;; m) memory=$OPTARG ;; c) cpus=$OPTARG ;;
	l) log=$OPTARG ;; x) programs="$programs $OPTARG" ;; *) exit 125 ;;
	esac
done
shift $((OPTIND - 1))
[ $# = 3 ] || fail "wants KERNEL DIR COMMAND"
kernel=$1 dir=$2 command=$3
here=$(dirname "$0")
for tool in qemu-system-x86_64 busybox cpio ldd timeout; do
	command -v $tool >/dev/null || fail "no program '$tool'"
done
[ -r "$kernel" ] || fail "no kernel '$kernel'"
[ -d "$dir" ] || fail "no directory '$dir'"

work=$(mktemp -d "${TMPDIR:-/tmp}/memsonde-vm.XXXXXX")
qemu=''
# shellcheck disable=SC2317,SC2329
clean_up() {
	[ -z "$qemu" ] || kill "$qemu" 2>/dev/null || :
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 125' INT TERM HUP

# ---- the initial RAM disk --------------------------------------------------

root=$work/root
mkdir -p "$root/bin" "$root/test"
cp "$(command -v busybox)" "$root/bin/busybox"
cp "$here/init.sh" "$root/init"
cp -R "$dir/." "$root/test/"
printf '%s\n' "$command" >"$root/command"
for program in $programs; do
	cp -L "$(command -v "$program")" "$root/bin/" || fail "no program '$program'"
done
# ldd names the libraries with those that they load in turn, and the loader; the
# loader looks in the directories of the machine it was made for.
find "$root/bin" "$root/test" -type f -perm -100 ! -name busybox -exec ldd {} + 2>/dev/null |
	sed -n 's|.*[[:space:]]\(/[^ :]*\) (0x.*|\1|p' | sort -u >"$work/libraries"
while read -r library; do
	mkdir -p "$root${library%/*}"
	cp -L "$library" "$root$library"
done <"$work/libraries"
(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet) >"$work/initrd"

# ---- the guest -------------------------------------------------------------

# Emulated even where there is /dev/kvm, which under nested virtualisation can be
# unusable: a test then runs everywhere in the same way.
# The root is a ramfs, as on tmpfs every library would count as shared memory.
# Unknown words with "=" on the kernel's command line are the environment of init.
timeout -k 5 "$time" qemu-system-x86_64 -nodefaults -no-user-config -display none \
	-monitor none -no-reboot -machine pc -accel tcg -cpu max -smp "$cpus" -m "$memory" \
	-kernel "$kernel" -initrd "$work/initrd" \
	-append "console=ttyS0 rootfstype=ramfs panic=-1 oops=panic CGROUP=$cgroup" \
	-serial "file:$work/log" -chardev stdio,id=output,signal=off -serial chardev:output \
	-serial "file:$work/status" </dev/null 2>"$work/errors" &
qemu=$!
result=0
wait $qemu || result=$?
qemu=''
[ -z "$log" ] || cp "$work/log" "$log"

status=$(cat "$work/status" 2>/dev/null)
case $status in
'' | *[!0-9]*)
	[ "$result" = 124 ] && reason="not done after $time s" || reason="the guest died"
	{
		echo "vm-run.sh: $reason; the end of its log:"
		cat "$work/errors"
		[ ! -e "$work/log" ] || tail -n 20 "$work/log"
	} >&2
	[ "$result" = 124 ] && exit 124
	exit 125
	;;
esac
exit "$status"
