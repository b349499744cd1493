# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3045
#
# security - ring 3 attacks the application and the kernel, as root and as nobody
#
#   ukl.step=N	of the selectors above 0x200 one of N is tried
#
# The echo server, with an io worker, waits meanwhile, and serves afterwards as if nothing had been.
# shellcheck source=/dev/null
. /scenarios/lib.sh

step=$(param step 61)
through='' server=''
start_server 1 -w
attack "$server" "$step" || through="as root"
attack "$server" "$step" nobody || through="$through as nobody"
echo-client -p "$PORT" -c 1 -b 100000 || fail "the client after the attacks"
end_server 1 100000
[ -z "$through" ] || fail "something got through $through"
