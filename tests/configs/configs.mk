# SPDX-License-Identifier: GPL-2.0-or-later
#
# configs.mk - kernels configured otherwise
#
# $(BUILD)/configs/NAME holds what became of tests/configs/NAME.config.

LONG_SUITES += config-check
CONFIGS ?= preempt lockdep none hardened kasan tracing rt off

# Linked only into kernels that are meant to die of it, so not one of UKL_APPS
$(eval $(call UKL_RT_APP_RULES,provoke))

.PHONY: config-check
config-check: $(KDIR)/patched $(RECORDING) $(BUILD)/apps/provoke/ukl.o \
		$(BUILD)/guest/initramfs-plain-probe.cpio.gz \
		$(foreach app,count libc probe,$(BUILD)/apps/$(app)/ukl.o)
config-check:	## kernels configured otherwise: build, boot, stay quiet (CONFIGS="names"; hours)
	$(Q)tests/configs/configs.sh $(BUILD) $(KTREE) $(BUILD)/configs $(CONFIGS)
