#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# pages.sh - the pages that are made from the model are up to date, and the catalogue
# settles each candidate by invariants that exist, as TAP
#
# Each rule about the catalogue is first shown one that breaks it.

# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"
ukl=${UKL:?} assemble=${UKL_ASSEMBLE:?}
need_program "$ukl"
cd "$(dirname "$0")/../.." || exit 2
case $ukl in /*) ;; *) ukl=$OLDPWD/$ukl ;; esac
case $assemble in /*) ;; *) assemble=$OLDPWD/$assemble ;; esac
CANDIDATES=149

"$ukl" list | sed -n 's/^  \([^ ]*\) .*/\1/p' | sort >"$dir/ids"

# The table's rows: NUMBER ID VERDICT, and what stands behind it
rows() { # CATALOGUE
	awk -F '|' '/^\| *[0-9]+ / { split($3, c, ":"); gsub(/ /, "", c[1])
		gsub(/ /, "", $2); gsub(/ /, "", $4); print $2, c[1], $4, $5 }' "$1"
}

words() { # of rows on standard input, those that look like ids
	cut -d ' ' -f 4- | grep -oE '\b[A-Z]{2}-[a-z][a-z0-9-]*' | sort -u
}

# Every rule reads a catalogue and prints what breaks it.

rule_numbers() {
	rows "$1" | awk -v n="$CANDIDATES" '$1 != ++i { print "row " i " has number " $1 }
		seen[$2]++ { print $2 " is there twice" }
		END { if (i != n) print i " rows" }'
}

rule_verdicts() {
	rows "$1" | awk '$3 !~ /^(in|merged|out)$/ { print $2 ": what is " $3 "?" }
		NF < 4 { print $2 ": no reason" }'
}

# Who settles a candidate is an invariant; a rejected one may point at another row.
rule_settlers() {
	rows "$1" | awk '$3 != "out"' | words | comm -23 - "$dir/ids" | sed 's/$/ is no invariant/'
	rows "$1" | awk '$3 == "out"' | words |
		comm -23 - <({ cat "$dir/ids"; rows "$1" | cut -d ' ' -f 2; } | sort -u) |
		sed 's/$/ is nothing/'
	rows "$1" | awk '$3 != "out"' | while read -r number id verdict words; do
		echo "$number $id $verdict $words" | words | comm -12 - "$dir/ids" | grep -q . ||
			echo "$id: by no invariant"
	done
}

rule_complete() {
	grep -oE '\b[A-Z]{2}-[a-z][a-z0-9-]*' <(rows "$1" | awk '$3 != "out"' | cut -d ' ' -f 4-
		sed -n '/^## Beyond/,$p' "$1") | sort -u | comm -13 - "$dir/ids" |
		sed 's/$/ is not named/'
}

shown() { # RULE WHAT SED
	sed "$3" docs/catalogue.md >"$dir/broken.md"
	[ -n "$("rule_$1" "$dir/broken.md")" ]
	result $? "a catalogue is refused that has $2"
}

kept() { # RULE WHAT
	"rule_$1" docs/catalogue.md >"$dir/out"
	[ ! -s "$dir/out" ]
	result $? "the catalogue: $2"
}

shown numbers "a row less" '/^| 77 /d'
shown numbers "a candidate twice" 's/SE-ct:/SE-nr:/'
shown verdicts "an undecided row" 's/^\(| 1 .*\)| in |/\1| maybe |/'
shown settlers "an invariant that is not there" 's/| IR-idt-order |/&/; s/merged | SX-by-iret/merged | SX-by-ret/'
shown settlers "a row that names none" 's/merged | SX-by-iret/merged | something else/'
shown complete "an invariant less" '/^## Beyond/,$ { /^| \[MF-writers\]/d }'
kept numbers "$CANDIDATES candidates, each once"
kept verdicts "each is in, merged or out, and by what or why"
kept settlers "what settles one exists"
kept complete "every invariant is named"

# Invariants that other pages speak of
for page in README.md docs/*.md docs/man/*; do
	[ "$page" = docs/catalogue.md ] ||
		grep -oE '\b(SE|SX|MF|ST|IR|PF|SG|TH|AS|IS)-[a-z][a-z0-9-]*' "$page" | sort -u |
		comm -23 - "$dir/ids" | sed "s|^|$page: |"
done >"$dir/out"
[ ! -s "$dir/out" ]
result $? "every invariant that a page speaks of exists"

docs/pages.sh "$ukl" "$assemble" "$dir/docs" >"$dir/out" 2>&1 &&
	diff -r "$dir/docs/invariants" docs/invariants >>"$dir/out" 2>&1 &&
	diff "$dir/docs/catalogue.md" docs/catalogue.md >>"$dir/out" 2>&1 &&
	diff "$dir/docs/user-mode.md" docs/user-mode.md >>"$dir/out" 2>&1
result $? "the pages are those that 'make docs' writes: run it and commit them"
echo "1..$n"
finish
