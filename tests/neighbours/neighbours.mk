# SPDX-License-Identifier: GPL-2.0-or-later
#
# neighbours.mk - ring 3 beside the application: what it can do to it, and what it notices
#
#   $(BUILD)/kernel/stock/		branch base, the same configuration minus UKL
#   $(BUILD)/kernel/stock/kselftest/	its tools/testing/selftests, built and installed
#   $(BUILD)/guest/selftests*.cpio.gz	the guest's disk with them, and stress-ng's
#
# All of it needs packages that nothing else does: see deps.sh.

SUITES += security-check
LONG_SUITES += stress-check selftests

SDIR		:= $(KDIR)/stock
STREE		:= $(SDIR)/tree
STOCK_KERNEL	:= $(SDIR)/bzImage
SELFTESTS	:= $(SDIR)/kselftest

# Which of their tests run, and how, is in selftests.list.
SELFTEST_TARGETS := x86 sigaltstack ptrace rseq futex membarrier mm timers seccomp clone3 \
	core exec
SELFTEST_LIST	:= tests/neighbours/selftests.list

$(SDIR)/config: $(KCONFIG)
	$(Q)mkdir -p $(@D)
	$(Q)sed '/^CONFIG_\(UNIKERNEL_LINUX\|UKL_.*\)=/d' $< > $@

$(SDIR)/configured: $(KDIR)/unpacked $(SDIR)/config
	$(Q)$(SERIES) worktree $(KTREE) $(STREE) stock
	$(Q)mkdir -p $(STREE)/obj
	$(call kmake,$(STREE),KCONFIG_ALLCONFIG=$(abspath $(SDIR)/config) allnoconfig > /dev/null)
	$(Q)ukl-kernel/config-check.sh $(SDIR)/config $(STREE)/obj/.config
	$(Q)touch $@

$(STOCK_KERNEL): $(SDIR)/configured
	@echo "  KERNEL  $(@D) (without UKL)"
	$(call kmake,$(STREE),bzImage)
	$(Q)cp $(STREE)/obj/arch/x86/boot/bzImage $@

# With the headers of the kernel that they are for.  One program that does not compile
# (Debian's 6.12 has such) is no reason to go without the others: what is listed and
# missing fails its test.
$(SELFTESTS)/key: $(SDIR)/configured
	$(Q)ukl-kernel/deps.sh install neighbours
	@echo "  SELFTESTS $(@D)"
	$(call kmake,$(STREE),headers)
	$(Q)rm -rf $(@D)
	$(Q)env -u MAKEFLAGS -u MFLAGS make -k -s -C $(STREE)/tools/testing/selftests \
		O=$(abspath $(STREE)/obj) TARGETS="$(SELFTEST_TARGETS)" CC="$(CC)" \
		-j$(shell nproc) all > $(SDIR)/selftests.log 2>&1 || true
	$(Q)cp -a $(STREE)/obj/kselftest $(@D)
	$(Q)touch $@

MKGUEST := tests/neighbours/mkguest.sh
# The C library loads libgcc when a thread is cancelled, which no program says.
libgcc = $(realpath $(shell $(CC) $(1) -print-file-name=libgcc_s.so.1))
WITH_SELFTESTS = $(SELFTESTS)=/selftests $(SELFTEST_LIST)=/selftests/list \
	/usr/bin/chrt=/bin/chrt \
	$(call libgcc,-m64)=/lib/x86_64-linux-gnu/libgcc_s.so.1 \
	$(call libgcc,-m32)=/lib32/libgcc_s.so.1

$(BUILD)/guest/selftests.cpio.gz: $(BUILD)/guest/initramfs.cpio.gz $(SELFTESTS)/key \
		$(SELFTEST_LIST) $(MKGUEST)
	$(Q)$(MKGUEST) $@ $< $(WITH_SELFTESTS)

$(BUILD)/guest/selftests-plain.cpio.gz: $(BUILD)/guest/initramfs-plain-count.cpio.gz \
		$(SELFTESTS)/key $(SELFTEST_LIST) $(MKGUEST)
	$(Q)$(MKGUEST) $@ $< $(WITH_SELFTESTS)

$(BUILD)/guest/stress.cpio.gz: $(BUILD)/guest/initramfs.cpio.gz $(MKGUEST)
	$(Q)ukl-kernel/deps.sh install neighbours
	$(Q)$(MKGUEST) $@ $< /usr/bin/stress-ng=/bin/stress-ng

security-check:	## ring 3 tries everything to become the application, or to reach ring 0
security-check: $(ECHO_KERNEL) $(RECORDING)
	tests/neighbours/security.sh $(BUILD) $(ECHO_KERNEL) $(BUILD)/system/security
	tests/neighbours/nmi-jump.sh $(BUILD) $(ECHO_KERNEL) $(BUILD)/system/nmi-jump

selftests:	## the kernel's selftests, without UKL and beside the application (ONLY=x86,mm: those)
selftests: $(STOCK_KERNEL) $(COUNT_KERNEL) $(BUILD)/guest/selftests.cpio.gz \
		$(BUILD)/guest/selftests-plain.cpio.gz $(RECORDING)
	tests/neighbours/selftests.sh $(if $(ONLY),--only $(ONLY)) $(BUILD) $(STOCK_KERNEL) $(COUNT_KERNEL) \
		$(BUILD)/guest/selftests.cpio.gz $(BUILD)/guest/selftests-plain.cpio.gz \
		$(BUILD)/system/selftests

stress-check:	## stress-ng beside the echo server, on two processors
stress-check: $(ECHO_KERNEL) $(BUILD)/guest/stress.cpio.gz $(RECORDING)
	tests/neighbours/stress.sh $(BUILD) $(ECHO_KERNEL) $(BUILD)/guest/stress.cpio.gz \
		$(BUILD)/system/stress

.PHONY: security-check selftests stress-check
