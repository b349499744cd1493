# SPDX-License-Identifier: GPL-2.0-or-later
#
# configs.mk - kernels configured otherwise
#
# $(BUILD)/configs/NAME holds what became of tests/configs/NAME.config.

LONG_SUITES += config-check
CONFIGS ?= preempt lockdep none hardened kasan tracing rt kdata off

# Not of UKL_APPS: linked only into kernels that are meant to die of it, and into those
# with static data in the kernel half
$(eval $(call UKL_RT_APP_RULES,provoke))
$(eval $(call UKL_RT_APP_RULES,kdata))

.PHONY: config-check
config-check: $(KDIR)/patched $(RECORDING) $(BUILD)/apps/provoke/ukl.o \
		$(BUILD)/guest/initramfs-plain-probe.cpio.gz \
		$(foreach app,count echo kdata libc probe,$(BUILD)/apps/$(app)/ukl.o)
config-check:	## kernels configured otherwise: build, boot, stay quiet (CONFIGS="names"; hours)
	$(Q)tests/configs/configs.sh $(BUILD) $(KTREE) $(BUILD)/configs $(CONFIGS)
