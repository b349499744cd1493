# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3045
#
# twin - the application /UKL and, after it, the same program in ring 3
#
#   ukl.program=NAME	the program of /bin that /UKL is, too
#   ukl.args=A,B	the arguments of both, commas between them
#
# Their outputs must be equal, their exit statuses 0.
# shellcheck source=/dev/null
. /scenarios/lib.sh

program=$(param program '')
args=$(param args '' | tr ',' ' ')
[ -x "/bin/$program" ] || fail "ukl.program= names no program of /bin"
swap_to_disk || :
: >/tmp/ring0
: >/tmp/ring3
tail -f /tmp/ring0 & # seen as it comes, also if the machine goes down
follower=$!

# shellcheck disable=SC2086 # the words are meant to be split
status=0 && /UKL $args >>/tmp/ring0 || status=$?
# shellcheck disable=SC2086
status3=0 && "/bin/$program" $args >>/tmp/ring3 || status3=$?
kill "$follower"
say "twin: the application ended with status $status, the ring-3 program with $status3"
cmp /tmp/ring0 /tmp/ring3 || { diff /tmp/ring3 /tmp/ring0; fail "the outputs differ"; }
[ "$status$status3" = 00 ] || fail "status $status in ring 0, $status3 in ring 3"
sed 's/^/UKL-TWIN: /' /tmp/ring0
