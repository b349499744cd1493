# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3045
#
# port - a program nobody here wrote: its tests in ring 0 and in ring 3, compared
#
#   /run.d/files/test.sh	the tests: run twice, in a copy of /run.d/files
#   /run.d/files/program	the program as ring 3 runs it
#
# test.sh gets the arguments of /run.d/arguments and the program's name in $PROGRAM.
# What it prints must be the same both times, and its status 0.  What ring 0 prints goes
# to the host as it comes.
# shellcheck source=/dev/null
. /scenarios/lib.sh

# half RING PROGRAM TO ARGUMENT...: output in /tmp/RING.out and TO, status in RING.status
half() {
	ring=$1 program=$2 to=$3
	shift 3
	cp -r /run.d/files "/tmp/$ring"
	cd "/tmp/$ring" || fail "no /tmp/$ring"
	{
		status=0
		PROGRAM=$program sh ./test.sh "$@" || status=$?
		echo "$status" >"/tmp/$ring.status"
	} 2>&1 | tee "/tmp/$ring.out" >"$to"
	cd /
	rm -r "/tmp/$ring"
}

# shellcheck source=/dev/null
. /run.d/arguments
half ring0 /UKL "$(host_port stdout)" "$@"
cp /run.d/files/program /ukl # a name that differs in its case only: programs tell it
half ring3 /ukl /dev/null "$@"
sed -i 's,/ukl,/UKL,g' /tmp/ring3.out
cmp /tmp/ring0.out /tmp/ring3.out || {
	diff /tmp/ring3.out /tmp/ring0.out
	fail "ring 3 and ring 0 print different things"
}
cmp /tmp/ring0.status /tmp/ring3.status || fail "the statuses differ"
say "run: status $(cat /tmp/ring0.status)"
