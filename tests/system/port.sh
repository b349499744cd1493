#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# port.sh - a program nobody here wrote: its tests in ring 0 as in ring 3, judged
#
#   port.sh [OPTION]... BUILD PROGRAM OUT DIRECTORY [ARGUMENT...]
#
# The tests are DIRECTORY/test.sh, what lies beside it and apps/ports/testing.sh; it gets
# the ARGUMENTs, see apps/guest/scenarios/port.sh.  Each "ok ..." line it prints is a thing
# shown.  Options are run.sh's.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

options=()
while [[ ${1-} == --* ]]; do
	options+=("$1" "$2")
	shift 2
done
[ $# -ge 4 ] || usage "[OPTION]... BUILD PROGRAM OUT DIRECTORY [ARGUMENT...]"
BUILD=$1 PROGRAM=$2 OUT=$3 directory=$4
shift 4
TEST=$(basename "$OUT")
suite

status=0
mkdir -p "$OUT"
tests/system/run.sh --quiet --scenario port "${options[@]}" --files "$directory" \
	--files apps/ports/testing.sh --files "$BUILD/apps/port-$PROGRAM/program" "$BUILD" \
	"$BUILD/kernel/images/port-$PROGRAM/bzImage" "$OUT" "$@" > "$OUT/log" || status=$?
if grep '^not ok ' "$OUT/program.out" >&2; then die "see $OUT/program.out"; fi
[ "$status" -eq 0 ] || { tail -n 20 "$OUT/log" >&2; die "status $status; see $OUT"; }
while read -r line; do
	pass "${line#ok }"
done < <(grep '^ok ' "$OUT/program.out")
[ "$PASSED" -gt 0 ] || die "nothing was shown; see $OUT/program.out"
pass "ring 0 and ring 3 print the same $(wc -l < "$OUT/program.out") lines"
pass "the trace conforms"
