# SPDX-License-Identifier: GPL-2.0-or-later
#
# fault.mk - failures made to happen, under sanitizers (see sanitize.mk)

.PHONY: fault-check
fault-check:	## every allocation and every call fails once, in every verb (FAULTS=WORDS for some)
	$(Q)$(ASAN_MAKE) $(ASAN)/ukl $(ASAN)/tests/ukl_assemble $(ASAN)/tests/fault.so
	$(Q)tests/fault/fault.sh $(ASAN) $(if $(FAULTS),'$(FAULTS)')

# The sanitizers stay out of it: it stands between them and the program.
$(BUILD)/tests/fault.so: $(wildcard tests/fault/*.[ch])
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP -fsanitize=%,$(CFLAGS)) -fPIC -shared -o $@ \
		$(filter %.c,$^)
