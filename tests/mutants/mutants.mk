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
COUNT_WORDS := calls=20,jumps=5,faults=10,stack=5,ticks=3,spawn=2
TRACE_MUTATE := $(BUILD)/tests/trace-mutate
TRACE_MUTATE_OBJS := $(BUILD)/tests/mutants/trace-mutate.o $(BUILD)/tests/mutants/lies.o

.PHONY: trace-mutants
trace-mutants: $(ASSEMBLE) $(TRACE_MUTATE) $(COUNT_RUN)/metadata	## small lies in traces: which does the model see?
	$(Q)tests/mutants/trace-mutants.sh $(BUILD) $(COUNT_RUN) $(BUILD)/trace-mutants

$(COUNT_RUN)/metadata: $(KIMAGES)/count/bzImage $(BUILD)/guest/initramfs.cpio.gz $(RECORDING) \
		tests/mutants/mutants.mk
	$(Q)rm -rf $(COUNT_RUN)
	@mkdir -p $(dir $(COUNT_RUN))
	$(Q)$(UKL) record --icount --timeout 300 --app count --out $(COUNT_RUN) \
		--append "ukl.scenario=count ukl.args=$(COUNT_WORDS)" \
		< /dev/null > $(dir $(COUNT_RUN))console.log

-include $(TRACE_MUTATE_OBJS:.o=.d)

$(BUILD)/tests/mutants/%.o: tests/mutants/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

$(TRACE_MUTATE): $(TRACE_MUTATE_OBJS) $(MODEL_LIB) $(TRACE_LIB)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(TRACE_LIBS)
