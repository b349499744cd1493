# SPDX-License-Identifier: GPL-2.0-or-later
#
# apps.mk - applications, each from one source in two forms, and the guest's disk
#
#   $(BUILD)/apps/NAME/ukl.o	for vmlinux: freestanding, prefixed, checked
#   $(BUILD)/apps/NAME/NAME	an ordinary static program (guest or host)
#   $(BUILD)/guest/initramfs.cpio.gz	the ring-3 side of the guest

UKL_RT_APPS := echo count	# with our small runtime
UKL_LIBC_APPS := libc probe crash	# with musl: all sources of apps/NAME
UKL_APPS := $(UKL_RT_APPS) $(UKL_LIBC_APPS)
UKL_RT_OBJS := $(addprefix $(BUILD)/apps/rt/,start.o init.o posix.o string.o stdio.o)

# The kernel's code model, no red zone (interrupts may use the stack below RSP
# only on IST stacks, but the call gate pushes), and nothing that needs a
# dynamic linker, unwinder or stack-protector canary at %gs.
UKL_APP_CFLAGS := -ffreestanding -fno-PIC -fno-pie -mno-red-zone -mcmodel=kernel \
	-fno-stack-protector -fcf-protection=none -ftls-model=local-exec \
	-fno-asynchronous-unwind-tables -fno-unwind-tables -fno-common \
	-U_FORTIFY_SOURCE

$(BUILD)/apps/rt/posix.o: UKL_EXTRA := -D_DEFAULT_SOURCE
$(BUILD)/apps/rt/init.o $(BUILD)/apps/rt/stdio.o: UKL_EXTRA := -D_GNU_SOURCE
$(BUILD)/apps/rt/string.o: UKL_EXTRA := -D_GNU_SOURCE -fno-tree-loop-distribute-patterns

$(BUILD)/apps/rt/%.o: apps/rt/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(UKL_APP_CFLAGS) $(UKL_EXTRA) -c -o $@ $<

$(BUILD)/apps/rt/%.o: apps/rt/%.S
	@mkdir -p $(@D)
	$(Q)$(CC) -g $(PREFIX_MAP) -fcf-protection=none -MMD -MP -c -o $@ $<

define UKL_RT_APP_RULES
$(BUILD)/apps/$(1)/$(1).o: apps/$(1)/$(1).c
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS) $$(UKL_APP_CFLAGS) -D_GNU_SOURCE -c -o $$@ $$<

$(BUILD)/apps/$(1)/ukl.o: $(BUILD)/apps/$(1)/$(1).o $(UKL_RT_OBJS) \
		apps/rt/mkukl.sh apps/rt/merge.lds
	$$(Q)apps/rt/mkukl.sh $$@ $$(filter %.o,$$^)

$(BUILD)/apps/$(1)/$(1): apps/$(1)/$(1).c
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS) -D_GNU_SOURCE -static -o $$@ $$<

# The UKL objects in ring 3, on whatever Linux this is: tests the runtime.
$(BUILD)/apps/$(1)/$(1)-rt: $(BUILD)/apps/$(1)/$(1).o $(UKL_RT_OBJS) \
		$(BUILD)/apps/rt/native.o apps/rt/native.lds
	$$(Q)$$(LD) -o $$@ -T apps/rt/native.lds $$(filter %.o,$$^)
endef
$(foreach app,$(UKL_RT_APPS),$(eval $(call UKL_RT_APP_RULES,$(app))))
$(eval $(call UKL_RT_APP_RULES,rogue))	# for the mutants only

# In ring 3 the same sources with the C library as Debian has it.
LIBC_APP_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -D_GNU_SOURCE $(PREFIX_MAP)
UKL_CC := UKL_LIBC=$(BUILD)/libc/musl ukl-kernel/libc/ukl-cc
MUSL_GCC := musl-gcc -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu

define UKL_LIBC_APP_RULES
$(BUILD)/apps/$(1)/ukl.o: $(wildcard apps/$(1)/*.[chS]) $(BUILD)/libc/musl/key \
		ukl-kernel/libc/ukl-cc apps/rt/mkukl.sh apps/rt/merge.lds
	@mkdir -p $$(@D)
	$$(Q)$(UKL_CC) $(LIBC_APP_CFLAGS) -o $$@ $$(filter %.c %.S,$$^)

$(BUILD)/apps/$(1)/$(1): $(wildcard apps/$(1)/*.[chS])
	@mkdir -p $$(@D)
	$$(Q)$(MUSL_GCC) $(LIBC_APP_CFLAGS) -static -no-pie -o $$@ $$(filter %.c %.S,$$^)
endef
$(foreach app,$(UKL_LIBC_APPS),$(eval $(call UKL_LIBC_APP_RULES,$(app))))

# Load for the echo server, for the guest's ring 3 and for the host alike.
$(BUILD)/apps/echo/echo-client: apps/echo/echo-client.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -D_GNU_SOURCE -static -o $@ $<

# Tries to become the application; see tests/system/security.sh.
$(BUILD)/apps/attack/attack: $(wildcard apps/attack/*.[ch])
	@mkdir -p $(@D)
	$(Q)$(MUSL_GCC) $(LIBC_APP_CFLAGS) -mfsgsbase -static -no-pie -o $@ $(filter %.c,$^)

-include $(UKL_RT_OBJS:.o=.d)
-include $(foreach app,$(UKL_RT_APPS),$(BUILD)/apps/$(app)/$(app).d)

# The ring-3 side of the guest: /UKL is a text that the UKL kernel only needs the
# name of.  initramfs-plain-NAME has the ordinary program NAME there instead, for
# runs on a kernel without UKL.
BUSYBOX ?= /usr/bin/busybox
GUEST_BIN := $(foreach app,$(UKL_APPS),$(BUILD)/apps/$(app)/$(app)) \
	$(BUILD)/apps/echo/echo-client $(BUILD)/apps/attack/attack \
	$(BUILD)/apps/kdata/kdata
GUEST_FILES := apps/guest/mkinitramfs.sh apps/guest/init apps/guest/stub \
	$(wildcard apps/guest/scenarios/*.sh)

$(BUILD)/guest/initramfs.cpio.gz: $(GUEST_FILES) $(GUEST_BIN)
	@mkdir -p $(@D)
	$(Q)apps/guest/mkinitramfs.sh $@ $(BUSYBOX) apps/guest/stub $(GUEST_BIN)

$(BUILD)/guest/initramfs-plain-%.cpio.gz: $(GUEST_FILES) $(GUEST_BIN)
	@mkdir -p $(@D)
	$(Q)apps/guest/mkinitramfs.sh $@ $(BUSYBOX) $(BUILD)/apps/$*/$* $(GUEST_BIN)

# "ukl record --app NAME" looks for these; all applications share one.
UKL_APP_INITRDS := $(UKL_APPS:%=$(BUILD)/guest/initramfs-%.cpio.gz)

$(UKL_APP_INITRDS): $(BUILD)/guest/initramfs.cpio.gz
	$(Q)ln -f $< $@

apps: $(foreach app,$(UKL_APPS),$(addprefix $(BUILD)/apps/$(app)/,ukl.o $(app))) \
	$(UKL_APP_INITRDS)
.PHONY: apps
