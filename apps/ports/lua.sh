#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# lua.sh DIR OUT - Lua 5.4's interpreter and compiler, for UKL; see recipe.sh
#
# As its README says for a system without dynamic loading: make posix.
# shellcheck source-path=SCRIPTDIR source=recipe.sh
. "$(dirname "$0")/recipe.sh"

PACKAGE=lua5.4
TARBALL=lua5.4_5.4.4.orig.tar.gz
SHA256=164c7849653b80ae67bec4b7473b884bf5cc8d2dca05653475ec2ed27b9ebf61
PROGRAMS=(src/lua src/luac)

build() {
	make posix CC="$CC" MYCFLAGS=-g && make test
}

[ $# -eq 2 ] || die "usage: DIR OUT"
recipe "${LUA_DSC:-}" build "$1" "$2"
