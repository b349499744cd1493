#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# crash.sh - a database on a virtio disk, written to in ring 0, outlives its machine
#
#   crash.sh [--rounds N] BUILD OUT
#
# For both kinds of SQLite's journal: a guest writes transactions, QEMU is killed in the
# middle, the next guest on the same disk must find every transaction that was reported
# as committed, whole and unchanged, and no damage; N (2) times, then a last guest that
# only looks, with the ring-3 program as well.  A killed recording must be inconclusive,
# without a violation up to where it ends; the last one must conform.  When QEMU is
# killed is chosen by RANDOM, seeded by SEED (printed).
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

USAGE="[--rounds N] BUILD OUT"
ROUNDS=2
arguments "$@"
top=$OUT TEST=$(basename "$OUT")
suite
KERNEL=$BUILD/kernel/images/port-sqlite3/bzImage
INITRD=$top/initramfs.cpio.gz
LIMIT=600 MEMORY=256
SEED=${SEED:-$RANDOM}
RANDOM=$SEED
note "seed $SEED"

rm -rf "$top"
mkdir -p "$top/tree/run.d"
cp -r apps/ports/sqlite-crash "$top/tree/run.d/files"
cp "$BUILD/apps/port-sqlite3/program" "$top/tree/run.d/files/"
{ cat "$BUILD/guest/initramfs.cpio.gz"; apps/guest/pack.sh "$top/tree"; } > "$INITRD"
rm -r "$top/tree"
need_guest

child() { # PID: its only child
	local pid=
	read -r pid _ < "/proc/$1/task/$1/children" || [ -n "$pid" ] ||
		die "process $1 has no child"
	echo "$pid"
}

# QEMU itself is killed, by its pid: neither it nor the guest can tidy up.
kill_qemu() {
	local recorder qemu
	recorder=$(child "$GUEST_PID")
	qemu=$(child "$recorder")
	kill -KILL "$qemu"
	guest_expect "^this pattern matches no line: read to the end$" || :
	guest_reap
}

# boot JOURNAL WHAT: the guest is up and has verified what it found
boot() {
	CMDLINE="ukl.args=$1,$2"
	guest_record
	guest_start disk
	guest_await '^(verified|damaged) [0-9]+$|UKL-GUEST: failed' \
		"the guest said nothing of the database"
	[[ $LINE == verified* ]] || die "after $acknowledged transactions: $LINE"
	[ "${LINE#* }" -ge "$acknowledged" ] ||
		die "$acknowledged transactions were committed, ${LINE#* } are there"
	[ "$(grep -cx ok "$OUT/console.log")" -eq 1 ] || die "no integrity; see $OUT/console.log"
	verified=${LINE#* }
}

# The last transaction that the guest said was durable
last_committed() {
	sed -n 's/^committed \([0-9]*\)$/\1/p' "$OUT/console.log" | tail -n 1
}

count_journals() { # in $left: those found by this guest
	left=$((left + $(grep -cE '^left behind: .*-(journal|wal)$' "$OUT/console.log" || :)))
}

expect_check() { # STATUS
	local status=0
	"$BUILD/ukl" check "$OUT/trace" > "$OUT/verdict" 2>&1 || status=$?
	[ "$status" -eq "$1" ] || die "check ended with $status, not $1; see $OUT/verdict"
}

crash() { # JOURNAL ROUND: killed half way in odd rounds, after a commit in even ones
	local marks=$((2 * (RANDOM % 30 + 5) - $2 % 2)) n
	boot "$1" load
	for ((n = 0; n < marks; n++)); do
		guest_await '^(half way|committed [0-9]+)$' "the guest ended while it was writing"
	done
	kill_qemu
	acknowledged=$(last_committed)
	expect_check 3
	count_journals
}

for journal in DELETE WAL; do
	disk=$top/$journal.img acknowledged=0 left=0
	truncate -s 64M "$disk"
	/sbin/mkfs.ext4 -q -F "$disk"
	QEMU_ARGS=(-drive "file=$disk,if=virtio,format=raw,cache=unsafe")
	for ((round = 1; round <= ROUNDS; round++)); do
		OUT=$top/$journal-$round
		crash "$journal" "$round"
		note "$journal, round $round: $verified found, killed after $acknowledged"
	done
	OUT=$top/$journal-last
	boot "$journal" verify
	found=$verified
	guest_expect '^(verified|damaged) ' && [ "$LINE" = "verified $found" ] ||
		die "ring 3 says: $LINE"
	guest_finish disk
	count_journals
	[ "$found" -ge "$acknowledged" ] || die "$acknowledged committed, $found there"
	pass "$journal: $found transactions outlived $ROUNDS kills, none was damaged"
	[ "$left" -gt 0 ] || die "$journal: no journal was ever left to recover from"
	pass "$journal: a journal had to be recovered $left times"
	expect_check 0
	pass "$journal: the recordings are inconclusive where killed, and conform to the end"
done
