# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3045
#
# boot - nothing but to get here: ring 3 is up, and says on which kernel
# shellcheck source=/dev/null
. /scenarios/lib.sh

uname -a
