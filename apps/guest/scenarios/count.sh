# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3045
#
# count - one run of /UKL with the words of ukl.args= (commas between them)
# shellcheck source=/dev/null
. /scenarios/lib.sh

args=$(param args calls=100,faults=10,stack=10)
# shellcheck disable=SC2046 # the words are meant to be split
/UKL $(echo "$args" | tr ',' ' ') || fail "/UKL ended with status $?"
