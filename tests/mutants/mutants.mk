# SPDX-License-Identifier: GPL-2.0-or-later
#
# The kernel mutants: catalogue says what each should be caught by.

MUTANT_KERNELS := $(patsubst %,$(MIMAGES)/%/bzImage,$(shell awk \
	'$$1 == "workload" { print $$3 }' tests/mutants/catalogue | sort -u))

.PHONY: mutants
mutants: $(MUTANT_KERNELS) $(RECORDING)	## boot every kernel mutant and say which invariant caught it (MUTANTS=NAMES for some)
	$(Q)tests/mutants/mutants.sh $(BUILD) $(MIMAGES) $(BUILD)/mutants $(MUTANTS)

.PHONY: replay-mutants
replay-mutants: $(MUTANT_KERNELS) $(RECORDING)	## replay every mutant that is caught: GDB must stand on the violation (MUTANTS=NAMES)
	$(Q)tests/mutants/mutants.sh --replay $(BUILD) $(MIMAGES) $(BUILD)/replay-mutants $(MUTANTS)

# Mutants of the model itself
.PHONY: model-mutants
model-mutants: $(ASSEMBLE) $(UKL) $(BUILD)/tests/mutate	## small bugs in the model: which do the fixtures see? (MUTANT_STEP=N: each N-th)
	$(Q)tests/mutants/model.sh $(if $(MUTANT_STEP),--every $(MUTANT_STEP)) $(BUILD) \
		$(BUILD)/model-mutants

$(BUILD)/tests/mutate: tests/mutants/mutate.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $<

# Lies in traces: in the fixtures' base run, and in a recorded one that repeats exactly.
COUNT_RUN := $(BUILD)/count-run/trace
COUNT_WORDS := calls=20,jumps=5,faults=10,stack=5,ticks=3

TRACE_MUTANTS := $(BUILD)/trace-mutants/table
TELL_LIES = tests/mutants/trace-mutants.sh $(BUILD) $(COUNT_RUN) $(BUILD)/trace-mutants
LIARS := $(ASSEMBLE) $(UKL) $(BUILD)/tests/trace-mutate $(COUNT_RUN)/metadata

.PHONY: trace-mutants
trace-mutants: $(LIARS)	## small lies in traces: which does the checker see?
	$(Q)$(TELL_LIES)

# For who only wants the lies: whether each is explained is the goal's above to say.
$(TRACE_MUTANTS): $(LIARS) $(wildcard tests/mutants/trace* tests/fixtures/base.trace)
	$(Q)$(TELL_LIES) > $(@D).log || [ -s $@ ]

$(COUNT_RUN)/metadata: $(KIMAGES)/count/bzImage $(BUILD)/guest/initramfs.cpio.gz $(RECORDING)
	$(Q)rm -rf $(COUNT_RUN)
	@mkdir -p $(dir $(COUNT_RUN))
	$(Q)$(UKL) record --icount --timeout 300 --app count --out $(COUNT_RUN) \
		--append "ukl.scenario=count ukl.args=$(COUNT_WORDS)" \
		< /dev/null > $(dir $(COUNT_RUN))console.log

-include $(BUILD)/tests/trace-mutate.d

$(BUILD)/tests/trace-mutate: tests/mutants/trace-mutate.c $(TRACE_LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $< $(TRACE_LIB) $(TRACE_LIBS)
