# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tools that tests use: build/tests/ukl_assemble.

ASSEMBLE := $(BUILD)/tests/ukl_assemble

-include $(ASSEMBLE).d

$(ASSEMBLE): tests/support/ukl_assemble.c $(TRACE_LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $< $(TRACE_LIB) $(TRACE_LIBS)
