#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# sqlite.sh DIR OUT - SQLite 3's shell and test programs, for UKL; see recipe.sh
#
# Its configure script needs nothing but the compiler's name.  The programs are those of
# its "make test" and "make threadtest" that are C and need no other library.
# shellcheck source-path=SCRIPTDIR source=recipe.sh
. "$(dirname "$0")/recipe.sh"

PACKAGE=sqlite3
TARBALL=sqlite3_3.40.1.orig.tar.xz
SHA256=aaa776260ab4dc976db34aa7891819484c8676b5b2783123ebc6301e2ca5d655
PROGRAMS=(sqlite3 speedtest1 fuzzcheck threadtest3)
DATA=(test/fuzzdata{1..8}.db)

build() {
	./configure --disable-shared --disable-tcl --disable-load-extension \
		--disable-readline &&
		make -j"$(nproc)" sqlite3.c &&
		make -j"$(nproc)" "${PROGRAMS[@]}"
}

[ $# -eq 2 ] || die "usage: DIR OUT"
recipe "${SQLITE_DSC:-}" build "$1" "$2"
