# SPDX-License-Identifier: GPL-2.0-or-later
#
# sanitize.mk - the unit tests once more, under sanitizers
#
# $(ASAN) is this build under AddressSanitizer (with leaks) and
# UndefinedBehaviorSanitizer, by the same rules in another directory.  Any report ends
# the program by a signal, so that it cannot pass for an exit status of its own.

ASAN := $(BUILD)/asan
ASAN_MAKE = $(MAKE) -s --no-print-directory BUILD=$(ASAN) SANITIZE=address,undefined

# What runs programs of ours; the others look at texts.  Millions of sequences are too
# many: fault-check explores less deeply.
SANITIZED_SCRIPTS = $(filter-out %/lint.sh %/man.sh %/completion.sh %/series.sh %/pages.sh %/explore.sh,\
	$(UNIT_SCRIPTS))

.PHONY: sanitize
sanitize:	## the unit tests under AddressSanitizer and UBSan, the recorder's also under TSan
	$(Q)ASAN_OPTIONS=abort_on_error=1 UBSAN_OPTIONS=abort_on_error=1 \
		$(ASAN_MAKE) unit-check UNIT_SCRIPTS='$(SANITIZED_SCRIPTS)'
	$(Q)$(MAKE) -s --no-print-directory BUILD=$(BUILD)/tsan SANITIZE=thread \
		$(BUILD)/tsan/tests/unit/test_recorder
	$(Q)tests/unit/run.sh $(BUILD)/tsan/tests/unit/test_recorder

.PHONY: sanitize-guest
sanitize-guest: $(COUNT_KERNEL) $(BUILD)/guest/initramfs.cpio.gz	## guests recorded with AddressSanitizer and UBSan in the recorder
	$(Q)$(ASAN_MAKE) $(ASAN)/ukl recorder
	$(Q)tests/system/sanitize.sh $(ASAN) $(BUILD)/guest/initramfs.cpio.gz $(COUNT_KERNEL) \
		$(BUILD)/system/sanitize
