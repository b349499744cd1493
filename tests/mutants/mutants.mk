# SPDX-License-Identifier: GPL-2.0-or-later
#
# The kernel mutants: catalogue says what each should be caught by.

MUTANT_KERNELS := $(patsubst %,$(MIMAGES)/%/bzImage,$(shell awk \
	'$$1 == "workload" { print $$3 }' tests/mutants/catalogue | sort -u))

.PHONY: mutants
mutants: $(MUTANT_KERNELS) $(RECORDING)	## boot every kernel mutant and say which invariant caught it (MUTANTS=NAMES for some)
	$(Q)tests/mutants/mutants.sh $(BUILD) $(MIMAGES) $(BUILD)/mutants $(MUTANTS)
