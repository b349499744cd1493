#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# source.sh - the upstream tarball of a Debian source package
#
#   source.sh DIR PACKAGE TARBALL SHA256 [DSC]
#
# Promises DIR/TARBALL with that checksum: the one that is there already, or the one
# that lies beside DSC, a source package at hand, or apt's.  apt is given lists and a
# sources file of its own, with the mirror that the machine uses already, so nothing
# outside DIR is written.  SUITE in the environment is Debian's, bookworm without it.
# Exit status 0, or 2 with one sentence that says why.
set -euo pipefail

SUITE=${SUITE:-bookworm}

die() {
	echo "source.sh: $*" >&2
	exit 2
}

[ $# -ge 4 ] || die "usage: DIR PACKAGE TARBALL SHA256 [DSC]"
mkdir -p "$1"
dir=$(cd "$1" && pwd)
package=$2 tarball=$3 sha256=$4 dsc=${5:-}

# The first Debian mirror that apt has lists of
mirror() {
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' |
		awk '$1 == "Debian" { print $2; exit }'
}

fetch_by_apt() {
	local uri private
	uri=$(mirror)
	[ -n "$uri" ] || die "apt knows no Debian mirror; name a .dsc of $package at hand"
	private=(-o "Dir::Etc::SourceList=$dir/apt/$package.sources"
		-o "Dir::Etc::SourceParts=$dir/apt/none" -o "Dir::State::Lists=$dir/apt/lists"
		-o APT::Sandbox::User=)
	mkdir -p "$dir/apt/lists/partial"
	printf '%s\n' "Types: deb-src" "URIs: $uri" "Suites: $SUITE" "Components: main" \
		"Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg" \
		> "$dir/apt/$package.sources"
	apt-get "${private[@]}" -q update > "$dir/apt/log" 2>&1 &&
		(cd "$dir" && apt-get "${private[@]}" -q --download-only --tar-only source \
			"$package" >> apt/log 2>&1) ||
		die "apt could not fetch the source of $package; see $dir/apt/log"
}

checked() {
	echo "$sha256  $dir/$tarball" | sha256sum --check --status 2> /dev/null
}

if [ -n "$dsc" ]; then
	cp "$(dirname "$dsc")/$tarball" "$dir/" || die "$dsc: has no $tarball beside it"
elif ! checked; then
	echo "  APT     source of $package"
	fetch_by_apt
fi
checked || die "$dir/$tarball: not the file that Debian's $package is pinned to here"
