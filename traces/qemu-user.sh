#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# qemu-user.sh DIR OUT - qemu-x86_64 with plugins, from Debian's source package
#
# Debian's own qemu-user has them off.  The source is of the suite that deps.sh takes
# qemu-system-x86 from; everything but x86-64 user mode and plugins is switched off.
# QEMU_DSC may name a source package (.dsc) that is at hand, see ukl-kernel/source.sh.
#
# Promises OUT/qemu-x86_64 as a whole or not at all; writes nowhere but in DIR and OUT,
# and leaves of DIR only the tarball and a log.  Exit status 0, or 2 with one sentence
# that says why.
set -euo pipefail

export SUITE=bookworm-backports
TARBALL=qemu_10.0.2+ds.orig.tar.xz
SHA256=0901da33844a331bf8b3602b9c1fbd178e60b737c8e3ade678255bd090c9b9f1
here=$(cd "$(dirname "$0")" && pwd)

# Debian's Python has the meson that deps.sh installs.
OPTIONS=(--python=/usr/bin/python3 --target-list=x86_64-linux-user
	--without-default-features --enable-plugins --disable-system --disable-tools
	--disable-docs --disable-install-blobs --disable-debug-info --disable-download)

die() {
	echo "qemu-user.sh: $*" >&2
	exit 2
}

# Firmware has no part in it; what tests need of Python is not packaged in Debian 12.
unpack() { # TARBALL SRC
	rm -rf "$2"
	mkdir -p "$2"
	tar -xf "$1" -C "$2" --strip-components=1 --anchored --no-wildcards-match-slash \
		--exclude='*/roms'
	sed -i '/^pycotap/d' "$2/pythondeps.toml"
}

build() { # DIR: compiled in DIR/src/build
	mkdir "$1/src/build" && cd "$1/src/build" &&
		../configure --cc="ccache ${CC:-gcc}" "${OPTIONS[@]}" &&
		ninja -j"$(nproc)" qemu-x86_64 && strip qemu-x86_64
}

[ $# -eq 2 ] || die "usage: DIR OUT"
"$here/../ukl-kernel/source.sh" "$1" qemu "$TARBALL" "$SHA256" "${QEMU_DSC:-}"
dir=$(cd "$1" && pwd)
unpack "$dir/$TARBALL" "$dir/src"
echo "  QEMU    user mode, with plugins (minutes)"
(build "$dir") > "$dir/log" 2>&1 || die "QEMU's user mode does not build; see $dir/log"
mkdir -p "$2"
mv "$dir/src/build/qemu-x86_64" "$2/qemu-x86_64.new"
mv "$2/qemu-x86_64.new" "$2/qemu-x86_64"
rm -rf "$dir/src" "$dir/apt"
