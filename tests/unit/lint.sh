#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# lint.sh - what every file of the repository keeps to
#
# Shell scripts pass shellcheck, manual pages mandoc, sources name their licence at
# their head, C stays within 100 columns, and nothing says that it is not finished.
# Takes the files that git tracks, or would if asked, or without git the files that
# are there.  Each rule is first shown a file that breaks it.

# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"
cd "$(dirname "$0")/../.." || exit 2
UNFINISHED='TO''DO|FIX''ME|XX''X'

# Sources by name; whatever begins with "#!" is one too.
SOURCES='\.(c|h|S|sh|bash|awk|lds|mk|py|[1-9])$|(^|/)Makefile$'

files() {
	if git rev-parse -q --verify HEAD >/dev/null 2>&1; then
		git ls-files --cached --others --exclude-standard
	else
		find . \( -name .git -o -path ./build \) -prune -o -type f -printf '%P\n'
	fi | sort | while IFS= read -r file; do
		[ ! -f "$file" ] || echo "$file"
	done
}


# Every rule reads names of files and prints those that break it, and how.

rule_shellcheck() {
	grep -E '(\.(sh|bash)|^\.ci/run|^apps/guest/init)$' | xargs -r -d '\n' shellcheck -x -S warning -f gcc
}

rule_mandoc() {
	grep -E '\.[1-9]$' | xargs -r -d '\n' mandoc -Tlint -W warning 2>&1 |
		grep -v 'date in the future'
}

rule_spdx() {
	while IFS= read -r file; do
		[[ $file =~ $SOURCES ]] || [ "$(head -c 2 "$file" | tr -d '\0')" = '#!' ] || continue
		head -n 3 "$file" | grep -q 'SPDX-License-Identifier: ' ||
			echo "$file: no SPDX line among the first three"
	done
}

# A tab goes to the next multiple of 8.
rule_columns() {
	grep -E '\.[chS]$' | while IFS= read -r file; do
		expand "$file" | awk -v f="$file" 'length($0) > 100 {
			print f ":" NR ": " length($0) " columns" }'
	done
}

rule_finished() {
	xargs -r -d '\n' grep -nHIEw "$UNFINISHED" --
}

rule_whitespace() {
	grep -Ev '\.(patch|md)$' | xargs -r -d '\n' grep -nHIE '[ 	]+$' --
}

# shown RULE NAME CONTENT: the rule must complain of this file
shown() {
	printf '%b' "$3" >"$dir/$2"
	[ -n "$(echo "$dir/$2" | "rule_$1")" ]
	result $? "$1 notices a file that breaks it"
}

kept() { # RULE WHAT
	"rule_$1" <"$dir/files" >"$dir/broken" 2>&1
	[ -s "$dir/files" ] && [ ! -s "$dir/broken" ]
	result $? "$2"
	head -n 20 "$dir/broken" | sed 's/^/# /'
}

echo 1..13
files >"$dir/files"
# shellcheck disable=SC2016 # meant to be text
shown shellcheck bad.sh '#!/bin/sh\nrm -rf $1/lib\n'
shown mandoc bad.1 '.Dd January 1, 2020\n.Dt BAD 1\n.Os\n.Sh NAME\n.Frob\n'
shown spdx bad.c '/* bad.c */\nint x;\n'
shown spdx bad '#!/bin/sh\necho\n'
shown columns bad.h "$(printf '\\t/* %97d */' 0)\n"
shown finished bad.mk "# ${UNFINISHED%%|*}: everything\n"
shown whitespace bad.c 'int x; \n'
kept shellcheck "shellcheck has nothing to say"
kept mandoc "mandoc has nothing to say"
kept spdx "every source names its licence"
kept columns "no line of C or assembly is longer than 100 columns"
kept finished "nothing says that it is unfinished"
kept whitespace "no line ends in blanks"
finish
