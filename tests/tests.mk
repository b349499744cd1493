# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests.mk - what "make test" runs, in the order in which failures tell most
#
# Each suite is a goal of its own and ends with "NAME: P passed, F failed"; all.sh runs
# them one after the other and adds them up.

include tests/support/support.mk
include tests/unit/unit.mk
include tests/system/system.mk
include tests/mutants/mutants.mk
include tests/second/second.mk
include tests/bench/bench.mk
include tests/sanitize.mk
include tests/fault/fault.mk
include tests/fuzz/fuzz.mk

SUITES := unit-check fuzz-check fault-check sanitize model-mutants apps-check cc-check run-check \
	  patch-check demo-check docs-check count-check witness-check sanitize-guest exec-check \
	  nmi-check seams-check machine-check libc-check probe-check core-check gdb-check \
	  events-check smp2-check reclaim-check lua-check sqlite-check crash-check kill-check \
	  usermode-check second-check mutants

.PHONY: test demo-check docs-check patch-check
patch-check: $(KDIR)/patched	## the kernel's style checker on the patches
	$(Q)tests/system/checkpatch.sh $(KTREE) $(wildcard ukl-kernel/patches/*.patch ukl-kernel/mutants/*.patch)

test: $(BUILD)/ukl kernel	## run every test: about three quarters of an hour on two cores
	$(Q)rm -rf $(BUILD)/coverage
	$(Q)tests/all.sh $(BUILD)/tests/logs $(SUITES)

demo-check: $(ECHO_KERNEL) $(RECORDING) $(BUILD)/apps/echo/echo-client
	$(Q)tests/system/demo.sh --suite $(BUILD) $(ECHO_KERNEL) $(BUILD)/system/demo

docs-check: $(ECHO_KERNEL)	## compare the instructions shown in docs/ with the kernel's
	$(Q)tests/system/docs.sh $(KIMAGES)/echo/vmlinux $(KTREE)

.PHONY: cover
cover: $(BUILD)/ukl	## what of the model the suites have exercised since "make test" began, and a picture
	$(Q)tests/system/cover.sh $(BUILD)

.PHONY: test-full bisect-check
bisect-check: $(ECHO_KERNEL) $(BUILD)/guest/initramfs.cpio.gz	## build and boot after each patch of the series (half an hour)
	$(Q)tests/system/bisect.sh $(BUILD) $(KTREE) $(BUILD)/bisect

# What takes too long for every commit; and lies in recordings, which were tried on few of
# them.  The sources are the key: what passed with the same ones is not run again.
LONG_SUITES := bisect-check load-check soak-check crash-full-check speed-full-check \
	       threads-full-check fuzz-full-check trace-tools-check trace-mutants \
	       second-full-check second-mutants replay-full-check replay-mutants
include tests/neighbours/neighbours.mk	# adds to both
include tests/configs/configs.mk	# adds to the long ones
SUITES += cover				# of all that are before it
SOURCES_KEY = $(shell { git rev-parse HEAD; git diff HEAD; } | sha256sum | cut -c1-16)

test-full: $(BUILD)/ukl kernel	## make test and hours more; goes on where it stopped
	$(Q)mkdir -p $(BUILD)/tests/full
	$(Q)grep -qsx $(SOURCES_KEY) $(BUILD)/tests/full/key || rm -rf $(BUILD)/coverage
	$(Q)echo $(SOURCES_KEY) > $(BUILD)/tests/full/key
	$(Q)tests/all.sh --resume $(SOURCES_KEY) $(BUILD)/tests/full \
		$(SUITES) $(LONG_SUITES)
