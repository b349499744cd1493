#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# man.sh - the manual pages are clean and say what the program says
#
# Options are taken from the program's usage and from the ".It Fl" lines of its
# page, and must be the same set; likewise verbs, event classes and env keys.

# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"
ukl=${UKL:?}
need_program "$ukl"
cd "$(dirname "$0")/../.." || exit 2
case $ukl in /*) ;; *) ukl=$OLDPWD/$ukl ;; esac
man=docs/man

usage_options() { # VERB...
	for verb; do
		"$ukl" "$verb" --help | grep -o '^  --[a-z-]*'
	done | tr -d ' ' | sort -u
}

page_options() { # PAGE
	sed -n 's/^\.It Fl \(-[a-z-]*\).*/-\1/p' "$1" | sort -u
}

same() { # FILE FILE NAME: neither empty, and equal
	diff "$1" "$2" >"$dir/out" && [ -s "$1" ]
	result $? "$3"
}

# "ukl describe" is in ukl-list.1; help and version are in ukl.1.
page_of() { # VERB
	case $1 in
	describe) echo "$man/ukl-list.1" ;;
	help | version) echo "$man/ukl.1" ;;
	*) echo "$man/ukl-$1.1" ;;
	esac
}

pages=$(ls "$man"/*.[1-9])
verbs=$("$ukl" help | awk '/^  [a-z]/ { print $1 }')
echo "1..$(($(echo "$pages" | wc -l) + 2 * $(echo "$verbs" | wc -w) + 2))"

for page in $pages; do
	# A date of tomorrow is the fault of a clock, not of the page.
	mandoc -Tlint -W warning "$page" 2>&1 | grep -v 'date in the future' >"$dir/out"
	[ ! -s "$dir/out" ]
	result $? "$page is clean"
done

for verb in $verbs; do
	page=$(page_of "$verb")
	grep -q "^\.\(It Cm\|Nm ukl Cm\) $verb\$" "$page" 2>"$dir/out"
	result $? "$page is about 'ukl $verb'"
	case $verb in
	help | version)
		grep -q "^\.It Cm $verb\$" $man/ukl.1
		result $? "$verb is listed in ukl.1"
		continue ;;
	list | describe) usage_options list describe >"$dir/usage" ;;
	*) usage_options "$verb" >"$dir/usage" ;;
	esac
	page_options "$page" >"$dir/page"
	same "$dir/usage" "$dir/page" "$page has the options of 'ukl $verb --help', no others"
done

# Names in a table of the page: ".It a , b".
page_names() { # MACRO
	sed -n "s/^\.It $1//p" $man/ukl-trace.5 | tr -d ' ' | tr , '\n' | sort -u
}

sed -n 's/^\tEVENT([0-9]*, [A-Z_]*, "\([a-z_]*\)".*/\1/p' traces/ukl_trace.h | sort \
	>"$dir/classes"
page_names '' | comm -12 - "$dir/classes" >"$dir/page"
same "$dir/classes" "$dir/page" "ukl-trace.5 has every event class"
{
	printf 'ukl_major\nukl_minor\nlayout_*\n'
	sed -n 's/^#define UKL_ENV_[A-Z_]*  *"\([a-z_]*\)".*/\1/p' traces/env.h
} | sort >"$dir/keys"
page_names 'Va ' >"$dir/page"
same "$dir/keys" "$dir/page" "ukl-trace.5 has every key of the environment"
finish
