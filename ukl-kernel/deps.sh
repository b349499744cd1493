#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# deps.sh - the Debian packages that the build and its tests need
#
#   deps.sh check    list what is missing, one package a line; status 1 if any is
#   deps.sh install  install it, as root or through sudo
#   deps.sh install neighbours	also what only "make selftests stress-check" need
#   deps.sh install fuzz	also what only "make fuzz" needs
#   deps.sh install qemu_user	also what QEMU's user mode is built with
#
# QEMU must be 10.0 or newer: older ones cannot read registers from a plugin.  To build
# its user mode, meson must be as new as that wants it.  Debian 13 has both; for
# Debian 12 the backports suite is added, from the mirror that the machine uses already.
set -euo pipefail

# kernel build; our programs; the guest's userspace; ports and their disks; tests
PACKAGES="
linux-source-6.12 gcc libc6-dev make bison flex bc cpio kmod rsync xz-utils perl git patch ccache
libelf-dev libssl-dev
libdw-dev libcapstone-dev pkg-config
busybox-static musl-tools gzip
tcl8.6 e2fsprogs
libcunit1-dev babeltrace2 gawk shellcheck mandoc zstd time gdb graphviz
gdbserver tmux qemu-utils strace python3-jsonschema libxml2-utils
"
# the kernel's selftests, 32-bit ones too, and their like
NEIGHBOURS="gcc-multilib libc6-dev-i386 libcap-dev libnuma-dev stress-ng"
# libFuzzer
FUZZ="clang libclang-rt-dev"
# QEMU itself
QEMU_USER="ninja-build python3-venv libglib2.0-dev zlib1g-dev"
QEMU=qemu-system-x86
QEMU_MAJOR=10
# PACKAGE VERSION: that or newer, if need be from backports
NEWER="$QEMU 1:$QEMU_MAJOR"
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

new_enough() { # PACKAGE VERSION
	if [ "$1" = "$QEMU" ]; then
		[ "$(qemu_major || true)" -ge "$QEMU_MAJOR" ] 2> /dev/null
	else
		installed "$1" && dpkg --compare-versions \
			"$(dpkg-query -W -f '${Version}' "$1")" ge "$2"
	fi
}

missing() {
	local package version
	for package in $PACKAGES; do
		installed "$package" || echo "$package"
	done
	while read -r package version; do
		new_enough "$package" "$version" || echo "$package"
	done <<< "$NEWER"
}

# version of package $1 that apt would install from suite $2, or nothing
candidate() {
	apt-cache madison "$1" 2> /dev/null |
		awk -F'|' -v suite="$2" 'index($3, suite) { gsub(/ /, "", $2); print $2; exit }'
}

# From the mirror of the distribution's main suite, as apt knows it
add_backports() {
	local codename=$1 package=$2 uri
	# shellcheck disable=SC2016 # apt's own variables
	read -r uri < <(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' \
		'Created-By: Packages' | awk -v r="$codename" '$1 == r { print $2; exit }') ||
		die "apt has no suite '$codename'; install a newer $package yourself"
	echo "  APT     $codename-backports, for $package"
	{
		echo "Types: deb"
		echo "URIs: $uri"
		echo "Suites: $codename-backports"
		echo "Components: main"
		if [ -r "$KEYRING" ]; then echo "Signed-By: $KEYRING"; fi
	} | as_root tee "$BACKPORTS" > /dev/null
	as_root apt-get update -q > /dev/null
}

install_newer() { # PACKAGE VERSION
	local codename
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	if dpkg --compare-versions "$(candidate "$1" "$codename/")" ge "$2"; then
		as_root apt-get install -q -y --no-install-recommends "$1"
		return
	fi
	[ -n "$(candidate "$1" "$codename-backports/")" ] || add_backports "$codename" "$1"
	as_root apt-get install -q -y --no-install-recommends \
		-t "$codename-backports" "$1"
}

install() {
	local wanted package version
	wanted=$(missing)
	[ -n "$wanted" ] || return 0
	command -v apt-get > /dev/null ||
		die "needs Debian's apt-get to install:" "$(echo "$wanted" | tr '\n' ' ')"
	echo "  APT     $(echo "$wanted" | tr '\n' ' ')"
	as_root apt-get update -q > /dev/null || die "apt-get update failed; see above"
	# shellcheck disable=SC2046 # a list of package names
	as_root apt-get install -q -y --no-install-recommends \
		$(echo "$wanted" | grep -vxF "${NEWER// /$'\n'}") > /dev/null ||
		die "apt-get could not install the packages; see above"
	while read -r package version; do
		new_enough "$package" "$version" && continue
		install_newer "$package" "$version" > /dev/null < /dev/null ||
			die "apt-get could not install $package; see above"
	done <<< "$NEWER"
	wanted=$(missing)
	[ -z "$wanted" ] || die "still missing after installation:" "$(echo "$wanted" | tr '\n' ' ')"
}

case "$*" in
check)   list=$(missing); [ -z "$list" ] || { echo "$list"; exit 1; } ;;
install) install ;;
"install neighbours") PACKAGES="$PACKAGES $NEIGHBOURS"; install ;;
"install fuzz") PACKAGES="$PACKAGES $FUZZ"; install ;;
"install qemu_user")
	PACKAGES="$PACKAGES $QEMU_USER" NEWER+=$'\nmeson 1.5'
	install ;;
*)       die "usage: deps.sh check | install [neighbours|fuzz|qemu_user]" ;;
esac
