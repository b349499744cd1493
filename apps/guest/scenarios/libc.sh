# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3045
#
# libc - /UKL with the groups of ukl.args= (none: all), and beside it the same
# program in ring 3; their outputs must be equal
# shellcheck source=/dev/null
. /scenarios/lib.sh

args=$(param args '' | tr ',' ' ')
# shellcheck disable=SC2086 # the words are meant to be split
/UKL $args > /tmp/ring0 || say "/UKL ended with status $?"
# shellcheck disable=SC2086
/bin/libc $args > /tmp/ring3 || say "/bin/libc ended with status $?"
cat /tmp/ring0
cmp /tmp/ring0 /tmp/ring3 || { diff /tmp/ring3 /tmp/ring0; fail "the outputs differ"; }
