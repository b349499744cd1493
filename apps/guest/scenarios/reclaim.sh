# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3045
#
# reclaim - the application while the kernel keeps taking its pages away
#
# /UKL runs in a memory control group whose memory.reclaim is written without
# pause, and swaps to /dev/vda, so that pages of its heap, data and stack are
# absent again and again.  With ukl.args= the words are the application's
# arguments; without, it is the echo server and a client loads it.
# shellcheck source=/dev/null
. /scenarios/lib.sh

group=/sys/fs/cgroup/ukl
args=$(param args "")
connections=$(param connections 16)
bytes=$(param bytes 100000)

swap_to_disk || fail "no disk to swap to: give the guest a virtio-blk disk"
mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
mkdir "$group"

value() { # FILE KEY
	awk -v key="$2" '$1 == key { print $2 }' "$1"
}

# Takes pages from the group until the process ends; EAGAIN means none was left.
press() { # PID
	while kill -0 "$1" 2>/dev/null; do
		echo 64M >"$group/memory.reclaim" 2>/dev/null || :
	done
}

run_args() {
	# shellcheck disable=SC2046,SC2016 # split the words; $$ of the new shell
	sh -c 'echo $$ >'"$group"'/cgroup.procs; exec /UKL "$@"' sh \
		$(echo "$args" | tr ',' ' ') &
	server=$!
	press "$server"
	wait "$server" || fail "/UKL ended with status $?"
}

run_echo() {
	start_server "$connections"
	echo "$server" >"$group/cgroup.procs"
	press "$server" &
	presser=$!
	echo-client -p "$PORT" -c "$connections" -b "$bytes" -t 300 ||
		fail "the client"
	end_server "$connections" $((connections * bytes))
	wait "$presser"
}

if [ -n "$args" ]; then
	run_args
else
	run_echo
fi
swapped=$(value /proc/vmstat pswpin)
faults=$(value "$group/memory.stat" pgmajfault)
say "reclaim: pages_swapped_in=$swapped major_faults=$faults"
[ "$swapped" -gt 0 ] || fail "no page was ever swapped in: no pressure"
