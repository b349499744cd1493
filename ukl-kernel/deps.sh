#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# deps.sh - the Debian packages that the build and its tests need
#
#   deps.sh check    list what is missing, one package a line; status 1 if any is
#   deps.sh install  install it, as root or through sudo
#   deps.sh install neighbours	also what only "make selftests stress-check" need
#   deps.sh install fuzz	also what only "make fuzz" needs
#
# QEMU must be 10.0 or newer: older ones cannot read registers from a plugin.
# Debian 13 has it; for Debian 12 the backports suite is added, from the mirror that
# the machine uses already.
set -euo pipefail

# kernel build; our programs; the guest's userspace; ports and their disks; tests
PACKAGES="
linux-source-6.12 gcc libc6-dev make bison flex bc cpio kmod rsync xz-utils perl git patch ccache
libelf-dev libssl-dev
libdw-dev libcapstone-dev pkg-config
busybox-static musl-tools gzip
tcl8.6 e2fsprogs
libcunit1-dev babeltrace2 gawk shellcheck mandoc zstd time gdb graphviz
gdbserver qemu-utils strace python3-jsonschema libxml2-utils
"
# the kernel's selftests, 32-bit ones too, and their like
NEIGHBOURS="gcc-multilib libc6-dev-i386 libcap-dev libnuma-dev stress-ng"
# libFuzzer
FUZZ="clang libclang-rt-dev"
QEMU=qemu-system-x86
QEMU_MAJOR=10
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
BACKPORTS=/etc/apt/sources.list.d/ukl-backports.sources

die() {
	echo "deps.sh: $*" >&2
	exit 2
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		env DEBIAN_FRONTEND=noninteractive "$@"
	else
		sudo env DEBIAN_FRONTEND=noninteractive "$@"
	fi
}

installed() {
	[ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2> /dev/null)" = "ii " ]
}

# Any QEMU on the path will do, Debian's or not.
qemu_major() {
	qemu-system-x86_64 --version 2> /dev/null |
		sed -n '1s/.*version \([0-9]*\)\..*/\1/p'
}

missing() {
	local package
	for package in $PACKAGES; do
		installed "$package" || echo "$package"
	done
	[ "$(qemu_major || true)" -ge "$QEMU_MAJOR" ] 2> /dev/null || echo "$QEMU"
}

# major version that apt would install from suite $1 (or by default), or nothing
candidate_major() {
	apt-cache madison "$QEMU" 2> /dev/null |
		awk -F'|' -v suite="$1" 'index($3, suite) { print $2; exit }' |
		sed 's/^ *\([0-9]*:\)\{0,1\}\([0-9]*\)\..*/\2/'
}

# From the mirror of the distribution's main suite, as apt knows it
add_backports() {
	local codename=$1 uri
	# shellcheck disable=SC2016 # apt's own variables
	read -r uri < <(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' \
		'Created-By: Packages' | awk -v r="$codename" '$1 == r { print $2; exit }') ||
		die "apt has no suite '$codename'; install QEMU $QEMU_MAJOR or newer yourself"
	echo "  APT     $codename-backports, for QEMU $QEMU_MAJOR"
	{
		echo "Types: deb"
		echo "URIs: $uri"
		echo "Suites: $codename-backports"
		echo "Components: main"
		if [ -r "$KEYRING" ]; then echo "Signed-By: $KEYRING"; fi
	} | as_root tee "$BACKPORTS" > /dev/null
	as_root apt-get update -q > /dev/null
}

install_qemu() {
	local codename
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	if [ "$(candidate_major "$codename/")" -ge "$QEMU_MAJOR" ] 2> /dev/null; then
		as_root apt-get install -q -y --no-install-recommends "$QEMU"
		return
	fi
	[ -n "$(candidate_major "$codename-backports/")" ] || add_backports "$codename"
	as_root apt-get install -q -y --no-install-recommends \
		-t "$codename-backports" "$QEMU"
}

install() {
	local wanted
	wanted=$(missing)
	[ -n "$wanted" ] || return 0
	command -v apt-get > /dev/null ||
		die "needs Debian's apt-get to install:" "$(echo "$wanted" | tr '\n' ' ')"
	echo "  APT     $(echo "$wanted" | tr '\n' ' ')"
	as_root apt-get update -q > /dev/null || die "apt-get update failed; see above"
	# shellcheck disable=SC2046 # a list of package names
	as_root apt-get install -q -y --no-install-recommends \
		$(echo "$wanted" | grep -vx "$QEMU") > /dev/null ||
		die "apt-get could not install the packages; see above"
	if echo "$wanted" | grep -qx "$QEMU"; then
		install_qemu > /dev/null || die "apt-get could not install $QEMU; see above"
	fi
	wanted=$(missing)
	[ -z "$wanted" ] || die "still missing after installation:" "$(echo "$wanted" | tr '\n' ' ')"
}

case "$*" in
check)   list=$(missing); [ -z "$list" ] || { echo "$list"; exit 1; } ;;
install) install ;;
"install neighbours") PACKAGES="$PACKAGES $NEIGHBOURS"; install ;;
"install fuzz") PACKAGES="$PACKAGES $FUZZ"; install ;;
*)       die "usage: deps.sh check | install [neighbours|fuzz]" ;;
esac
