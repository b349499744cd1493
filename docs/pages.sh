#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# pages.sh - writes the pages of docs/ that are made from the model and its fixtures
#
#   pages.sh UKL ASSEMBLE DOCS
#
# DOCS/invariants/ID.md: what "ukl describe" says of ID, with the fixtures ID.pass and
# ID.fail for examples, and by which mutants and fixtures it was seen to fail.
# DOCS/invariants/README.md: all of them, by group.
# DOCS/catalogue.md: as it is in docs/, and below its last table the invariants that it
# does not name.
# DOCS/user-mode.md: as it is in docs/, with the differences that "ukl diff" allows.
set -euo pipefail

[ $# -eq 3 ] || { echo "usage: $0 UKL ASSEMBLE DOCS" >&2; exit 2; }
UKL=$1 ASSEMBLE=$2 DOCS=$3
HERE=$(dirname "$0")
FIXTURES=$HERE/../tests/fixtures
MUTANTS=$HERE/../tests/mutants/catalogue
BEYOND='## Beyond the 149'
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT

# The trace that a fixture makes of the base run
trace() { # FIXTURE
	awk -f "$FIXTURES/expand.awk" "$FIXTURES/$1" "$FIXTURES/base.trace" >"$TMP/text"
	rm -rf "${TMP:?}/$1"
	"$ASSEMBLE" "$TMP/text" "$TMP/$1"
}

# What the mutants meant for ID do: "MUTANT - SENTENCE"
mutants() { # ID
	awk -v id="$1" '/^#|^workload/ || NF < 5 { next }
		{ n = split($3, meant, ","); for (i = 1; i <= n; i++) if (meant[i] == id) {
			printf "- kernel mutant `%s`:", $1
			for (k = 5; k <= NF; k++) printf " %s", $k
			print $4 == "-" ? "" : " (bug ledger " $4 ")" } }' "$MUTANTS"
}

# What a fixture says that it is about, in its first line
about() { # FIXTURE
	sed -n '1s/^# /: /p' "$FIXTURES/$1"
}

seen_to_fail() { # ID
	local file
	printf '## Seen to fail\n\n'
	mutants "$1"
	for file in "$FIXTURES/$1".fail "$FIXTURES/$1".*.fail; do
		[ ! -f "$file" ] || echo "- fixture \`${file##*/}\`$(about "${file##*/}")"
	done
	printf '\nSeen to hold, besides the runs of the tests:\n\n'
	for file in "$FIXTURES/$1".pass "$FIXTURES/$1".*.pass; do
		[ ! -f "$file" ] || echo "- fixture \`${file##*/}\`$(about "${file##*/}")"
	done
}

page() { # ID
	trace "$1.pass"
	trace "$1.fail"
	"$UKL" describe --format=markdown --passing "$TMP/$1.pass" --failing "$TMP/$1.fail" "$1"
	seen_to_fail "$1"
}

# Lines "ID SENTENCE" become rows; the groups' lines, headings.
rows() { # LINK
	awk -v to="$1" '
		/^[A-Z][A-Z] - / { sub(/ - /, ": "); print "\n## " $0 "\n\n| | |\n|---|---|"; next }
		NF { id = $1; $1 = ""; printf "| [%s](%s%s.md) |%s |\n", id, to, id, $0 }'
}

index() {
	cat <<-'END'
		# The invariants

		One page each: the rule, why Linux needs it, when it is judged, an event at which it is kept and
		one at which it is violated, and what has made it fail. `ukl list` and `ukl describe ID` say the
		same but for the last. Made by `make docs` from the model (`model/inv_*.c`), the fixtures and the
		mutants' catalogue: to change a page, change those.

		The examples are lines of `ukl dump`: number, time, CPU, side, event, its arguments, and behind `%`
		the state that was sampled. `>` marks the event that is judged, `...` what was left out since the one
		that opened its context. They are of a made-up run, `tests/fixtures/base.trace`, changed in
		the one place that the fixture is about. `<app_text>` is the application's text there, `<gate_call>`
		and `<gate_jump>` are its two gates, `<seam_out+0xe>` is the IRET to it, `<entry_area>` holds the CPU's
		entry and IST stacks, `<app_idt>` and `<kernel_idt>` are the two IDTs, and the rest of the kernel is
		`<text>`. 0xffff888001001000 is the application's task, 0xffffc90000200000 to 0xffffc90000204000 its
		kernel stack.

		*Variants* are UKL's ways of transition, each a kernel of its own: `base`, every call through the full
		path and back by IRET, which is what is built here; `ret`, back by RET; `byp`, calls that bypass
		entry and exit work; `nss`, calls without a switch of stacks; `pf_df` and `pf_ss`, page faults of the
		application by way of #DF or on a stack of their own; `shortcut`, calls into the middle of the
		kernel. A *bug ledger* number is a row of [../kernel.md](../kernel.md).
	END
	"$UKL" list | rows ""
}

# Invariants that no row of the hand-written tables names
beyond() { # CATALOGUE
	"$UKL" list | awk -F '|' '
		NR == FNR && $4 ~ /^ (in|merged) $/ {
			n = split($5, word, /[^A-Za-z0-9-]+/)
			for (i = 1; i <= n; i++) named[word[i]]
		}
		NR != FNR && /^  / {
			split($0, word, " ")
			if (!(word[1] in named)) print
		}' "$1" - | rows invariants/
}

catalogue() {
	sed "/^$BEYOND\$/,\$d" "$HERE/catalogue.md"
	printf '%s\n\n%s\n%s\n\n| | |\n|---|---|\n' "$BEYOND" \
		'What the work on this kernel and its bugs taught, and what was found missing on the way. This' \
		'table is made by `make docs`.'
}

# What is not compared by its value: addresses in one row, of the others each by name
differences() {
	"$UKL" diff --rules | awk '
		function names(where, n) { at[where] = at[where] (at[where] == "" ? "" : ", ") n }
		/^# / { letter[++n] = $2; sub(/^# . /, ""); meaning[letter[n]] = $0; next }
		$3 == "." { $3 = "" }
		{ for (i = 1; i <= length($3); i++) if (substr($3, i, 1) == "-")
			names("-", "`" $2 "` argument " i)
		  if ($4 != "v") names($4, "`" $2 "`" ($4 == "-" ? " result" : "")) }
		END { at["p"] = "arguments"; at["i"] = "arguments"
			print "| | compared | of |\n|---|---|---|"
			for (i = 1; i <= n; i++) if (letter[i] != "v")
				printf "| `%s` | %s | %s |\n", letter[i], meaning[letter[i]], at[letter[i]] }'
}

user_mode() {
	echo
	echo "What is not in this table is compared by its value; \`ukl diff --rules\` prints the rule of each call."
	echo
	differences
	echo
}

mkdir -p "$DOCS/invariants"
user_mode >"$TMP/user-mode"
sed -e '/^<!-- made by/,/^<!-- end/ { /^<!-- /!d; }' -e "/^<!-- made by/r $TMP/user-mode" \
	"$HERE/user-mode.md" >"$TMP/user-mode.md"
cp "$TMP/user-mode.md" "$DOCS/user-mode.md"
catalogue >"$TMP/catalogue.md"
beyond "$TMP/catalogue.md" >"$TMP/beyond"
cat "$TMP/catalogue.md" "$TMP/beyond" >"$DOCS/catalogue.md"
rm -f "$DOCS"/invariants/*.md
index >"$DOCS/invariants/README.md"
for id in $("$UKL" list | sed -n 's/^  \([^ ]*\) .*/\1/p'); do
	page "$id" >"$DOCS/invariants/$id.md"
done
