# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# tap.sh - what the shell tests that print TAP share; sourced, never run
#
# Makes $dir, which goes when the script ends.  The script prints the plan, before or
# after the results, and ends with finish.

dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
n=0 failed=0

result() { # STATUS NAME [WHY]; why it failed may also be in $dir/out and $dir/err
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $(basename "$0" .sh): $2"
		return
	fi
	echo "not ok $n - $(basename "$0" .sh): $2${3:+: $3}"
	head -qn 20 "$dir/out" "$dir/err" 2>/dev/null | sed "s/^/# /"
	failed=1
}

# The program at that path, or the end of the script
need_program() { # PATH
	[ -x "$1" ] || { echo "$0: no program $1"; exit 2; }
}

finish() {
	exit "$failed"
}
