#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# checkpatch.sh - does the kernel's own style checker find fault with a patch?
#
#   checkpatch.sh TREE PATCH...
#
# Not asked about: MAINTAINERS entries of a series that will not be submitted, and the
# word "Kconfig" in the file of that name, which checkpatch takes for a file's own name.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -ge 2 ] || usage "TREE PATCH..."
CHECKPATCH=$1/scripts/checkpatch.pl
shift
suite

# From standard input: a file that git knows would be taken for source text.
check() {
	"$CHECKPATCH" --no-tree --terse --ignore FILE_PATH_CHANGES,EMBEDDED_FILENAME -
}

! sed '/^+[^+]/s/$/ /' "$1" | check >/dev/null || die "$CHECKPATCH overlooks trailing blanks"
for patch in "$@"; do
	check <"$patch" || die "$patch: see above"
	pass "$(basename "$patch")"
done
