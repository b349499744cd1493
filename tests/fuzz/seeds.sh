#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# seeds.sh - where fuzzing begins: inputs made of the model's fixtures
#
#   seeds.sh BUILD OUT
#
# OUT/TARGET gets the inputs.  Of a failing fixture it is what "ukl reduce" leaves, so
# that inputs are small.
set -euo pipefail

[ $# -eq 2 ] || { echo "usage: seeds.sh BUILD OUT" >&2; exit 2; }
build=$(cd "$1" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
fixtures=$(cd "$(dirname "$0")/../fixtures" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# TARGET NAME: an input, from standard input
put() {
	mkdir -p "$out/$1"
	cat >"$out/$1/$2"
}

trace() { # NAME FIXTURE [SED]
	awk -f "$fixtures/expand.awk" "$2" "$fixtures/base.trace" | sed "${3-}" >text
	"$build/tests/ukl_assemble" text "$1"
}

# The head of an input for the reader: flags, then the lengths of all streams but the last
reader_head() { # TRACE FLAGS STREAMS
	local i size
	printf '%b' "\\x$(printf %02x $(($2 | ($3 - 1) << 2)))"
	for ((i = 0; i < $3 - 1; i++)); do
		size=$(stat -c %s "$1/stream_$i")
		printf '%b' "\\x$(printf %02x $((size & 255)))\\x$(printf %02x $((size >> 8)))"
	done
}

# TRACE NAME FLAGS STREAMS
reader() {
	{
		reader_head "$1" "$3" "$4"
		cat "$1"/stream_*
	} | put reader "$2"
}

n=0
# TRACE NAME: an input of each target that takes traces
all() {
	n=$((n + 1))
	"$build/fuzz/seed" "$(printf '%02x0000' $((n % 32)))" "$1" | put check "$2"
	"$build/fuzz/seed" "$(printf '%02x%02x0000' $((n % 8)) $((n % 256)))" "$1" | put verbs "$2"
	reader "$1" "$2" 1 1
}

for file in "$fixtures"/*.fail; do
	name=$(basename "$file")
	rm -rf trace small
	trace trace "$file"
	"$build/ukl" reduce --out small trace >/dev/null
	all small "$name"
done
for file in "$fixtures"/SE-args.pass "$fixtures"/SX-sigreturn*.pass; do
	[ -e "$file" ] || continue
	trace "$(basename "$file")" "$file"
	all "$(basename "$file")" "$(basename "$file")"
done

# What formats must quote, in each of them
trace odd "$fixtures/SE-args.fail" "s/comm0='UKL'/comm0=0x013c263e225cff/"
for format in 0 1 2 3; do
	"$build/fuzz/seed" "0${format}0000" odd | put check "odd.$format"
done

trace base /dev/null
trace packets /dev/null '1i packet 1024'
trace lost /dev/null '/ gate_in /i discard 0 5'
trace torn /dev/null '$a torn'
"$build/ukl" dump --assemble base | awk '
	/^streams/ { print "streams 2"; next }
	/^[0-9]/ { $2 = NR % 2 } 1' >text
"$build/tests/ukl_assemble" text two
reader base base 1 1
reader packets packets 0 1
reader lost lost 1 1
reader torn torn 3 1
reader two two 1 2
all two two

# The text, with all of it or without what is the same in each
{ printf '\0'; cat base/metadata; } | put metadata whole
{ printf '\1'; sed '/^clock {/,$d' base/metadata; } | put metadata head
# An entry more, or several
entry() { # NAME LINES
	{ printf '\1'; sed '/^clock {/,$d; /layout_/d' base/metadata |
		awk -v more="$2" '{ print } /ukl_minor/ { printf "%s", more }'; } |
		put metadata "$1"
}
entry odd '	odd = "\\"\\\\\\n\\001\xff";
'
# ... beyond what there is room for
entry long-value "	long = \"$(printf '%065536d' 0)\";
"
entry long-key "	$(printf 'k%063d' 0) = \"\";
"
entry many "$(printf '	many%d = "";\n' {1..512})
"

for format in gnu ustar; do
	{ printf '\1'; tar --format=$format -C base -cf - .; } | put untar $format
done
long=$(printf '%0120d' 0)
{ printf '\1'; tar --transform "s,^,$long/," -cf - base; } | put untar long

for variant in base byp; do
	trace "$variant-run" /dev/null "1i env variant \"$variant\""
	"$build/ukl" check --quiet --coverage "$variant.coverage" "$variant-run" ||
		[ $? -ne 2 ]
	[ ! -e "$variant.coverage" ] || put coverage "$variant" <"$variant.coverage"
done
