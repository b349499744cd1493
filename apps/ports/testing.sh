# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# testing.sh - what the ports' tests share; goes to the guest beside each test.sh,
# which sources it, has set $package, and exits with $failed
failed=0

# each NAME COMMAND...: what it prints, and whether it ended well
each() {
	name=$1 ended=0
	shift
	"$@" 2>&1 || ended=$?
	if [ "$ended" -eq 0 ]; then
		echo "ok ${package:?} $name"
	else
		echo "not ok $package $name: status $ended"
		# shellcheck disable=SC2034 # read by those who source this
		failed=1
	fi
}

# status WANTED COMMAND...: it ends with that status
status() {
	want=$1 got=0
	shift
	"$@" || got=$?
	[ "$got" -eq "$want" ]
}
