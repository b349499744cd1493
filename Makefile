# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makefile - the UKL reference model: kernel, recorder, model, checker, tests
#
# Flat: each room adds its rules in ROOM/ROOM.mk, everything built lands under
# build/, and nothing recurses but the kernel's own build.  "make help" lists the
# goals; V=1 shows the commands.

BUILD	:= build
CC	:= gcc
LD	:= ld
CFLAGS	:= -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -MMD -MP
CPPFLAGS := -Itraces -Imodel -Ichecker
CFLAGS	+= $(CPPFLAGS)
# What is built is the same wherever it is built; sources are found from here.
PREFIX_MAP := -ffile-prefix-map=$(CURDIR)=.
CFLAGS	+= $(PREFIX_MAP)
# With another BUILD, all of it a second time under sanitizers: see tests/sanitize.mk
CFLAGS	+= $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
Q	:= $(if $(V),,@)
SHELL	:= /bin/bash

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Goals that must work on a bare machine; for all others the packages come first,
# by way of an included file, which make brings up to date before anything else.
BARE_GOALS := help deps-check clean distclean
ifneq ($(filter-out $(BARE_GOALS),$(MAKECMDGOALS)),)
-include $(BUILD)/deps.mk
endif

$(BUILD)/deps.mk: ukl-kernel/deps.sh
	$(Q)ukl-kernel/deps.sh install
	$(Q)mkdir -p $(@D)
	$(Q)touch $@

include traces/traces.mk
include traces/recorder/recorder.mk
include traces/qemu-user.mk
include model/model.mk
include checker/checker.mk
include apps/apps.mk
include ukl-kernel/kernel.mk
include ukl-kernel/libc/libc.mk
include apps/ports/ports.mk
include tests/tests.mk
include gdb-scripts/gdb-scripts.mk
include docs/docs.mk

.PHONY: all help deps-check clean distclean
all: $(BUILD)/ukl $(RECORDERS) kernel	## build everything, run nothing

deps-check:	## list the Debian packages that are missing
	$(Q)ukl-kernel/deps.sh check && echo "nothing is missing" || echo "(other goals install these by themselves)"

clean:		## remove what was built, except the kernel and its compiler cache
	$(Q)find $(BUILD) -mindepth 1 -maxdepth 1 ! -name kernel ! -name ccache \
		-exec rm -rf {} + 2> /dev/null || true

distclean:	## remove build/ altogether
	$(Q)rm -rf $(BUILD)

help:		## list these goals
	@echo "The UKL reference model. make GOAL, where GOAL is:"
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20
	@echo "V=1 shows the commands; LINUX_TARBALL=FILE builds from another 6.12.y source."
