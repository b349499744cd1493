#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# mkinitramfs.sh - pack the guest's ring-3 side
#
#   mkinitramfs.sh OUTPUT BUSYBOX UKL_FILE [PROGRAM...]
#
# UKL_FILE becomes /UKL (a line of text for a UKL kernel, an ordinary program for
# any other), each PROGRAM goes to /bin under its own name.
set -eu

out=$1 busybox=$2 ukl=$3
shift 3
here=$(dirname "$0")
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

if ! "$busybox" true; then
	echo "mkinitramfs: $busybox does not run; install busybox-static" >&2
	exit 1
fi
install -d "$tree/bin" "$tree/scenarios" "$tree/dev" "$tree/proc" "$tree/sys" \
	"$tree/run" "$tree/tmp"
install -m 755 "$here/init" "$tree/init"
install -m 644 "$here"/scenarios/*.sh "$tree/scenarios/"
install -m 755 "$ukl" "$tree/UKL"
install -m 755 "$busybox" "$tree/bin/busybox"
for program; do
	install -m 755 "$program" "$tree/bin/$(basename "$program")"
done
"$here/pack.sh" "$tree" >"$out.part"
mv "$out.part" "$out"
