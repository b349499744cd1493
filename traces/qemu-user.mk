# SPDX-License-Identifier: GPL-2.0-or-later
#
#   $(BUILD)/qemu-user/qemu-x86_64	runs an ordinary program and takes plugins
#
# Built anew when the script, the compiler or QEMU_DSC is another one.

QEMU_USER := $(BUILD)/qemu-user/qemu-x86_64
QEMU_USER_KEY := $(shell { cat ukl-kernel/source.sh traces/qemu-user.sh; $(CC) --version; \
	echo '$(QEMU_DSC)'; } 2> /dev/null | sha256sum | cut -c1-16)
ifneq ($(QEMU_USER_KEY),$(shell cat $(BUILD)/qemu-user/key 2> /dev/null))
$(BUILD)/qemu-user/key: other-qemu-user-inputs
.PHONY: other-qemu-user-inputs
other-qemu-user-inputs:
endif

$(BUILD)/qemu-user/key:
	$(Q)ukl-kernel/deps.sh install qemu_user
	$(Q)CC="$(CC)" traces/qemu-user.sh $(BUILD)/qemu-user-src $(@D)
	$(Q)echo $(QEMU_USER_KEY) > $@

$(QEMU_USER): $(BUILD)/qemu-user/key

.PHONY: qemu-user
qemu-user: $(QEMU_USER) $(BUILD)/traces/recorder-v4.so	## build QEMU's user mode with plugins, from Debian's source package
