# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench.mk - how much recording costs, how large traces are, how fast checking is
#
# Nothing is asserted: numbers of one machine are compared with numbers of the same
# machine in the same run.  BENCH_RUNS=N takes N samples of everything.

BENCH_RUNS ?= 7

.PHONY: bench
bench:	## measure: recording ratio, bytes per event, checking speed, memory
bench: $(ECHO_KERNEL) $(COUNT_KERNEL) $(RECORDING)
	$(Q)tests/bench/bench.sh --runs $(BENCH_RUNS) $(BUILD) $(ECHO_KERNEL) \
		$(COUNT_KERNEL) $(BUILD)/bench
