#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# completion.sh - checker/completion/ukl.bash offers what the program has
#
# What is expected is asked of the program here: nothing is listed.

# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"
ukl=${UKL:?}
need_program "$ukl"
ukl=$(realpath "$ukl")
here=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=/dev/null
. "$here/checker/completion/ukl.bash"

# offer WORD...: what is offered for the last word of "ukl WORD...", sorted
offer() {
	COMP_WORDS=(ukl "$@")
	COMP_CWORD=$#
	_ukl "$ukl" "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
	printf '%s\n' "${COMPREPLY[@]}" | sort
}

same() { # EXPECTED OFFERED NAME
	[ -n "$1" ] && [ "$1" = "$2" ]
	result $? "$3"
	[ "$1" = "$2" ] || diff <(echo "$1") <(echo "$2") | sed 's/^/# /'
}

verbs=$("$ukl" help | awk '/^  [a-z]/ { print $1 }' | sort)
echo "1..$((12 + $(echo "$verbs" | wc -l)))"

complete -p ukl 2>/dev/null | grep -q -- '-F _ukl ukl$'
result $? "complete -p ukl"
same "$verbs" "$(offer "")" "every verb is offered"
same "check" "$(offer che)" "che: check"
same "$verbs" "$(offer help "")" "help: every verb"
for verb in $verbs; do
	options=$("$ukl" "$verb" --help | grep -o '^  --[a-z-]*' | tr -d ' ' | sort)
	same "$options." "$(offer "$verb" --)." "$verb: its options"
done
formats=$("$ukl" check --help | sed -n 's/^  --format=//p' | tr '|' '\n' | sort)
same "$formats" "$(offer check --format = "")" "check --format=: its formats"
same "$formats" "$(offer check --format =)" "check --format with = being typed"
same "json" "$(offer stats --format = j)" "stats --format=j: json"
same "$("$ukl" list --format=json | grep -o '"id": "[^"]*' | cut -d'"' -f4 | sort)" \
	"$(offer describe "")" "describe: every invariant"
same "$("$ukl" list --format=json | grep -o '"group": "[^"]*' | cut -d'"' -f4 | sort -u)" \
	"$(offer list "")" "list: every group"
cd "$dir" && mkdir trace-1 && : >notes
same "trace-1" "$(offer check tr)" "check tr: the directory"
same "$(printf 'notes\ntrace-1')" "$(offer dump --vmlinux "")" "dump --vmlinux: any file"
same "." "$(offer dump --from "")." "dump --from: a number is not guessed"
finish
