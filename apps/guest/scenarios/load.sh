# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3045
#
# load - everything at once, until the time is over
#
#   ukl.seconds=N	how long
#   ukl.args=A,B	the groups of probes that the application repeats
#   ukl.reading=N	the size by which a reading of /proc/interrupts is known in the trace
#
# Two processes are the application: an echo server whose pages are taken away without
# pause, and the probes, one round after the other.  Beside them ring 3 computes, forks,
# execs and talks to the server.  Each must go on to the end, and each round must give
# what the same program gives in ring 3.  At first, after each round of the probes, and
# in the end, when all is quiet, /proc/interrupts is read; the console gets the readings.
# shellcheck source=/dev/null
. /scenarios/lib.sh

group=/sys/fs/cgroup/ukl
seconds=$(param seconds 60)
args=$(param args '' | tr ',' ' ')
reading=$(param reading 65521)

now() {
	read -r up _ </proc/uptime
	echo "${up%%.*}"
}

more() {
	[ "$(now)" -lt "$end" ]
}

swap_to_disk || fail "no disk to swap to: give the guest a virtio-blk disk"
mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
mkdir "$group"
mkdir /run/load

# Goes round until the time is over; says how often, or fails at the first failure.
tally() { # NAME COMMAND...
	name=$1 rounds=0
	shift
	while more; do
		"$@" >"/run/load/$name" 2>&1 ||
			{ tail -n 20 "/run/load/$name"; fail "$name, round $rounds"; }
		rounds=$((rounds + 1))
	done
	[ "$rounds" -gt 0 ] || fail "$name never went round"
	say "load: $name: $rounds rounds"
}

press() {
	echo 16M >"$group/memory.reclaim" 2>/dev/null || : # EAGAIN: nothing was left
	cat /proc/vmstat
}

compute() {
	[ "$(sha256sum </bin/busybox)" = "$sum" ]
}

breed() {
	for i in 1 2 3 4 5; do
		[ "$(/bin/busybox echo "$i")" = "$i" ] || return
	done
}

# The whole file by one system call
read_interrupts() {
	dd if=/proc/interrupts bs="$reading" count=1 2>/dev/null >>/run/interrupts
}

probes() {
	# shellcheck disable=SC2086 # the words are meant to be split
	/UKL $args >/run/load/ring0 && cmp /run/load/ring0 /run/load/ring3 &&
		read_interrupts && return
	diff /run/load/ring3 /run/load/ring0
	return 1
}

# shellcheck disable=SC2086
/bin/probe $args >/run/load/ring3 || { cat /run/load/ring3; fail "the probes in ring 3"; }
sum=$(sha256sum </bin/busybox)

rm -f /run/echo
mkfifo /run/echo
exec 3<>/run/echo
/UKL -serve "$PORT" >&3 3>&- &
server=$!
read -r -t 60 line <&3 || fail "/UKL did not say that it listens"
[ "$line" = "echo: listening on port $PORT" ] || fail "/UKL said: $line"
echo "$server" >"$group/cgroup.procs"
read_interrupts
end=$(($(now) + seconds))
say "load: begins, for $seconds seconds"

pids=
begin() {
	tally "$@" &
	pids="$pids $!"
}
begin press press
begin compute compute
begin breed breed
begin client echo-client -p "$PORT" -c 4 -b 20000 -t 600
begin probes probes
for pid in $pids; do
	wait "$pid" || fail "a load ended early"
done
kill -0 "$server" || fail "the server ended"
kill "$server"
say "load: pages_swapped_in=$(awk '$1 == "pswpin" { print $2 }' /proc/vmstat)"
for _ in 1 2 3 4 5 6 7 8 9 10; do
	read_interrupts
done
sed 's/^/UKL-INTERRUPTS: /' /run/interrupts
