#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# config-check.sh FRAGMENT CONFIG - did Kconfig take every line of the fragment?
#
# An option whose dependencies are missing vanishes without a word; a kernel that
# lacks a check it was meant to have must not be built.
set -eu

missing=$(sed -n 's/^\(CONFIG_[A-Z0-9_]*=.*\|# CONFIG_[A-Z0-9_]* is not set\)$/\1/p' "$1" |
	while read -r line; do
		case $line in
		"#"*) name=${line#\# }; name=${name%% *}
		      if grep -q "^$name=" "$2"; then echo "$line"; fi ;;
		*)    grep -qxF "$line" "$2" || echo "$line" ;;
		esac
	done)
[ -z "$missing" ] && exit 0
echo "config-check.sh: $2 lacks, for want of a dependency:" >&2
echo "$missing" | sed 's/^/  /' >&2
exit 2
