#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# docs.sh - does what docs/ says of the kernel hold in this one?
#
#   docs.sh VMLINUX TREE
#
# docs/one-system-call.md: a block that begins with ```asm SYMBOL must be the first instructions of SYMBOL, as
# objdump prints them without addresses.  Displacements of RIP-relative operands differ
# from build to build and are not compared; names in <> are.
#
# docs/kernel.md: the ledger has a row for each bug, which names the mutants that put it
# back, as the catalogue says; each other word in backquotes there is a goal of the Makefile, a file of this tree, or a name in the
# kernel's source TREE.
#
# docs/kernel.md, patch 2: .ukl.bss is in no segment.
#
# docs/invariants/: each page says where Linux needs the rule, by at least one file of TREE
# and a name that occurs in it; and all that it names so are there.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 2 ] || usage "VMLINUX TREE"
VMLINUX=$1 TREE=$2
ROOT=$(dirname "$0")/../..
PAGE=$ROOT/docs/one-system-call.md
LEDGER=$ROOT/docs/kernel.md
BUGS=32
suite

# One spelling for both: no comments, no addresses, single spaces; the symbol that
# objdump names in a comment takes the place of the displacement.
normalize() {
	sed -E 's/^ *[0-9a-f]+:\t//
		s/0x[0-9a-f]+\(%rip\)(,%[a-z0-9]+)? *# [0-9a-f]+ (<[^>]*>)/\2(%rip)\1/
		s/ *#.*//; s/0x[0-9a-f]+\(%rip\)/(%rip)/
		s/\b[0-9a-f]{8,} (<[^>]*>)/\1/; s/[ \t]+/ /g; s/ $//'
}

instructions() { # SYMBOL COUNT
	local address
	address=$(symbol "$1")
	objdump -d --no-show-raw-insn --start-address="$address" \
		--stop-address=$((address + 256)) "$VMLINUX" |
		grep -E '^ *[0-9a-f]+:' | head -n "$2" | normalize
}

block() { # SYMBOL
	awk -v s="$1" '$0 == "```asm " s { on = 1; next } /^```/ { on = 0 } on' "$PAGE" |
		normalize
}

for symbol in $(sed -n 's/^```asm //p' "$PAGE"); do
	count=$(block "$symbol" | wc -l)
	diff <(block "$symbol") <(instructions "$symbol" "$count") ||
		die "docs/one-system-call.md shows other instructions for $symbol than $VMLINUX has"
	pass "$count instructions of $symbol"
done

ledger() {
	grep -E '^\| B[0-9]+ ' "$LEDGER"
}

diff <(ledger | awk '{ print $2 }') <(seq -f 'B%g' "$BUGS") ||
	die "docs/kernel.md: the ledger's rows are not B1 to B$BUGS"
pass "the ledger has $BUGS rows"

# Each bug and a mutant of it, as the ledger and as the catalogue have them
catalogued() {
	awk '/^#|^workload/ || NF < 5 { next }
		{ n = split($4, bugs, ","); for (i = 1; i <= n; i++) if (bugs[i] != "-") print bugs[i], $1 }' \
		"$ROOT/tests/mutants/catalogue" | sort
}

in_ledger() {
	ledger | awk -F '|' '{ split($2, bug, " "); rest = $5
		while (match(rest, /`[a-z0-9_]+`/)) {
			print bug[1], substr(rest, RSTART + 1, RLENGTH - 2)
			rest = substr(rest, RSTART + RLENGTH) } }' | sort
}

diff <(in_ledger) <(catalogued) ||
	die "docs/kernel.md (<) and tests/mutants/catalogue (>) name other mutants for a bug"
pass "the ledger's mutants are the catalogue's $(catalogued | wc -l)"

# The segment of the application's data: as long in memory as in the file
readelf -lW "$VMLINUX" | awk -v start="$(printf '0x%016x' "$(symbol __ukl_data_start)")" '
	$1 == "LOAD" && $3 == start { found = 1; clears = $5 != $6 }
	END { exit !found || clears }' ||
	die "$VMLINUX: a loader would clear memory behind the application's data"
pass "a loader of vmlinux clears nothing behind the application's data"

known() { # WORD
	case $1 in
	"make "*)	grep -qE "^${1#make }:" "$ROOT"/Makefile "$ROOT"/*/*.mk "$ROOT"/*/*/*.mk ;;
	*/*)		[ -e "$ROOT/$1" ] || [ -e "$TREE/$1" ] ;;
	*.sh)		[ -n "$(git -C "$ROOT" ls-files "*/$1")" ] ;;
	*)		grep -q "^$1 " "$ROOT/tests/mutants/catalogue" ||
			git -C "$TREE" grep -qwF -e "$1" ukl -- arch/x86 fs kernel include ;;
	esac
}

while read -r word; do
	known "$word" || die "docs/kernel.md: the ledger names \`$word\`, which is nowhere"
done < <(ledger | grep -o '`[^`]*`' | tr -d '`' | sort -u)
pass "every name in it is somewhere"

# What a page has behind "Where:", one "FILE NAME, NAME" a line
where() { # PAGE
	awk '/^- \*Where:\*/ { on = 1; sub(/^.*\*Where:\* */, "") } on && !NF { exit }
		on { text = text " " $0 }
		END { gsub(/; */, "\n", text); print text }' "$1"
}

# How many names in files of the kernel it has; none may be wrong
places() { # PAGE
	local file names name
	PLACES=0
	while read -r file names; do
		[[ $file =~ ^(arch|fs|include|kernel|mm)/ ]] || continue
		for name in ${names//,/ }; do
			git -C "$TREE" grep -qwF -e "$name" ukl -- "$file" ||
				die "$1: $file has no $name"
			PLACES=$((PLACES + 1))
		done
	done < <(where "$1")
}

for page in "$ROOT"/docs/invariants/*-*.md; do
	places "$page"
	[ "$PLACES" -gt 0 ] || die "$page: names no place in the kernel that needs the rule"
done
pass "every invariant names a place in the kernel that needs it"
