# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# recipe.sh - what the recipes share; sourced by each, never run
#
# A recipe NAME.sh is called "NAME.sh DIR OUT": it builds in DIR and puts programs into
# OUT, as a whole or not at all.  It sets PACKAGE, TARBALL and SHA256, may read a
# NAME_DSC (see source.sh), and calls recipe with a function that builds in $src, the
# unpacked and unchanged source, and leaves the programs' names in PROGRAMS,
# and what their tests read in DATA.  ukl-cc is $CC.  Exit status 0, or 2 with one sentence that says why.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
CC=$(cd "$here/../../ukl-kernel/libc" && pwd)/ukl-cc
export CC

DATA=()

die() {
	echo "$(basename "$0"): $*" >&2
	exit 2
}

recipe() { # DSC FUNCTION DIR OUT
	local dsc=$1 build=$2 dir=$3 out=$4
	"$here/../../ukl-kernel/source.sh" "$dir" "$PACKAGE" "$TARBALL" "$SHA256" "$dsc"
	mkdir -p "$dir" "$(dirname "$out")"
	dir=$(cd "$dir" && pwd)
	out=$(cd "$(dirname "$out")" && pwd)/$(basename "$out")
	src=$dir/src
	rm -rf "$src" "$out.new"
	mkdir -p "$src" "$out.new"
	tar -xf "$dir/$TARBALL" -C "$src" --strip-components=1
	echo "  PORT    $PACKAGE"
	(cd "$src" && "$build") > "$dir/log" 2>&1 || die "$PACKAGE does not build; see $dir/log"
	(cd "$src" && cp "${PROGRAMS[@]}" "${DATA[@]}" "$out.new/")
	rm -rf "$out"
	mv "$out.new" "$out"
}
