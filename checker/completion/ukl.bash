# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# ukl.bash - completion of the command line of ukl; source it, or put it where
# bash-completion looks (/usr/share/bash-completion/completions/ukl)
#
# Verbs, options and invariants are asked of the program itself, so nothing here
# has to follow it.  Uses nothing but bash.

# What the program lists: its verbs, or the options of one.
_ukl_verbs() {
	"$1" help 2>/dev/null | sed -n 's/^  \([a-z]*\)  .*/\1/p'
}

_ukl_options() {
	"$1" "$2" --help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p'
}

# What may follow "--format" and the like: the usage has the words after "=".
_ukl_values() {
	"$1" "$2" --help 2>/dev/null | sed -n "s/^  $3=\([a-z|]*\).*/\1/p" | tr '|' '\n'
}

_ukl_invariants() {
	"$1" list 2>/dev/null | sed -n 's/^  \([A-Z][^ ]*\) .*/\1/p'
}

_ukl_groups() {
	"$1" list 2>/dev/null | sed -n 's/^\([A-Z]*\) - .*/\1/p'
}

_ukl_offer() { # WORDS of the current word
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "${COMP_WORDS[COMP_CWORD]}")
}

# Trace directories, files: whatever is there.
_ukl_paths() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
}

# The value of option $3, which lies one word back, or two: bash splits at "=".
_ukl_value() {
	case $3 in
	--only) _ukl_offer "$(_ukl_invariants "$1")" ;;
	--format | --color) _ukl_offer "$(_ukl_values "$1" "$2" "$3")" ;;
	--out | --save | --coverage | --kernel | --vmlinux | --initrd | --qemu | --console | --gdb | --record | --passing | \
		--failing) _ukl_paths ;;
	*) COMPREPLY=() ;;
	esac
}

_ukl_argument() {
	case $2 in
	describe) _ukl_offer "$(_ukl_invariants "$1")" ;;
	list) _ukl_offer "$(_ukl_groups "$1")" ;;
	help) _ukl_offer "$(_ukl_verbs "$1")" ;;
	*) _ukl_paths ;;
	esac
}

_ukl() {
	local ukl=$1 verb=${COMP_WORDS[1]-}
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		_ukl_offer "$(_ukl_verbs "$ukl")"
	elif [ "$word" = = ]; then
		COMP_WORDS[COMP_CWORD]=
		_ukl_value "$ukl" "$verb" "$before"
	elif [ "$before" = = ]; then
		_ukl_value "$ukl" "$verb" "${COMP_WORDS[COMP_CWORD - 2]}"
	elif [[ $word == -* ]]; then
		_ukl_offer "$(_ukl_options "$ukl" "$verb")"
	elif [[ $before == --?* ]] && _ukl_takes_value "$ukl" "$verb" "$before"; then
		_ukl_value "$ukl" "$verb" "$before"
	else
		_ukl_argument "$ukl" "$verb"
	fi
}

# In a usage, a value is in capitals or after "=".
_ukl_takes_value() {
	"$1" "$2" --help 2>/dev/null | grep -q -- "^  $3\\(=\\| [A-Z]\\)"
}

complete -F _ukl ukl
