#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kbuild.sh - the kernel's own make, as all its builds here are run
#
#   kbuild.sh TREE OBJ [GOAL or VARIABLE=VALUE...]
#
# Objects land in TREE/OBJ: inside the tree, so that kbuild uses relative paths.  Debug
# information names OBJ as the plain kernel's, whatever the tree: a kernel is the same
# file, with the same build ID, wherever it is built, and the compiler's cache recognises
# what another tree has compiled.  CC is the compiler (default gcc), JOBS how many
# commands run at a time (default: the processors).  The exit status is make's.
set -euo pipefail

[ $# -ge 2 ] || { echo "usage: kbuild.sh TREE OBJ [GOAL or VARIABLE=VALUE...]" >&2; exit 2; }
tree=$(realpath "$1") obj=$2
shift 2
map=-ffile-prefix-map=$tree/$obj=build/kernel/tree/obj

# Nothing of a make around this one: kbuild's jobs are its own.
exec env -u MAKEFLAGS -u MFLAGS make --no-print-directory -s -C "$tree" O="$obj" \
	-j"${JOBS:-$(nproc)}" CC="ccache ${CC:-gcc}" KCFLAGS="$map" KAFLAGS="$map" "$@"
