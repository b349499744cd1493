#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# babeltrace.sh - babeltrace2 reads a trace without a word of complaint, and counts
# the same events, class by class, as "ukl stats"

# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"

echo 1..4
awk 'BEGIN {
	print "streams 3"
	print "packet 1024"
	print "env app \"quote \\\" backslash \\\\ newline \\n\""
	split("gate_in sys_enter sys_leave int_in int_out switch task user_in", class)
	for (i = 1; i <= 500; i++)
		printf "%d %d kernel %s %%ax=%d %%mode=%d\n", i, i % 3,
			class[i % 8 + 1], i, i % 2
	print "discard 1 17"
}' >"$dir/text"
"${UKL_ASSEMBLE:?}" "$dir/text" "$dir/trace" || exit 2

babeltrace2 "$dir/trace" >"$dir/out" 2>"$dir/err"
result $? "exit status"
grep -v '^WARNING: .* 17 events' "$dir/err" | grep -q . && cat "$dir/err"
grep -q '17 events' "$dir/err" && ! grep -v '17 events' "$dir/err" | grep -q .
result $? "nothing to complain about but the discarded events"

sed -n 's/^\[[^]]*\] ([^)]*) \([a-z_]*\): .*/\1/p' "$dir/out" | sort | uniq -c |
	awk '{ print $2, $1 }' >"$dir/theirs"
"${UKL:?}" stats "$dir/trace" |
	awk '/^class/ { on = 1; next } /^$/ { on = 0 } on { print $1, $2 }' |
	sort >"$dir/ours"
cmp "$dir/theirs" "$dir/ours"
result $? "the same number of events in each class"
[ "$(awk '{ n += $2 } END { print n }' "$dir/ours")" = 503 ]
result $? "503 in all"
finish
