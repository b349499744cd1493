# SPDX-License-Identifier: GPL-2.0-or-later
#
# build/model/libuklmodel.a: the reference model.  It needs the C library only.

MODEL_SRCS := step machine tasks catalogue inv_entry inv_exit inv_mode inv_stack inv_irq \
	inv_fault inv_signal inv_thread inv_space inv_isolation
MODEL_OBJS := $(MODEL_SRCS:%=$(BUILD)/model/%.o)
MODEL_LIB  := $(BUILD)/model/libuklmodel.a
UKL_ARCHIVES += $(MODEL_LIB)

-include $(MODEL_OBJS:.o=.d)

$(MODEL_OBJS): $(BUILD)/model/%.o: model/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -I$(@D) -c -o $@ $<

# A group's table is its file's blocks in their order, so nobody keeps a list.
$(filter $(BUILD)/model/inv_%,$(MODEL_OBJS)): %.o: %.list
$(BUILD)/model/inv_%.list: model/inv_%.c
	@mkdir -p $(@D)
	$(Q)sed -n 's/^static const struct ukl_invariant \([a-z0-9_]*\) = {$$/\t\&\1,/p' $< > $@

$(MODEL_LIB): $(MODEL_OBJS)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

include tests/fixtures/fixtures.mk
