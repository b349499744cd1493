# SPDX-License-Identifier: GPL-2.0-or-later
#
# build/model/libuklmodel.a: the reference model.  It needs the C library only.

MODEL_LISTS := $(patsubst model/%.c,$(BUILD)/model/%.list,$(wildcard model/inv_*.c))
MODEL_LIB  := $(BUILD)/model/libuklmodel.a
UKL_ARCHIVES += $(MODEL_LIB)

# With all of it inline a compiler sees paths that nothing takes; which, each version finds
# for itself.  These are told, and no reason to stop.
MODEL_WARN := -Wno-unknown-warning-option \
	$(addprefix -Wno-error=,array-bounds maybe-uninitialized stringop-overflow)

-include $(BUILD)/model/model.d

$(BUILD)/model/model.o: model/model.c $(MODEL_LISTS)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(MODEL_WARN) -I$(@D) -c -o $@ $<

# A group's table is its file's blocks in their order, so nobody keeps a list.
$(BUILD)/model/inv_%.list: model/inv_%.c
	@mkdir -p $(@D)
	$(Q)sed -n 's/^static const struct ukl_invariant \([a-z0-9_]*\) = {$$/UKL_INVARIANT(\1)/p' $< > $@

$(MODEL_LIB): $(BUILD)/model/model.o
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

include tests/fixtures/fixtures.mk
