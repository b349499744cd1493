# SPDX-License-Identifier: GPL-2.0-or-later
#
# Unit tests: test_TOPIC.c is a program of its own, build/tests/unit/test_TOPIC.
# "make unit-check" runs them all and the shell tests beside them.  Topics that
# need more than the trace library say so in UNIT_LIBS_test_TOPIC (archives) and
# UNIT_LDFLAGS_test_TOPIC.

UNIT_TESTS += test_crc32c test_vocabulary test_env test_trace test_damage \
	      test_full test_symbols test_untar test_kill test_oom
UNIT_SCRIPTS += $(addprefix tests/unit/,babeltrace.sh cli.sh formats.sh man.sh completion.sh \
	series.sh lint.sh pages.sh)
UNIT_BIN := $(BUILD)/tests/unit

UNIT_LDFLAGS_test_oom := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup \
	-Wl,--wrap=aligned_alloc,--wrap=open_memstream,--wrap=mmap

-include $(wildcard $(UNIT_BIN)/*.d)

$(UNIT_BIN)/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

.PRECIOUS: $(UNIT_BIN)/%.o

.SECONDEXPANSION:
$(UNIT_BIN)/test_%: $(UNIT_BIN)/test_%.o $(UNIT_BIN)/unit.o \
		$$(UNIT_LIBS_test_$$*) $(TRACE_LIB)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -lcunit $(TRACE_LIBS) $(UNIT_LDFLAGS_test_$*)

.PHONY: unit-check
unit-check:	## the tests that boot nothing: libraries, model, fixtures, programs, pages
unit-check: $(UNIT_TESTS:%=$(UNIT_BIN)/%) $(UKL) $(ASSEMBLE)
	$(Q)UKL=$(UKL) UKL_ASSEMBLE=$(ASSEMBLE) tests/unit/run.sh \
		$(UNIT_TESTS:%=$(UNIT_BIN)/%) $(UNIT_SCRIPTS)
