#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# build.sh - the application out of a user's own program
#
#   build.sh UKL_CC OBJECT PROGRAM...
#
# PROGRAM is a C source or several, a directory of them, or a program that was linked
# with ukl-cc.  APP_CFLAGS and APP_LIBS are for the compiler.  OBJECT is written only
# if it changed, so that nothing is linked again without need.  Exit status 0, or 2
# with the compiler's reason or one sentence: to "make run", 1 is a violation.
set -euo pipefail

die() {
	echo "build.sh: $*" >&2
	exit 2
}

[ $# -ge 3 ] || die "no program; say which: make run APP=path/to/program.c"
cc=$1 object=$2
shift 2

sources=()
for program; do
	[ -e "$program" ] || die "$program: no such file or directory"
	if [ -d "$program" ]; then
		found=("$program"/*.[cS])
		[ -e "${found[0]}" ] || die "$program: a directory without a C source"
		sources+=("${found[@]}")
	else
		sources+=("$program")
	fi
done

mkdir -p "$(dirname "$object")"
if [ "$(head -c 4 "${sources[0]}" | tr -d '\0')" = $'\x7fELF' ] && [[ ${sources[0]} != *.[oa] ]]; then
	"$cc" --object "$object.new.o" "${sources[0]}" || exit 2
else
	# shellcheck disable=SC2086 # options, one a word
	"$cc" ${APP_CFLAGS--O2 -g} -o "$object.new.o" "${sources[@]}" ${APP_LIBS-} ||
		exit 2
fi
if cmp -s "$object.new.o" "$object"; then
	rm "$object.new.o"
else
	mv "$object.new.o" "$object"
fi
