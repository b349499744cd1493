# SPDX-License-Identifier: GPL-2.0-or-later
#
# The kernel mutants: catalogue says what each should be caught by.

MUTANT_KERNEL := $(MIMAGES)/count/bzImage

.PHONY: mutants
mutants: $(MUTANT_KERNEL) $(RECORDING)	## boot every kernel mutant and say which invariant caught it (MUTANTS=NAMES for some)
	$(Q)tests/mutants/mutants.sh $(BUILD) $(MUTANT_KERNEL) $(BUILD)/mutants $(MUTANTS)
