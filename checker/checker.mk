# SPDX-License-Identifier: GPL-2.0-or-later
#
# build/ukl: the program.  A verb is a file here; what it links with beside the trace
# library it adds to UKL_ARCHIVES, before or after this file: that is expanded late.

UKL := $(BUILD)/ukl
UKL_SRCS := $(sort $(wildcard checker/*.c))
UKL_OBJS := $(UKL_SRCS:%.c=$(BUILD)/%.o)
UKL_LIBS := -ldw -lelf -lcapstone -lpthread

-include $(wildcard $(BUILD)/checker/*.d)

$(BUILD)/checker/%.o: checker/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

.SECONDEXPANSION:
$(UKL): $$(UKL_OBJS) $$(UKL_ARCHIVES) $(TRACE_LIB)
	$(Q)$(CC) $(CFLAGS) -o $@ $(UKL_OBJS) $(UKL_ARCHIVES) $(TRACE_LIB) $(UKL_LIBS)
