# SPDX-License-Identifier: GPL-2.0-or-later
#
# A checker of its own, in Python, from the pages: does it say what "ukl check" says?

SECOND_PROBE := $(BUILD)/system/second-probe/trace

SECOND_TRACES := $(COUNT_RUN) $(SECOND_PROBE)

.PHONY: second-check second-full-check second-mutants
second-check second-full-check: $(ASSEMBLE) $(UKL) $(TRACE_MUTATE) $(SECOND_TRACES:%=%/metadata)
second-check:	## an independent checker, from the pages, agrees on every trace
	$(Q)tests/second/second.sh $(BUILD) $(BUILD)/second $(SECOND_TRACES)
second-full-check:	## ... and on lies in a recorded run
	$(Q)tests/second/second.sh --lies 5 $(BUILD) $(BUILD)/second $(SECOND_TRACES)

# Of a mutant that floods its trace the beginning does.
MUTANT_NAMES = $(shell awk '/^[a-z]/ && $$1 != "workload" { print $$1 }' tests/mutants/catalogue)
second-mutants: $(ASSEMBLE) $(UKL) $(MUTANT_KERNELS) $(RECORDING)	## ... and on what each kernel mutant did
	$(Q)MIB_EACH=64 tests/mutants/mutants.sh $(BUILD) $(MIMAGES) $(BUILD)/second-mutants $(MUTANT_NAMES)
	$(Q)tests/second/second.sh $(BUILD) $(BUILD)/second $(MUTANT_NAMES:%=$(BUILD)/second-mutants/%/trace)
	$(Q)rm -rf $(BUILD)/second-mutants

$(SECOND_PROBE)/metadata: | $(BUILD)/kernel/images/probe/bzImage $(RECORDING)
	$(Q)tests/system/twin.sh --icount $(BUILD) $(BUILD)/kernel/images/probe/bzImage probe \
		$(BUILD)/system/second-probe signals traps
