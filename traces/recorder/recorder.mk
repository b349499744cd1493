# SPDX-License-Identifier: GPL-2.0-or-later
#
# build/traces/recorder-v4.so (QEMU 10.0 and 10.1) and recorder-v7.so (QEMU 11.1):
# one source, two plugin interfaces.  What they do not define is QEMU's.

RECORDER_APIS := 4 7
RECORDER_SRCS := plugin sites opcodes instrument guest ram tasks events signals user
# QEMU itself may be linked with another Capstone, whose functions would take the
# place of ours: so ours is linked in and not exported.
RECORDER_LIBS := -l:libcapstone.a $(TRACE_LIBS)
RECORDERS     := $(RECORDER_APIS:%=$(BUILD)/traces/recorder-v%.so)

define RECORDER_RULES
RECORDER_OBJS_$(1) := $(RECORDER_SRCS:%=$(BUILD)/traces/recorder/v$(1)/%.o)

$$(RECORDER_OBJS_$(1)): $(BUILD)/traces/recorder/v$(1)/%.o: traces/recorder/%.c
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS) -fPIC -fvisibility=hidden -DRECORDER_API=$(1) -c -o $$@ $$<

$(BUILD)/traces/recorder-v$(1).so: $$(RECORDER_OBJS_$(1)) $(TRACE_LIB)
	$$(Q)$$(CC) $$(CFLAGS) -shared -Wl,--exclude-libs,ALL,-Bsymbolic -o $$@ $$^ $(RECORDER_LIBS)

-include $$(RECORDER_OBJS_$(1):.o=.d)
endef
$(foreach api,$(RECORDER_APIS),$(eval $(call RECORDER_RULES,$(api))))

recorder: $(RECORDERS)	## the QEMU plugins alone

# In a host that only looks like QEMU.  It loads the plugin, it is not linked to it.
UNIT_TESTS += test_recorder
UNIT_SCRIPTS += tests/unit/record.sh tests/unit/replay.sh
UNIT_LDFLAGS_test_recorder := -rdynamic
$(BUILD)/tests/unit/test_recorder: | $(BUILD)/traces/recorder-v4.so

.PHONY: recorder
