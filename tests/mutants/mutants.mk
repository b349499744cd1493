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

# Lies in traces: in the fixtures' base run, and in what the demonstration recorded.
DEMO_TRACE := $(BUILD)/system/demo/trace

TRACE_MUTANTS := $(BUILD)/trace-mutants/table
TELL_LIES = tests/mutants/trace-mutants.sh $(BUILD) $(DEMO_TRACE) $(BUILD)/trace-mutants
LIARS := $(ASSEMBLE) $(UKL) $(BUILD)/tests/trace-mutate $(DEMO_TRACE)/metadata

.PHONY: trace-mutants
trace-mutants: $(LIARS)	## small lies in traces: which does the checker see?
	$(Q)$(TELL_LIES)

$(TRACE_MUTANTS): $(LIARS) $(wildcard tests/mutants/trace* tests/fixtures/base.trace)
	$(Q)$(TELL_LIES)

$(DEMO_TRACE)/metadata: | $(ECHO_KERNEL) $(RECORDING) $(BUILD)/apps/echo/echo-client
	$(Q)tests/system/demo.sh $(BUILD) $(ECHO_KERNEL) $(BUILD)/system/demo

-include $(BUILD)/tests/trace-mutate.d

$(BUILD)/tests/trace-mutate: tests/mutants/trace-mutate.c $(TRACE_LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $< $(TRACE_LIB) $(TRACE_LIBS)
