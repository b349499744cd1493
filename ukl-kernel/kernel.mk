# SPDX-License-Identifier: GPL-2.0-or-later
#
# kernel.mk - from Debian's kernel source to one bootable image per application
#
#   $(BUILD)/kernel/tree		the unpacked source, a git repository:
#					branch base, and the series on branch ukl
#   $(BUILD)/kernel/tree/obj		its objects, shared by all applications
#   $(BUILD)/kernel/images/NAME/	vmlinux and bzImage with NAME linked in
#   $(BUILD)/kernel/mutants/...		the same for the mutant kernel
#
# A kernel is the same file wherever it is built: see kbuild.sh.

LINUX_TARBALL	?= /usr/src/linux-source-6.12.tar.xz
KDIR		:= $(BUILD)/kernel
KTREE		:= $(KDIR)/tree
KCONFIG		:= ukl-kernel/config
KIMAGES		:= $(KDIR)/images
SERIES		:= ukl-kernel/series.sh

export CCACHE_DIR	:= $(abspath $(BUILD))/ccache
export CCACHE_SLOPPINESS := time_macros,include_file_mtime,include_file_ctime
export KBUILD_BUILD_TIMESTAMP := 1970-01-01
export KBUILD_BUILD_VERSION := 1
export KBUILD_BUILD_USER := ukl
export KBUILD_BUILD_HOST := ukl

# $(call kbuild,TREE,goals); not $(MAKE), so that "make -n" stays dry
kbuild = CC="$(CC)" ukl-kernel/kbuild.sh $(1) obj $(2)

# $(call kmake,TREE,goals): the same, one at a time per tree
kmake = $(Q)flock $(1).lock env $(call kbuild,$(1),$(2))

# Another LINUX_TARBALL= than the last time counts as a newer one.
ifneq ($(LINUX_TARBALL),$(shell cat $(KDIR)/unpacked 2> /dev/null))
$(KDIR)/unpacked: another-tarball
.PHONY: another-tarball
another-tarball:
endif

$(KDIR)/unpacked: $(LINUX_TARBALL)
	$(Q)mkdir -p $(@D)
	$(Q)$(SERIES) unpack $(LINUX_TARBALL) $(KTREE)
	$(Q)echo $(LINUX_TARBALL) > $@

$(KDIR)/patched: $(KDIR)/unpacked $(wildcard ukl-kernel/patches/*.patch) $(SERIES)
	$(Q)$(SERIES) apply $(KTREE) ukl base ukl-kernel/patches
	$(Q)touch $@

$(KDIR)/configured: $(KDIR)/patched $(KCONFIG)
	$(Q)mkdir -p $(KTREE)/obj
	$(call kmake,$(KTREE),KCONFIG_ALLCONFIG=$(abspath $(KCONFIG)) allnoconfig > /dev/null)
	$(Q)ukl-kernel/config-check.sh $(KCONFIG) $(KTREE)/obj/.config
	$(Q)touch $@

# $(call kernel_image,IMAGES,TREE,CONFIGURED): rules for IMAGES/NAME/{vmlinux,bzImage}
define kernel_image
$(1)/%/bzImage $(1)/%/vmlinux: $(BUILD)/apps/%/ukl.o $(3)
	@echo "  KERNEL  $$(@D)$$(if $$(wildcard $(2)/obj/vmlinux.a),, (the first build takes minutes))"
	$$(Q)mkdir -p $$(@D)
	$$(Q)exec 9> $(2).lock; flock 9; \
		{ cmp -s $$< $(2)/obj/ukl.o || cp $$< $(2)/obj/ukl.o; } && \
		$$(call kbuild,$(2),vmlinux bzImage) && \
		cp $(2)/obj/vmlinux $(2)/obj/arch/x86/boot/bzImage $$(@D)
endef
$(eval $(call kernel_image,$(KIMAGES),$(KTREE),$(KDIR)/configured))

# The kernel's own commands for GDB, lx-*: obj/vmlinux-gdb.py loads them.
KERNEL_GDB	:= $(KTREE)/obj/scripts/gdb/linux/constants.py
$(KERNEL_GDB): $(KDIR)/configured
	$(call kmake,$(KTREE),scripts_gdb)
	$(Q)touch $@

# The mutant kernel: the same with a second series on top, in a second checkout.
MDIR		:= $(KDIR)/mutants
MTREE		:= $(MDIR)/tree
MIMAGES		:= $(MDIR)/images

$(MDIR)/patched: $(KDIR)/patched $(wildcard ukl-kernel/mutants/*.patch)
	$(Q)mkdir -p $(@D)
	$(Q)$(SERIES) worktree $(KTREE) $(MTREE) mutants
	$(Q)$(SERIES) apply $(MTREE) mutants ukl ukl-kernel/mutants
	$(Q)touch $@

# The compiler's cache is warm once the plain kernel is built.
$(MDIR)/configured: $(MDIR)/patched $(KCONFIG) | $(KIMAGES)/count/bzImage
	$(Q)mkdir -p $(MTREE)/obj
	$(call kmake,$(MTREE),KCONFIG_ALLCONFIG=$(abspath $(KCONFIG)) allnoconfig > /dev/null)
	$(Q)touch $@

$(eval $(call kernel_image,$(MIMAGES),$(MTREE),$(MDIR)/configured))

.SECONDARY: $(foreach app,$(UKL_APPS),$(KIMAGES)/$(app)/vmlinux $(KIMAGES)/$(app)/bzImage)
.NOTPARALLEL: kernel

.PHONY: kernel mutant-kernel export-patches export-mutants
kernel: $(foreach app,$(UKL_APPS),$(KIMAGES)/$(app)/bzImage)	## build the UKL kernel, an image for each application

mutant-kernel: $(MIMAGES)/count/bzImage	## build the kernel that can misbehave on request

export-patches:	## write the commits of build/kernel/tree back to ukl-kernel/patches
	$(Q)$(SERIES) export $(KTREE) base ukl ukl-kernel/patches
	$(Q)touch $(KDIR)/patched

export-mutants:	## the same for build/kernel/mutants/tree and ukl-kernel/mutants
	$(Q)$(SERIES) export $(MTREE) ukl mutants ukl-kernel/mutants
	$(Q)touch $(MDIR)/patched
