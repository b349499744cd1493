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
#   MUTANT  caught by ID, ... (meant | instead of IDS); event N | ESCAPED
#
# where event N is the first that violates anything, and the IDs all that it violates.
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
		--append "ukl.scenario=count ukl.args=calls=200,faults=60,stack=60,ticks=20,spawn=3 $1" \
		</dev/null >"$OUT/console.log" 2>"$OUT/stderr" || :
	[ -d "$OUT/trace" ] || die "$OUT: nothing was recorded; see $OUT/stderr"
}

# What the first event that violates anything violates: "EVENT ID ID..."; or nothing
first_violations() {
	"$BUILD/ukl" check --max-violations 20 --format=json "$OUT/trace" >"$OUT/verdict.json" || :
	sed -n 's/^ *{"id": "\([^"]*\)", "event": \([0-9]*\),.*/\2 \1/p' "$OUT/verdict.json" |
		awk 'NR == 1 { event = $1; printf "%s", $1 } $1 == event { printf " %s", $2 }'
}

clean_kernel() {
	OUT=$TOP/none
	run ""
	"$BUILD/ukl" check "$OUT/trace" >"$OUT/verdict" ||
		{ cat "$OUT/verdict"; die "the mutant kernel without a mutant does not conform"; }
	pass "without a mutant the kernel conforms"
}

# Is one of the comma-separated IDs $1 among the words $2?
meant() { # IDS WORDS
	local id
	for id in ${1//,/ }; do
		[[ " $2 " == *" $id "* ]] && return 0
	done
	return 1
}

# judge_mutant MUTANT MEANT WHAT
judge_mutant() {
	local ids='' event=''
	OUT=$TOP/$1
	run "ukl.mutant=$1"
	grep -q "UKL: mutant $1" "$OUT/console.log" ||
		die "$1: the kernel did not switch it on; see $OUT/console.log"
	read -r event ids < <(first_violations) || :
	if [ -z "$ids" ]; then
		printf '%-18s ESCAPED  (%s)\n' "$1" "$3"
		ESCAPED+=("$1")
	elif meant "$2" "$ids"; then
		printf '%-18s caught by %s, meant; event %s\n' "$1" "${ids// /, }" "$event"
		MEANT=$((MEANT + 1)) PASSED=$((PASSED + 1))
	else
		printf '%-18s caught by %s instead of %s; event %s\n' "$1" "${ids// /, }" "$2" "$event"
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
