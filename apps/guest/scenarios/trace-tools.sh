# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3045
#
# trace-tools - Debian's strace and gdbserver on the application and on its twin
#
#   ukl.args=A,B	the groups of probes that strace looks at
#
# What strace saw goes to the console, each line after "UKL-STRACE: ring0 N: ", N being
# the number of the thread by its birth.  Each debugger's turn begins with a line "debug
# ring0: ready" and ends with the status of the program.
# shellcheck source=/dev/null
. /scenarios/lib.sh

args=$(param args calls | tr ',' ' ')

# straced RING PROGRAM
straced() {
	mkdir "/tmp/$1"
	# shellcheck disable=SC2086 # the words are meant to be split
	strace -ff -o "/tmp/$1/thread" "$2" $args >"/tmp/$1.out" ||
		{ grep wrong "/tmp/$1.out"; fail "$2 under strace"; }
	n=0
	# shellcheck disable=SC2012 # names without blanks, in the order of their numbers
	for thread in $(ls "/tmp/$1" | sort -t . -k 2 -n); do
		sed "s/^/UKL-STRACE: $1 $n: /" "/tmp/$1/$thread"
		n=$((n + 1))
	done
}

# idle PROGRAM: sets $idle to its pid once it is that program, no more the shell
idle() {
	"$1" -idle 3<&- &
	idle=$!
	until [ "$(readlink "/proc/$idle/exe")" = "$1" ]; do
		! grep -q '^State:.*zombie' "/proc/$idle/status" ||
			fail "$1 -idle did not start"
	done
}

# Descriptor 3 is the debugger's output, held open both ways as in start_server.
listening() {
	while read -r -t 60 line <&3; do
		echo "$line"
		case $line in
		"Listening on port"*) return ;;
		esac
	done
	fail "gdbserver does not listen"
}

# debugged RING PROGRAM
debugged() {
	rm -f /run/gdbserver
	mkfifo /run/gdbserver
	exec 3<>/run/gdbserver
	idle "$2"
	gdbserver --once --attach "0.0.0.0:$PORT" "$idle" >&3 2>&3 &
	listening
	say "debug $1: ready"
	status=0 && wait "$idle" || status=$?
	say "debug $1: the program ended with status $status"
	wait
	exec 3<&-
}

# gdbserver takes its word for 64 bits from the ELF header of /proc/PID/exe.  The twin's
# name is as long as the application's: so is then what readlink() returns.
cp /bin/probe /UKL
cp /bin/probe /TWN
straced ring0 /UKL
straced ring3 /TWN
cmp /tmp/ring0.out /tmp/ring3.out || fail "the program's output differs under strace"
debugged ring0 /UKL
debugged ring3 /TWN
