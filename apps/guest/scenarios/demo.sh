# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3045
#
# demo - the echo server in the kernel, its clients in ring 3 and on the host
#
#   ukl.connections=N ukl.bytes=N	the client in the guest
#   ukl.host_connections=N ukl.host_bytes=N	what the host will send; 0: no host
# shellcheck source=/dev/null
. /scenarios/lib.sh

connections=$(param connections 8)
bytes=$(param bytes 20000)
host_connections=$(param host_connections 0)
host_bytes=$(param host_bytes 0)

start_server $((connections + host_connections))

# Something in ring 3 that wants the processor, so that the server is preempted.
(while :; do sha256sum /bin/busybox; done >/dev/null) &
load=$!
echo-client -p "$PORT" -c "$connections" -b "$bytes" || fail "the client in the guest"
kill "$load"
wait "$load" 2>/dev/null || :

if [ "$host_connections" -gt 0 ]; then
	say "ready for host traffic connections=$host_connections bytes=$host_bytes"
fi
end_server $((connections + host_connections)) \
	$((connections * bytes + host_connections * host_bytes))

# Ring 3 is as it was: it computes, forks and execs.
[ "$(sha256sum </bin/busybox)" = "$(sha256sum </bin/busybox)" ] ||
	fail "sha256sum of one file gives two results"
i=0
while [ "$i" -lt 50 ]; do
	[ "$(/bin/busybox echo "$i")" = "$i" ] || fail "fork and exec number $i"
	i=$((i + 1))
done
say "ring 3 works after the application"

# The server says "stale" and fails if the first run shows through.
start_server 1
echo-client -p "$PORT" -c 1 -b 1000 -s 7 || fail "the client of the second run"
end_server 1 1000
say "second run found fresh data"
