# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3045
#
# core - crash, as the application and in ring 3; the dumps go to the host
#
# What crash says and the core that the kernel writes are packed, as ring0-HOW and
# ring3-HOW with .said, into a tar archive on the disk /dev/vda.
# shellcheck source=/dev/null
. /scenarios/lib.sh

[ -b /dev/vda ] || fail "no disk to write to: give the guest a virtio-blk disk"
mkdir /tmp/cores
ulimit -c unlimited

dies() { # STATUS NAME PROGRAM HOW
	echo "/tmp/cores/$2" >/proc/sys/kernel/core_pattern
	status=0
	"$3" "$4" >"/tmp/cores/$2.said" || status=$?
	[ "$status" -eq "$1" ] || fail "$3 $4 ended with status $status instead of $1"
	[ -s "/tmp/cores/$2" ] || fail "$3 $4 left no core"
}

for how in abort:134 segv:139 threads:139; do
	dies "${how#*:}" "ring0-${how%:*}" /UKL "${how%:*}"
	dies "${how#*:}" "ring3-${how%:*}" /bin/crash "${how%:*}"
done
tar cf /dev/vda -C /tmp cores
sync
