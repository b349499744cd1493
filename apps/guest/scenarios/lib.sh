# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3045
#
# lib.sh - what scenarios share; sourced by init and by each of them

PORT=5555

# A line for the host.
say() {
	echo "UKL-GUEST: $*"
}

# Ends the scenario: why.
fail() {
	say "failed: $*"
	exit 1
}

# param NAME DEFAULT: the value of ukl.NAME= on the kernel's command line
param() {
	value=$2
	# shellcheck disable=SC2013 # words are what is wanted
	for word in $(cat /proc/cmdline); do
		case $word in
		"ukl.$1="*) value=${word#"ukl.$1="} ;;
		esac
	done
	echo "$value"
}

# host_port NAME: the device of the virtio port that the host calls so
host_port() {
	for dir in /sys/class/virtio-ports/*; do
		[ "$(cat "$dir/name")" != "$1" ] || { echo "/dev/${dir##*/}"; return; }
	done
	fail "the machine has no port $1"
}

# Swaps to the disk of that purpose; false if the machine has none.
swap_to_disk() {
	[ -b /dev/vda ] && mkswap /dev/vda >/dev/null && swapon /dev/vda
}

# start_server CONNECTIONS [OPTION]: sets $server to its pid once it listens.
# Descriptor 3 is its output, held open both ways so that nobody gets SIGPIPE.
start_server() {
	rm -f /run/echo
	mkfifo /run/echo
	exec 3<>/run/echo
	/UKL ${2:+"$2"} -c "$1" "$PORT" >&3 3>&- &
	server=$!
	read -r -t 20 line <&3 || fail "/UKL did not say that it listens"
	echo "$line"
	[ "$line" = "echo: listening on port $PORT" ] || fail "/UKL said: $line"
}

# end_server CONNECTIONS BYTES: waits for the server and compares its totals
end_server() {
	wait "$server" || fail "/UKL ended with status $?"
	read -r -t 20 line <&3 || fail "/UKL ended without its totals"
	echo "$line"
	[ "$line" = "echo: connections=$1 bytes=$2" ] ||
		fail "totals differ from connections=$1 bytes=$2"
}
