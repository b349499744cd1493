#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# mutants.sh - is every bug of the mutant kernel found, and by the invariant meant?
#
#   mutants.sh BUILD KERNEL OUT [MUTANT...]
#
# KERNEL is the mutant kernel's bzImage with count linked in.  Boots it once without a
# mutant, which must conform, and once with each one of the catalogue (or those named),
# and has the trace judged.  Many mutants crash or hang the guest; that is theirs to do,
# and what was recorded until then is judged.  One line each:
#
#   MUTANT  caught by ID (meant | instead of IDS)  after N events | ESCAPED
#
# Exit status: 0 all caught; 1 one escaped, or the kernel without mutant does not
# conform; 2 usage.  Deterministic: the guests run under icount.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../system/lib.sh
. "$(dirname "$0")/../system/lib.sh"

[ $# -ge 3 ] || usage "BUILD KERNEL OUT [MUTANT...]"
BUILD=$1 KERNEL=$2 TOP=$3
shift 3
CATALOGUE=$(dirname "$0")/catalogue
INITRD=${INITRD:-$BUILD/guest/initramfs.cpio.gz}
SECONDS_EACH=60
suite
need_guest

# Boots the guest with the words $1 and records it; a mutant may end it as it likes.
run() { # WORDS
	mkdir -p "$OUT"
	rm -rf "$OUT/trace"
	"$BUILD/ukl" record --out "$OUT/trace" --kernel "$KERNEL" --vmlinux "$VMLINUX" \
		--initrd "$INITRD" --icount --timeout "$SECONDS_EACH" \
		--append "ukl.scenario=count ukl.args=calls=200,faults=60,stack=60,ticks=20 $1" \
		</dev/null >"$OUT/console.log" 2>"$OUT/stderr" || :
	[ -d "$OUT/trace" ] || die "$OUT: nothing was recorded; see $OUT/stderr"
}

# first_violation: "ID ORDER" of the first one, or nothing
first_violation() {
	"$BUILD/ukl" check --max-violations 1 --format=json "$OUT/trace" >"$OUT/verdict.json" || :
	sed -n 's/.*"type": *"violation".*"id": *"\([^"]*\)".*"order": *\([0-9]*\).*/\1 \2/p' \
		"$OUT/verdict.json" | head -n 1
}

clean_kernel() {
	OUT=$TOP/none
	run ""
	"$BUILD/ukl" check "$OUT/trace" >"$OUT/verdict" ||
		{ cat "$OUT/verdict"; die "the mutant kernel without a mutant does not conform"; }
	pass "without a mutant the kernel conforms"
}

# judge_mutant MUTANT MEANT WHAT
judge_mutant() {
	local id='' order=''
	OUT=$TOP/$1
	run "ukl.mutant=$1"
	grep -q "UKL: mutant $1" "$OUT/console.log" ||
		die "$1: the kernel did not switch it on; see $OUT/console.log"
	read -r id order < <(first_violation) || :
	if [ -z "$id" ]; then
		printf '%-18s ESCAPED  (%s)\n' "$1" "$3"
		ESCAPED+=("$1")
	elif [[ ,$2, == *,$id,* ]]; then
		printf '%-18s caught by %-18s meant; event %s\n' "$1" "$id" "$order"
		MEANT=$((MEANT + 1)) PASSED=$((PASSED + 1))
	else
		printf '%-18s caught by %-18s instead of %s; event %s\n' "$1" "$id" "$2" "$order"
		PASSED=$((PASSED + 1))
	fi
}

ESCAPED=() MEANT=0 total=0
clean_kernel
while read -r mutant meant _ what; do
	[ $# -eq 0 ] || [[ " $* " == *" $mutant "* ]] || continue
	total=$((total + 1))
	judge_mutant "$mutant" "$meant" "$what"
done < <(grep -v '^#' "$CATALOGUE")
[ "$total" -gt 0 ] || die "no such mutant in $CATALOGUE: $*"
note "$total mutants, $((total - ${#ESCAPED[@]})) caught, $MEANT of them by the invariant meant"
[ ${#ESCAPED[@]} -eq 0 ] || die "escaped: ${ESCAPED[*]}"
