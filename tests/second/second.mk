# SPDX-License-Identifier: GPL-2.0-or-later
#
# A checker of its own, in Python, from the pages: does it say what "ukl check" says?

SECOND_PROBE := $(BUILD)/system/second-probe/trace

.PHONY: second-check
second-check: $(ASSEMBLE) $(UKL) $(TRACE_MUTATE) $(COUNT_RUN)/metadata $(SECOND_PROBE)/metadata	## an independent checker, from the pages, agrees on every trace
	$(Q)tests/second/second.sh $(BUILD) $(BUILD)/second $(COUNT_RUN) $(SECOND_PROBE)

$(SECOND_PROBE)/metadata: | $(BUILD)/kernel/images/probe/bzImage $(RECORDING)
	$(Q)tests/system/twin.sh --icount $(BUILD) $(BUILD)/kernel/images/probe/bzImage probe \
		$(BUILD)/system/second-probe signals traps
