# SPDX-License-Identifier: GPL-2.0-or-later
#
# A checker of its own, in Python, from the pages: does it say what "ukl check" says?

SECOND_PROBE := $(BUILD)/system/second-probe/trace

SECOND_TRACES := $(COUNT_RUN) $(SECOND_PROBE)

.PHONY: second-check second-full-check
second-check second-full-check: $(ASSEMBLE) $(UKL) $(TRACE_MUTATE) $(SECOND_TRACES:%=%/metadata)
second-check:	## an independent checker, from the pages, agrees on every trace
	$(Q)tests/second/second.sh $(BUILD) $(BUILD)/second $(SECOND_TRACES)
second-full-check:	## ... and on lies in a recorded run
	$(Q)tests/second/second.sh --lies 5 $(BUILD) $(BUILD)/second $(SECOND_TRACES)

$(SECOND_PROBE)/metadata: | $(BUILD)/kernel/images/probe/bzImage $(RECORDING)
	$(Q)tests/system/twin.sh --icount $(BUILD) $(BUILD)/kernel/images/probe/bzImage probe \
		$(BUILD)/system/second-probe signals traps
