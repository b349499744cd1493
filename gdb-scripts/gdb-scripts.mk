# SPDX-License-Identifier: GPL-2.0-or-later
#
# gdb-scripts.mk - tests of "ukl replay" and of the ukl-* commands
#
# ukl-gdb.py loads the commands, ukl/ holds them: see ukl/__init__.py.

REPLAY_RUNS ?= 3
REPLAY      := tests/system/replay.sh --runs $(REPLAY_RUNS)

replay-check:	## recorded runs repeat exactly; GDB stands on events, and on what each mutant violates
replay-check: events-check replay-mutants

events-check:	## the same without the mutants
events-check: $(ECHO_KERNEL) $(COUNT_KERNEL) $(RECORDING) $(BUILD)/apps/echo/echo-client
	$(REPLAY) $(BUILD) $(COUNT_KERNEL) $(BUILD)/system/replay
	$(REPLAY) --demo $(BUILD) $(ECHO_KERNEL) $(BUILD)/system/replay-demo

replay-full-check: $(COUNT_KERNEL) $(RECORDING)
	tests/system/replay.sh --runs 20 $(BUILD) $(COUNT_KERNEL) $(BUILD)/system/replay-full

tour:	## follow docs/debugging.md: a mutant, from the failed check to the line
tour: $(MIMAGES)/count/bzImage $(RECORDING)
	tests/system/tour.sh $(BUILD) $(MIMAGES) $(BUILD)/tour

SESSION_APP := $(or $(APP),echo)
ifneq ($(filter gdb,$(MAKECMDGOALS)),)
ifeq ($(filter $(SESSION_APP),$(UKL_APPS))$(wildcard $(KIMAGES)/$(SESSION_APP)),)
$(error make gdb: no application is called "$(SESSION_APP)"; APP is one of $(strip $(UKL_APPS)))
endif
endif
gdb:	## a recorded guest under GDB, in two terminals or tmux: APP=NAME of an application, WORDS="..."
gdb: $(KIMAGES)/$(SESSION_APP)/bzImage $(KERNEL_GDB) $(RECORDING)
	$(Q)gdb-scripts/session.sh $(BUILD) $< $(BUILD)/gdb $(SESSION_APP) $(WORDS)

gdb-check:	## the ukl-* commands of GDB without a replay
gdb-check: $(KIMAGES)/libc/bzImage $(KERNEL_GDB) $(RECORDING)
	tests/system/gdb-scripts.sh $(BUILD) $< $(BUILD)/system/gdb-scripts

.PHONY: tour gdb replay-check events-check replay-full-check gdb-check
