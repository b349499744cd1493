# SPDX-License-Identifier: GPL-2.0-or-later
#
# libc.mk - musl for UKL applications
#
#   $(BUILD)/libc/musl/{lib,include}	what ukl-kernel/libc/ukl-cc compiles and links with
#
# Built anew when the script, a patch, the compiler or MUSL_DSC is another one.

LIBC	:= $(BUILD)/libc/musl
LIBC_KEY := $(shell { cat ukl-kernel/source.sh ukl-kernel/libc/musl.sh ukl-kernel/libc/musl/*.patch; \
	$(CC) --version; echo '$(MUSL_DSC)'; } 2> /dev/null | sha256sum | cut -c1-16)
ifneq ($(LIBC_KEY),$(shell cat $(LIBC)/key 2> /dev/null))
$(LIBC)/key: other-libc-inputs
.PHONY: other-libc-inputs
other-libc-inputs:
endif

$(LIBC)/key:
	$(Q)CC="$(CC)" ukl-kernel/libc/musl.sh build $(BUILD)/libc/musl-src $(LIBC)
	$(Q)echo $(LIBC_KEY) > $@

.PHONY: libc
libc: $(LIBC)/key	## build the C library for applications (musl, patched)
