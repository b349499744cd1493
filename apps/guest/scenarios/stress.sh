# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3045
#
# stress - stress-ng's stressors, one after the other, while the echo server serves
#
#   ukl.stressors=A,B	which; ukl.seconds=N	how long each
#
# A client talks to the server during each; the server's totals must be right.
# shellcheck source=/dev/null
. /scenarios/lib.sh

stressors=$(param stressors cpu | tr ',' ' ')
seconds=$(param seconds 2)
bytes=20000
number=0
failed=

mkdir -p /dev/shm
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /tmp
cd /tmp || fail "/tmp"
for stressor in $stressors; do
	number=$((number + 1))
done
start_server $((2 * number))
for stressor in $stressors; do
	echo-client -p "$PORT" -c 2 -b "$bytes" -t 300 >/run/client 2>&1 &
	client=$!
	status=0
	stress-ng --"$stressor" 2 --timeout "$seconds" >/run/stress 2>&1 || status=$?
	wait "$client" || { cat /run/client; fail "the client beside $stressor"; }
	if [ "$status" -eq 0 ]; then
		echo "UKL-STRESS: $stressor"
	else
		cat /run/stress
		failed="$failed $stressor"
	fi
done
end_server $((2 * number)) $((2 * number * bytes))
[ -z "$failed" ] || fail "stress-ng failed:$failed"
