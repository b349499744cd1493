# SPDX-License-Identifier: GPL-2.0-or-later
#
# ports.mk - programs nobody here wrote, from Debian's source packages, unchanged
#
#   $(BUILD)/ports/NAME/		the programs of apps/ports/NAME.sh
#   $(BUILD)/apps/port-PROGRAM/	PROGRAM for vmlinux, and for the guest's ring 3

PORT_lua	:= lua
PORT_sqlite	:= sqlite3 speedtest1 fuzzcheck threadtest3
PORTS		:= lua sqlite

define PORT_PROGRAM_RULES
$(BUILD)/apps/port-$(2)/ukl.o: $(BUILD)/ports/$(1)/built
	@mkdir -p $$(@D)
	$(Q)ukl-kernel/libc/ukl-cc --object $$@ $(BUILD)/ports/$(1)/$(2)

$(BUILD)/apps/port-$(2)/program: $(BUILD)/ports/$(1)/built
	@mkdir -p $$(@D)
	$(Q)objcopy -g -R .ukl_object $(BUILD)/ports/$(1)/$(2) $$@
endef

define PORT_RULES
$(BUILD)/ports/$(1)/built: apps/ports/$(1).sh apps/ports/recipe.sh ukl-kernel/source.sh \
		$(BUILD)/libc/musl/key ukl-kernel/libc/ukl-cc apps/rt/mkukl.sh apps/rt/merge.lds
	$(Q)UKL_LIBC=$(abspath $(BUILD)/libc/musl) apps/ports/$(1).sh \
		$(BUILD)/ports/$(1)-src $(BUILD)/ports/$(1)
	$(Q)touch $$@
$(foreach program,$(PORT_$(1)),$(eval $(call PORT_PROGRAM_RULES,$(1),$(program))))
endef
$(foreach port,$(PORTS),$(eval $(call PORT_RULES,$(port))))

.PHONY: ports
ports: $(PORTS:%=$(BUILD)/ports/%/built)	## build Lua and SQLite for UKL, from Debian's sources
