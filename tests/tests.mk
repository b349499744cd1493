# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests.mk - what "make test" runs, in the order in which failures tell most
#
# Each suite is a goal of its own and prints "suite: N passed, N failed" as its last
# line; tests/all.sh adds them up.

include tests/support/support.mk
include tests/unit/unit.mk
include tests/system/system.mk
include tests/mutants/mutants.mk
