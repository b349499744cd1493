# SPDX-License-Identifier: GPL-2.0-or-later
#
# fuzz.mk - the readers of untrusted bytes, and all that is behind them, under fuzzing
#
# $(BUILD)/fuzzer is the build once more for libFuzzer; $(ASAN)/fuzz has the same
# targets with a main() that replays files.  Inputs are in $(BUILD)/fuzz.

FUZZ_TARGETS := reader untar metadata coverage check verbs
FUZZER       := $(BUILD)/fuzzer
FUZZ_SECONDS ?= 60
FUZZ_MAKE     = $(MAKE) -s --no-print-directory BUILD=$(FUZZER) CC=clang \
	SANITIZE=fuzzer-no-link,address,undefined

IS_FUZZER := $(findstring fuzzer,$(SANITIZE))
FUZZ_OBJS := $(patsubst %,$(BUILD)/fuzz/%.o,fuzz $(if $(IS_FUZZER),,replay))

-include $(wildcard $(BUILD)/fuzz/*.d)

$(BUILD)/fuzz/%.o: tests/fuzz/%.c $(BUILD)/fuzz/base/metadata
	$(Q)$(CC) $(CFLAGS) -DFUZZ_BASE='"$(BUILD)/fuzz/base/metadata"' -c -o $@ $<

.PRECIOUS: $(BUILD)/fuzz/%.o

$(BUILD)/fuzz/base/metadata: tests/fixtures/base.trace $(ASSEMBLE)
	@mkdir -p $(@D)
	$(Q)awk -f tests/fixtures/expand.awk /dev/null $< > $(BUILD)/fuzz/base.text
	$(Q)$(ASSEMBLE) $(BUILD)/fuzz/base.text $(@D)

$(FUZZ_TARGETS:%=$(BUILD)/fuzz/%): $(BUILD)/fuzz/%: $(BUILD)/fuzz/%.o $(FUZZ_OBJS) \
		$$(filter-out $(BUILD)/checker/main.o,$$(UKL_OBJS)) $$(UKL_ARCHIVES) $(TRACE_LIB)
	$(Q)$(CC) $(CFLAGS) $(if $(IS_FUZZER),-fsanitize=fuzzer) \
		-Wl,--wrap=ukl_model_create -o $@ $^ $(UKL_LIBS)

$(BUILD)/fuzz/seed: $(BUILD)/fuzz/seed.o $(TRACE_LIB)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(TRACE_LIBS)

# Made of the fixtures, so they are not kept twice.
$(BUILD)/fuzz/seeds/made: $(wildcard tests/fixtures/*.pass tests/fixtures/*.fail) \
		tests/fixtures/base.trace tests/fuzz/seeds.sh $(BUILD)/fuzz/seed $(UKL) $(ASSEMBLE)
	$(Q)tests/fuzz/seeds.sh $(BUILD) $(@D)
	$(Q)touch $@

.PHONY: fuzz fuzz-check fuzz-corpus
fuzz: $(BUILD)/fuzz/seeds/made	## fuzz with libFuzzer (FUZZ_SECONDS=N for each of FUZZ=TARGETS)
	$(Q)ukl-kernel/deps.sh install fuzz
	$(Q)$(FUZZ_MAKE) $(FUZZ_TARGETS:%=$(FUZZER)/fuzz/%)
	$(Q)tests/fuzz/fuzz.sh --seconds $(FUZZ_SECONDS) $(BUILD) $(or $(FUZZ),$(FUZZ_TARGETS))

fuzz-corpus:	# what "make fuzz" found on its way, as few inputs as reach the same, for git
	$(Q)tests/fuzz/fuzz.sh --pack $(BUILD) $(or $(FUZZ),$(FUZZ_TARGETS))

fuzz-check: $(BUILD)/fuzz/seeds/made	## replay what fuzzing found, under sanitizers
	$(Q)$(ASAN_MAKE) $(FUZZ_TARGETS:%=$(ASAN)/fuzz/%)
	$(Q)tests/fuzz/fuzz.sh --replay $(BUILD) $(FUZZ_TARGETS)
