#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# mkguest.sh - a guest's disk with programs of this machine's added
#
#   mkguest.sh OUTPUT INITRAMFS SOURCE=DESTINATION...
#
# Each SOURCE, a file or a directory, goes to its DESTINATION, without debugging
# information; the shared libraries that its programs need go where they are here.
set -euo pipefail

out=$1 initramfs=$2
shift 2
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

is_elf() {
	[ "$(head -c 4 "$1" | tr -d '\0')" = $'\177ELF' ]
}

# The libraries of a program, its loader included, as this machine finds them
libraries() {
	ldd "$1" 2>/dev/null | grep -o '/[^ ]*' || :
}

for pair; do
	mkdir -p "$tree$(dirname "${pair#*=}")"
	cp -a "${pair%%=*}" "$tree${pair#*=}"
done
while IFS= read -r file; do
	is_elf "$file" || continue
	strip --strip-debug "$file"
	libraries "$file"
done < <(find "$tree" -type f) | sort -u >"$tree/libraries"
while IFS= read -r file; do
	[ -e "$tree$file" ] || install -D "$file" "$tree$file"
done <"$tree/libraries"
rm "$tree/libraries"
(cd "$tree" && find . -mindepth 1 | LC_ALL=C sort |
	cpio -o -H newc --owner=0:0 --quiet) | gzip -n6 | cat "$initramfs" - >"$out.part"
mv "$out.part" "$out"
