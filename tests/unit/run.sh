#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh PROGRAM... - runs test programs that print TAP
#
# Shows the lines of failed tests and a closing line that counts.  A program that
# dies, or runs fewer tests than it planned, counts as a failure.

# Some tests write a hundred thousand small files: memory is kinder than a disk.
if [ -z "$TMPDIR" ] && [ -w /dev/shm ]; then
	TMPDIR=/dev/shm
	export TMPDIR
fi

passed=0 failed=0
out=$(mktemp) || exit 2
trap 'rm -f "$out"' EXIT

for program in "$@"; do
	timeout 1200 "$program" >"$out" 2>&1 </dev/null
	status=$?
	ok=$(grep -c '^ok ' "$out")
	bad=$(grep -c '^not ok ' "$out")
	plan=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$out" | head -n 1)
	passed=$((passed + ok))
	failed=$((failed + bad))
	if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$ok" -ne "${plan:-0}" ] ||
				 [ "$ok" -eq 0 ]; }; then
		echo "not ok - $program: status $status, $ok of ${plan:-?} tests ran"
		failed=$((failed + 1))
		tail -n 20 "$out"
	fi
	if [ -n "$V" ] || [ "$bad" -ne 0 ]; then
		cat "$out"
	fi
done
echo "unit tests: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
