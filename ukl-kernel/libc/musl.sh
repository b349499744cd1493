#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# musl.sh - musl for UKL applications, from Debian's source package
#
#   musl.sh fetch DIR         the source package into DIR, checked
#   musl.sh build DIR OUT     patch and compile it, install lib/ and include/ in OUT
#
# Promises that OUT is replaced as a whole or not at all, and that nothing outside
# DIR and OUT is written.  MUSL_DSC may name a source package (.dsc) that is at hand,
# see ../source.sh.  Exit status 0, or 2 with one sentence that says why.
set -euo pipefail

TARBALL=musl_1.2.3.orig.tar.gz
TARBALL_SHA256=7d5b0b6062521e4627e099e4c9dc8248d32a30285e959b7eecaa780cf8cfd4a4
here=$(cd "$(dirname "$0")" && pwd)

# The kernel's code model; nothing that wants an unwinder, a dynamic linker or a
# canary at %gs, and no red zone, because a system call is a CALL (see patch 1).
CODE_MODEL="-fno-PIC -fno-pie -mno-red-zone -mcmodel=kernel -ftls-model=local-exec
-fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables
-fno-unwind-tables -fno-common"

die() {
	echo "musl.sh: $*" >&2
	exit 2
}

fetch() {
	"$here/../source.sh" "$1" musl "$TARBALL" "$TARBALL_SHA256" "${MUSL_DSC:-}"
}

# Debian's own changes to 1.2.3 are outside of the sources (packaging only).
unpack() {
	local src=$1 tarball=$2 patch
	rm -rf "$src"
	mkdir -p "$src"
	tar -xf "$tarball" -C "$src" --strip-components=1
	for patch in "$here"/musl/*.patch; do
		patch -s -p1 -F0 -d "$src" < "$patch" ||
			die "$(basename "$patch") does not apply to $TARBALL"
	done
}

# What must not be found at CPL 0, and what a program cannot have here
finish() {
	local out=$1 bad lib dir
	bad=$(objdump -d "$out/lib/libc.a" | awk -F'\t' '
		$3 ~ /^(syscall|sysenter|int |hlt|cli|sti)/ { print $3; exit }')
	[ -z "$bad" ] || die "the patched musl still holds the instruction '$bad'"
	# no loader: a program that needs these is refused when it is linked
	ar d "$out/lib/libc.a" dlopen.o dlsym.o
	# musl keeps all in one; the names that makefiles ask for are empty
	for lib in m rt pthread crypt util xnet resolv dl; do
		ar rc "$out/lib/lib$lib.a"
	done
	# the kernel's own headers, as any Linux C library has them beside its own
	for dir in linux asm-generic mtd; do
		ln -s "/usr/include/$dir" "$out/include/$dir"
	done
	ln -s /usr/include/x86_64-linux-gnu/asm "$out/include/asm"
}

build() {
	local dir=$1 out=$2 log map
	mkdir -p "$dir" "$(dirname "$out")"
	dir=$(cd "$dir" && pwd)
	out=$(cd "$(dirname "$out")" && pwd)/$(basename "$out")
	log=$dir/log
	map=-ffile-prefix-map=$dir=build/libc/musl-src	# the same objects everywhere
	fetch "$dir"
	unpack "$dir/src" "$dir/$TARBALL"
	echo "  MUSL    $(basename "$out")"
	rm -rf "$out.new"
	(cd "$dir/src" &&
	 ./configure --target=x86_64 CROSS_COMPILE= --prefix="$out.new" --syslibdir="$out.new/lib" \
		--disable-shared --disable-wrapper --enable-optimize=no \
		CC="${CC:-gcc}" CFLAGS="-O2 -g $map ${CODE_MODEL//$'\n'/ }" &&
	 make -s -j"$(nproc)" AR=ar RANLIB=ranlib lib/libc.a lib/crt1.o &&
	 make -s install-headers &&
	 install -D -m 644 -t "$out.new/lib" lib/libc.a lib/crt1.o) > "$log" 2>&1 ||
		die "musl does not build; see $log"
	finish "$out.new"
	rm -rf "$out"
	mv "$out.new" "$out"
}

case "${1:-}:$#" in
fetch:2) fetch "$2" ;;
build:3) build "$2" "$3" ;;
*)       die "usage: fetch DIR | build DIR OUT" ;;
esac
