# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3045
#
# shell - a prompt; /UKL starts the application, "exit" powers off
# shellcheck source=/dev/null
. /scenarios/lib.sh

say "/UKL is the application; the network is up; exit powers off"
setsid cttyhack sh || :
