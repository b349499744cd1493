# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3045
#
# run - the application once, with what the host has put into /run.d
#
#   /run.d/arguments	sourced: sets the positional parameters
#   /run.d/stdin	its standard input
#   /run.d/files	its working directory
#
# Its output goes to the host by two virtio ports, as it comes.
# shellcheck source=/dev/null
. /scenarios/lib.sh

out=$(host_port stdout)
err=$(host_port stderr)
cd /run.d/files || fail "/run.d/files is missing"
# shellcheck source=/dev/null
. /run.d/arguments
status=0
/UKL "$@" </run.d/stdin >"$out" 2>"$err" || status=$?
say "run: status $status"
