#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# docs.sh - do the instructions in docs/one-system-call.md stand in this kernel?
#
#   docs.sh VMLINUX
#
# A block that begins with ```asm SYMBOL must be the first instructions of SYMBOL, as
# objdump prints them without addresses.  Displacements of RIP-relative operands differ
# from build to build and are not compared; names in <> are.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 1 ] || usage "VMLINUX"
VMLINUX=$1
PAGE=$(dirname "$0")/../../docs/one-system-call.md
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
	address=$(nm "$VMLINUX" | awk -v s="$1" '$3 == s { print $1 }')
	[ -n "$address" ] || die "$VMLINUX has no symbol $1"
	objdump -d --no-show-raw-insn --start-address="0x$address" \
		--stop-address=$((0x$address + 256)) "$VMLINUX" |
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
