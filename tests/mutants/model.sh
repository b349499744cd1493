#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# model.sh - small bugs in the model, made by rule; which of them do the fixtures see?
#
#   model.sh [--every N] BUILD OUT
#
# mutate.c says the rules.  Each mutant is one source compiled anew, linked with
# the rest and run over all fixtures (verdicts.c), one on each processor at a time.  The table is
# OUT/table: mutant, "killed by FIXTURE" or "survived".  What ran before with the same
# sources is not run again.  With --every N only each N-th is made.
#
# At least 95 % must be killed.  Survivors that are no bugs are listed, with the reason,
# in tests/mutants/model.equivalent: "RULE | FILE | TEXT | why"; they do not count, but
# one that is listed and killed, or is no mutant any more, fails the test.
set -euo pipefail

every=1
if [ "${1-}" = --every ]; then
	every=$2
	shift 2
fi
[ $# -eq 2 ] || { echo "usage: model.sh [--every N] BUILD OUT" >&2; exit 2; }
build=$1 out=$2
here=$(dirname "$0")
mutate=$build/tests/mutate
fixtures=$here/../fixtures
sources=(model/inv_*.c model/step.c model/machine.c)
flags=(-std=gnu11 -w -Itraces -Imodel -I"$build/model")
AIM=95

# One trace in OUT/traces and its line in OUT/list
fixture() { # VERDICT NAME EDITS
	awk -f "$fixtures/expand.awk" "$3" "$fixtures/base.trace" >"$out/text"
	"$build/tests/ukl_assemble" "$out/text" "$out/traces/$2"
	echo "$1 $out/traces/$2" >>"$out/list"
}

# "of FIXTURE ; EDIT ; EDIT" one a line, with those of the fixture first
edits() { # TEXT
	local line
	while read -r line; do
		case $line in
		"of "*) cat "$fixtures/${line#of }" ;;
		*) echo "$line" ;;
		esac
	done <<<"${1// ; /$'\n'}"
}

# What is to be seen of a line of "changes": a verdict for verdicts.c
verdict() { # WHAT
	case $1 in
	-) echo "pass -" ;;
	\~*) echo "idle ${1#\~}" ;;
	declared) echo "edges -" ;;
	undeclared) echo "stray -" ;;
	*) echo "exact $1" ;;
	esac
}

# All of them, as they are
assemble() {
	local file name what text n=0
	rm -rf "$out/traces"
	mkdir -p "$out/traces"
	: >"$out/list"
	for file in "$fixtures"/*.fail "$fixtures"/*.pass; do
		name=${file##*/}
		fixture "${name##*.} ${name%%.*}" "$name" "$file"
	done
	while read -r what text; do
		n=$((n + 1))
		case $what in "#" | "") continue ;; esac
		edits "$text" >"$out/edit"
		fixture "$(verdict "$what")" "changes:$n" "$out/edit"
	done <"$fixtures/changes"
	fixture "parts -" base /dev/null
	echo "explore - 3" >>"$out/list"
	printf 'variant %s\n' "base 1" "ret+byp 6" "none 0" >>"$out/list"
}

compile() { # SOURCE OBJECT OPTION
	${CC:-gcc} "${flags[@]}" "$3" -c -o "$2" "$1"
}

link() { # PROGRAM OBJECT...
	${CC:-gcc} -o "$1" "${@:2}" "$build/traces/libukltrace.a"
}

# The objects of the model without a mutant, which must judge all as it should
original() {
	local source
	mkdir -p "$out/obj"
	for source in model/*.c checker/world.c tests/mutants/verdicts.c; do
		[ "$source" != model/model.c ] || continue # that is all the others
		compile "$source" "$out/obj/$(basename "$source" .c).o" -O2
	done
	link "$out/verdicts" "$out"/obj/*.o
	"$out/verdicts" "$out/list" || { echo "model: the model itself fails" >&2; exit 1; }
}

# Prints what became of mutant N of FILE.
try() { # N FILE
	local dir name status=0 by others
	name=$(basename "$2" .c)
	dir=$(mktemp -d "$out/try.XXXXXX")
	"$mutate" make "$2" "$1" >"$dir/$name.c"
	mapfile -t others < <(printf '%s\n' "$out"/obj/*.o | grep -v "/$name.o")
	if ! compile "$dir/$name.c" "$dir/$name.o" -O0 2>"$dir/err" ||
			! link "$dir/verdicts" "$dir/$name.o" "${others[@]}" 2>>"$dir/err"; then
		echo "cannot be built"
	else
		by=$(timeout 60 "$dir/verdicts" "$out/list" 2>/dev/null) || status=$?
		case $status in
		0) echo "survived" ;;
		1) echo "killed by $by" ;;
		*) echo "killed by the end of the program (status $status)" ;;
		esac
	fi
	rm -rf "$dir"
}

# A line "N FILE LINE RULE TEXT": its place in the table
row() {
	local n file line rule text
	read -r n file line rule text <<<"$1"
	printf '%s | %s:%s | %s | %s\n' "$(try "$n" "$file")" "$file" "$line" "$rule" "$text" \
		>"$out/rows/$file:$n.part"
	mv "$out/rows/$file:$n.part" "$out/rows/$file:$n"
}

# Where nothing but the sources counts; a change of any makes all run again.
key=$(cat model/*.[ch] checker/world.[ch] traces/*.[ch] \
		"$fixtures"/{changes,*.fail,*.pass,base.trace,expand.awk} "$here"/{verdicts,mutate}.c |
	sha256sum | cut -c1-16)
mkdir -p "$out"
if [ "$(cat "$out/key" 2>/dev/null)" != "$key" ]; then
	rm -rf "$out/rows"
	assemble
	original
	echo "$key" >"$out/key"
fi
mkdir -p "$out/rows/model"
rm -rf "$out"/try.*
"$mutate" list "${sources[@]}" | awk -v every="$every" 'NR % every == 0' >"$out/mutants"
export -f row try compile link
export out build mutate
# shellcheck disable=SC2016 # for the inner shell
while read -r n file rest; do
	[ -s "$out/rows/$file:$n" ] || printf '%s\0' "$n $file $rest"
done <"$out/mutants" |
	FLAGS="${flags[*]}" xargs -0 -r -n 1 -P "$(nproc)" bash -c 'set -eu; read -ra flags <<<"$FLAGS"; row "$1"' _

while read -r n file _; do
	cat "$out/rows/$file:$n"
done <"$out/mutants" >"$out/table"

# RULE | FILE | TEXT of a row, as the list of equivalent ones has them
equivalent=$here/model.equivalent
awk -F ' [|] ' -v every="$every" -v aim="$AIM" '
FNR == NR {
	if ($0 !~ /^#/ && NF >= 4)
		known[$1 " | " $2 " | " $3] = 1
	next
}
{
	file = $2
	sub(/:[0-9]+$/, "", file)
	text = $0
	for (i = 0; i < 3; i++)
		text = substr(text, index(text, " | ") + 3)
	name = $3 " | " file " | " text
	all++
	if ($1 != "survived") {
		killed++
		if (name in known)
			dead[name] = 1
	} else if (name in known) {
		same++
		seen[name] = 1
	} else {
		print "survived: " $2 " " $3 " " text
	}
}
END {
	for (name in known)
		if (every == 1 && !(name in seen)) {
			print "listed as equivalent, but killed or gone: " name
			bad++
		}
	counted = all - same
	share = counted ? 100 * killed / counted : 0
	printf "model: %d mutants, %d equivalent, %d of %d killed: %.1f %%\n", \
		all, same, killed, counted, share
	bad += share < aim
	printf "model: %d passed, %d failed\n", killed, bad
	exit bad > 0
}' "$equivalent" "$out/table"
