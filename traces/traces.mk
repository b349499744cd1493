# SPDX-License-Identifier: GPL-2.0-or-later
#
# build/traces/libukltrace.a: vocabulary, writer and reader.  The recorder links
# it into a shared object, so everything is position independent.

TRACE_SRCS := error vocabulary env crc32c metadata whole writer untar reader symbols
TRACE_OBJS := $(TRACE_SRCS:%=$(BUILD)/traces/%.o)
TRACE_LIB  := $(BUILD)/traces/libukltrace.a
TRACE_LIBS := -lelf -lpthread

-include $(TRACE_OBJS:.o=.d)

$(TRACE_OBJS): $(BUILD)/traces/%.o: traces/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -fPIC -c -o $@ $<

$(TRACE_LIB): $(TRACE_OBJS)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^
