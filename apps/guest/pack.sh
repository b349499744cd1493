#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# pack.sh - a directory as an archive that the kernel unpacks at boot
#
#   pack.sh TREE >ARCHIVE
#
# Archives can be put one behind the other; what comes later wins.  The same tree
# gives the same bytes: names sorted, times 0, owner root, no inode or device numbers.
set -eu

find "$1" -exec touch -h -d @0 {} +
cd "$1"
find . -mindepth 1 | LC_ALL=C sort |
	cpio -o -H newc --reproducible --owner=0:0 --quiet | gzip -n9
