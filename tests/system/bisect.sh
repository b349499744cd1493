#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bisect.sh - does every patch of the series build and boot?
#
#   bisect.sh BUILD TREE OUT [FIRST]
#
# TREE is the patched kernel tree, branches base and ukl.  Checks each commit out in a
# second worktree under OUT, in order, builds it with ukl-kernel/config as far as it
# knows the options, and boots it to ring 3.  To take less long the configuration goes
# without debugging information, network, disks and buses; the series as a whole is built
# with them elsewhere.  The application is linked in as soon as there is a gate to link it with.
# FIRST skips the patches before number FIRST.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -ge 3 ] || usage "BUILD TREE OUT [FIRST]"
BUILD=$(realpath "$1") TREE=$(realpath "$2") TOP=$3 first=${4:-1}
HERE=$(realpath "$(dirname "$0")/../../ukl-kernel")
CONFIG=$HERE/config
INITRD=${INITRD:-$BUILD/guest/initramfs.cpio.gz}
suite
mkdir -p "$TOP"
TOP=$(realpath "$TOP")
WORK=$TOP/tree
git -C "$TREE" worktree prune
[ -e "$WORK" ] || git -C "$TREE" worktree add -q -f --detach "$WORK" base

# Without ACPI the guest cannot power off; its verdict is the end.
WITHOUT='DEBUG_INFO\|GDB_SCRIPTS\|NET\|INET\|UNIX\|PACKET\|VIRTIO\|CGROUPS\|MEMCG\|PCI\|ACPI\|BLOCK'
WITHOUT+='\|SWAP\|ETHERNET\|SYSVIPC\|AIO\|RTC_CLASS\|COMPACTION\|KALLSYMS_ALL\|PVH\|MAGIC'

kmake() {
	"$HERE/kbuild.sh" "$WORK" obj "$@"
}

build() {
	local archive=''
	mkdir -p "$WORK/obj"
	if grep -q ukl_entry_SYSCALL_64 "$WORK/arch/x86/entry/entry_64.S"; then
		archive=ukl.o
		cp "$BUILD/apps/echo/ukl.o" "$WORK/obj/"
	fi
	sed "s/^CONFIG_UKL_ARCHIVE_PATH=.*/CONFIG_UKL_ARCHIVE_PATH=\"$archive\"/
		/^CONFIG_\($WITHOUT\)[A-Z0-9_]*=/d" \
		"$CONFIG" >"$TOP/config"
	kmake KCONFIG_ALLCONFIG="$TOP/config" allnoconfig >"$OUT/build.log" 2>&1 &&
		kmake vmlinux bzImage >>"$OUT/build.log" 2>&1
}

boot() {
	KERNEL=$WORK/obj/arch/x86/boot/bzImage LIMIT=60
	guest_start boot
	guest_expect "UKL-GUEST: scenario boot: ok" || { guest_report; return 1; }
	guest_kill
}

number=0
while read -r commit subject; do
	number=$((number + 1))
	[ "$number" -ge "$first" ] || continue
	OUT=$TOP/$number
	mkdir -p "$OUT"
	git -C "$WORK" checkout -q --detach "$commit"
	build || { tail -n 20 "$OUT/build.log" >&2; die "patch $number does not build: $subject"; }
	if grep -i warning "$OUT/build.log"; then
		die "patch $number builds with warnings: $subject"
	fi
	boot || die "patch $number does not boot: $subject; see $OUT/console.log"
	pass "patch $number builds and boots: $subject"
done < <(git -C "$TREE" log --reverse --format='%h %s' base..ukl)
