# SPDX-License-Identifier: GPL-2.0-or-later
#
# build/ukl: the program.  Verbs of other rooms add their sources to UKL_SRCS and
# their archives to UKL_ARCHIVES before or after this file; both are expanded late.

UKL := $(BUILD)/ukl
UKL_SRCS += checker/main.c checker/cmd.c checker/json.c checker/annotate.c \
	    checker/event_text.c checker/cmd_dump.c checker/cmd_stats.c \
	    checker/cmd_check.c checker/cmd_list.c checker/cmd_describe.c \
	    checker/cmd_record.c checker/story.c
UKL_OBJS  = $(UKL_SRCS:%.c=$(BUILD)/%.o)
UKL_LIBS  = -ldw -lelf -lcapstone -lpthread

-include $(wildcard $(BUILD)/checker/*.d)

$(BUILD)/checker/%.o: checker/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

.SECONDEXPANSION:
$(UKL): $$(UKL_OBJS) $$(UKL_ARCHIVES) $(TRACE_LIB)
	$(Q)$(CC) $(CFLAGS) -o $@ $(UKL_OBJS) $(UKL_ARCHIVES) $(TRACE_LIB) $(UKL_LIBS)
