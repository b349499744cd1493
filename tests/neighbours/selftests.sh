#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# selftests.sh - the kernel's selftests notice no difference between stock and UKL
#
#   selftests.sh [--only DIR,DIR...] BUILD STOCK KERNEL INITRD PLAIN OUT
#
# STOCK is a bzImage without UKL and KERNEL one with count linked in; INITRD and PLAIN
# the guest's disk for each, with the selftests on it.  They run twice on STOCK, which
# tells what is unsteady by itself, and once on KERNEL, recorded, while the application
# works.  Exit status 0: no other test or subtest has another result, and the trace
# conforms.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../system/lib.sh
. "$(dirname "$0")/../system/lib.sh"

HERE=$(dirname "$0")
USAGE="[--only DIR,DIR...] BUILD STOCK KERNEL INITRD PLAIN OUT"
if [ "${1-}" = --only ]; then
	CMDLINE="ukl.only=${2-}"
	shift 2
fi
[ $# -eq 6 ] || usage "$USAGE"
BUILD=$1 STOCK=$2 UKL=$3 UKL_INITRD=$4 PLAIN=$5 TOP=$6
suite
MEMORY=512 SMP=2 LIMIT=5400

# run NAME KERNEL INITRD: boots, and leaves the results in $TOP/NAME.results
run() {
	OUT=$TOP/$1 KERNEL=$2 INITRD=$3
	need_guest
	rm -rf "$OUT"
	mkdir -p "$OUT/logs"
	truncate -s 64M "$OUT/disk"
	QEMU_ARGS=(-drive "file=$OUT/disk,format=raw,if=virtio")
	[ "$1" != ukl ] || guest_record
	guest_start selftests
	guest_finish selftests
	tar -C "$OUT/logs" -xmf "$OUT/disk"
	awk -f "$HERE/results.awk" "$OUT"/logs/* >"$TOP/$1.results"
	pass "$1: $(grep -c "^UKL-SELFTEST:" "$OUT/console.log") tests ran"
}

run stock "$STOCK" "$PLAIN"
run again "$STOCK" "$PLAIN"
run ukl "$UKL" "$UKL_INITRD"
status=0
awk -f "$HERE/compare.awk" "$TOP"/{stock,again,ukl}.results | tee "$TOP/table" || status=$?
[ "$status" -eq 0 ] || die "the results differ; what the tests said is in $TOP/*/logs"
pass "the same results with and without UKL: $(tail -n 1 "$TOP/table")"
judge
