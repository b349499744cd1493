# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3045
#
# provoke - has /UKL, which is the application provoke, do what ukl.args= says
# shellcheck source=/dev/null
. /scenarios/lib.sh

mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null || :
# shellcheck disable=SC2046 # the words are meant to be split
/UKL $(param args '' | tr ',' ' ') || fail "/UKL ended with status $?"
