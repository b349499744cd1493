#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cover.sh - have the suites that ran exercised the whole model?
#
#   cover.sh BUILD
#
# Every suite that judges a trace adds to BUILD/coverage/SUITE.  Here they are merged;
# whatever the default variant never tried, and an edge that the model does not have,
# is a failure.  The picture is BUILD/machine.svg.
set -euo pipefail

[ $# -eq 1 ] || { echo "usage: cover.sh BUILD" >&2; exit 2; }
ukl=$1/ukl
files=("$1"/coverage/*)
if [ ! -e "${files[0]}" ]; then
	echo "cover: no suite has left its coverage in $1/coverage; run make test first" >&2
	exit 2
fi
status=0
"$ukl" cover --variant=base "${files[@]}" || status=$?
"$ukl" cover --variant=base --format=dot "${files[@]}" | dot -Tsvg >"$1/machine.svg" ||
	[ "$status" -ne 0 ]
echo "cover: the picture is $1/machine.svg"
echo "cover: $((status == 0)) passed, $((status != 0)) failed"
exit "$status"
