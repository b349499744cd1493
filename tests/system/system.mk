# SPDX-License-Identifier: GPL-2.0-or-later
#
# system.mk - tests that boot a guest, and the demonstration
#
# Each target's files are in $(BUILD)/system/TARGET, the demonstration's in
# $(BUILD)/demo.  The scripts are usable without make: see their first lines.

ECHO_KERNEL  := $(BUILD)/kernel/images/echo/bzImage
COUNT_KERNEL := $(BUILD)/kernel/images/count/bzImage
RECORDING    := $(BUILD)/ukl $(RECORDERS) \
	$(BUILD)/guest/initramfs.cpio.gz
COUNT_RUNS   ?= 10
KILL_RUNS    ?= 20

demo:	## boot the UKL kernel, send real traffic, record, judge
demo: $(ECHO_KERNEL) $(RECORDING) $(BUILD)/apps/echo/echo-client
	tests/system/demo.sh $(BUILD) $(ECHO_KERNEL) $(BUILD)/demo

# A user's own program: an object, an image and a trace for each APP.
RUN_NAME := run-$(basename $(notdir $(firstword $(APP))))-$(shell \
	echo $(abspath $(APP)) | sha256sum | cut -c1-8)
RUN_OBJECT := $(BUILD)/apps/$(RUN_NAME)/ukl.o
export APP_CFLAGS APP_LIBS ARGS

# quotes are heeded in ARGS, and nothing is expanded
run:	## a program of yours in ring 0: APP=program.c [ARGS="..."], see README.md
run: $(KIMAGES)/$(RUN_NAME)/bzImage $(RECORDING)
	@mapfile -d '' -t args < <(printenv ARGS | xargs -r printf '%s\0'); \
	wait $$! || { echo "run: ARGS wants as many quotes as it opens" >&2; exit 2; }; \
	tests/system/run.sh $(if $(SMP),--smp $(SMP)) $(if $(MEMORY),--memory $(MEMORY)) \
		$(if $(TIMEOUT),--timeout $(TIMEOUT)) $(if $(STDIN),--stdin $(STDIN)) \
		$(FILES:%=--files %) $(BUILD) $< $(BUILD)/run/$(RUN_NAME) "$${args[@]}"

ifneq ($(filter run,$(MAKECMDGOALS)),)
$(RUN_OBJECT): $(BUILD)/libc/musl/key run-always
	@UKL_LIBC=$(BUILD)/libc/musl apps/build.sh ukl-kernel/libc/ukl-cc $@ $(APP)
endif
.PHONY: run run-always

apps-check:	## test the applications and their runtime, without a guest
apps-check: $(foreach app,$(UKL_RT_APPS),$(BUILD)/apps/$(app)/$(app)-rt) \
		$(BUILD)/apps/echo/echo-client
	tests/system/apps.sh $(BUILD)

count-check:	## is the trace complete? 10 runs, compared exactly
count-check: $(COUNT_KERNEL) $(RECORDING)
	tests/system/count.sh --runs $(COUNT_RUNS) $(BUILD) $(COUNT_KERNEL) \
		$(BUILD)/system/count

exec-check:	## who may start the application, how often, and as init
exec-check: $(COUNT_KERNEL) $(RECORDING)
	tests/system/exec.sh $(BUILD) $(COUNT_KERNEL) $(BUILD)/system/exec

nmi-check:	## NMIs at any moment of a busy application
nmi-check: $(COUNT_KERNEL) $(RECORDING)
	tests/system/nmi.sh $(BUILD) $(COUNT_KERNEL) $(BUILD)/system/nmi

seams-check:	## NMIs at the instructions that chance does not find
seams-check: $(COUNT_KERNEL) $(RECORDING)
	tests/system/seams.sh $(BUILD) $(COUNT_KERNEL) $(BUILD)/system/seams

machine-check:	## NMIs and machine checks, injected one by one and counted
machine-check: $(BUILD)/kernel/images/probe/bzImage $(RECORDING)
	tests/system/machine.sh --smp 2 $(BUILD) $< $(BUILD)/system/machine

smp2-check:	## the demonstration on two processors
smp2-check: $(ECHO_KERNEL) $(RECORDING) $(BUILD)/apps/echo/echo-client
	tests/system/smp2.sh $(BUILD) $(ECHO_KERNEL) $(BUILD)/system/smp2

reclaim-check:	## transitions while pages are swapped out
reclaim-check: $(ECHO_KERNEL) $(COUNT_KERNEL) $(RECORDING)
	tests/system/reclaim.sh $(BUILD) $(ECHO_KERNEL) $(BUILD)/system/reclaim-echo
	tests/system/reclaim.sh $(BUILD) $(COUNT_KERNEL) $(BUILD)/system/reclaim-count \
		calls=2000 faults=3000 stack=3000 grow=1000 ticks=20

# Programs with musl, beside their ring-3 twins.
libc-check:	## what a C library does with system calls, in ring 0 as in ring 3
libc-check: $(BUILD)/kernel/images/libc/bzImage $(RECORDING)
	tests/system/twin.sh --smp 2 $(BUILD) $< libc $(BUILD)/system/libc

probe-check:	## every kind of transition, in ring 0 as in ring 3
probe-check: $(BUILD)/kernel/images/probe/bzImage $(RECORDING)
	tests/system/twin.sh --smp 2 --disk 1 $(BUILD) $< probe $(BUILD)/system/probe

run-check:	## make run: output, status and verdict of a user's own program
run-check: $(BUILD)/libc/musl/key $(RECORDING)
	$(Q)MAKE="$(MAKE)" tests/system/run-check.sh $(BUILD)

cc-check:	## ukl-cc as makefiles use it, and what it refuses
cc-check: $(BUILD)/libc/musl/key
	$(Q)tests/system/cc.sh $(BUILD)

# Programs nobody here wrote.  Their images are built when one of these is asked for.
PORT_INPUTS = $(KIMAGES)/port-$(1)/bzImage $(BUILD)/apps/port-$(1)/program

lua-check:	## Lua's interpreter and what it can do, in ring 0 as in ring 3
lua-check: $(call PORT_INPUTS,lua) $(RECORDING)
	tests/system/port.sh --memory 512 --timeout 600 $(BUILD) lua $(BUILD)/system/lua \
		apps/ports/lua

usermode-check:	## the same programs in ring 0 and under qemu-user make the same system calls
usermode-check: $(foreach image,count probe libc port-lua,$(KIMAGES)/$(image)/bzImage) $(RECORDING) \
		$(BUILD)/apps/count/count-rt $(BUILD)/apps/port-lua/program $(QEMU_USER)
	tests/system/usermode.sh $(BUILD) $(BUILD)/system/usermode

LOAD_SECONDS ?= 3600
# smp and irqs count the machine's interrupts and time, and want it for themselves.
LOAD_GROUPS := $(filter-out smp irqs,$(shell sed -n 's/^\tGROUP(\([a-z]*\)).*/\1/p' \
	apps/probe/probe.h))
load-check:	## an hour of everything at once (LOAD_SECONDS=N)
load-check: $(BUILD)/kernel/images/probe/bzImage $(RECORDING) $(BUILD)/apps/echo/echo-client \
		$(BUILD)/tests/system/interrupts
	tests/system/load.sh $(BUILD) $< $(BUILD)/system/load $(LOAD_SECONDS) $(LOAD_GROUPS)

SOAK_EVENTS ?= 1000000000
soak-check:	## go on until 10^9 events were judged and none raised an alarm (SOAK_EVENTS=N)
soak-check: $(foreach image,count libc probe,$(KIMAGES)/$(image)/bzImage) $(RECORDING)
	tests/system/soak.sh $(BUILD) $(KIMAGES) $(BUILD)/soak $(SOAK_EVENTS)

THREADTEST := tests/system/port.sh --smp 2 --memory 512 --timeout 3000 $(BUILD) threadtest3

sqlite-check:	## SQLite's shell, speed, fuzz and thread tests, in ring 0 as in ring 3
sqlite-check: $(foreach program,$(PORT_sqlite),$(call PORT_INPUTS,$(program))) $(RECORDING)
	tests/system/port.sh --memory 512 --timeout 600 $(BUILD) sqlite3 \
		$(BUILD)/system/sqlite apps/ports/sqlite shell
	tests/system/port.sh --memory 512 --timeout 600 $(BUILD) speedtest1 \
		$(BUILD)/system/speedtest1 apps/ports/sqlite speed 3
	tests/system/port.sh --memory 512 --timeout 600 \
		--files $(BUILD)/ports/sqlite/fuzzdata4.db $(BUILD) fuzzcheck \
		$(BUILD)/system/fuzzcheck apps/ports/sqlite fuzz fuzzdata4.db
	$(THREADTEST) $(BUILD)/system/threadtest3 apps/ports/sqlite threads lookaside1

crash-check:	## a database of ring 0 outlives its machine, which is killed
crash-check: $(call PORT_INPUTS,sqlite3) $(RECORDING)
	tests/system/crash.sh $(BUILD) $(BUILD)/system/crash

# The same for longer, and SQLite's own suites that are C: minutes to an hour.
crash-full-check: $(call PORT_INPUTS,sqlite3) $(RECORDING)
	tests/system/crash.sh --rounds 20 $(BUILD) $(BUILD)/system/crash-full

speed-full-check: $(call PORT_INPUTS,speedtest1) $(RECORDING)
	tests/system/port.sh --memory 512 --timeout 3000 $(BUILD) speedtest1 \
		$(BUILD)/system/speed-full apps/ports/sqlite speed 25

FUZZDATA ?= 1 2 3 4 5 6 7 8
fuzz-full-check: $(call PORT_INPUTS,fuzzcheck) $(RECORDING)
	tests/system/port.sh --memory 1024 --timeout 20000 \
		$(FUZZDATA:%=--files $(BUILD)/ports/sqlite/fuzzdata%.db) $(BUILD) fuzzcheck \
		$(BUILD)/system/fuzz-full apps/ports/sqlite fuzz $(FUZZDATA:%=fuzzdata%.db)

# One after the other, because each runs for seconds at full speed and its trace is long.
THREADTESTS := walthread1 walthread2 walthread3 walthread4 walthread5 cgt_pager_1 \
	dynamic_triggers checkpoint_starvation_1 checkpoint_starvation_2 \
	create_drop_index_1 lookaside1 vacuum1 stress1 stress2 shared1

threads-full-check: $(call PORT_INPUTS,threadtest3) $(RECORDING)
	set -e; for name in $(THREADTESTS); do \
		$(THREADTEST) $(BUILD)/system/threads-$$name apps/ports/sqlite threads $$name; \
		rm -rf $(BUILD)/system/threads-$$name/trace; \
	done

core-check:	## the application's core dump, read by GDB
core-check: $(BUILD)/kernel/images/crash/bzImage $(BUILD)/guest/initramfs.cpio.gz
	tests/system/core.sh $(BUILD) $< $(BUILD)/system/core

trace-tools-check:	## strace and gdb, as Debian has them, on the application
trace-tools-check: $(BUILD)/kernel/images/probe/bzImage $(RECORDING)
	tests/system/trace-tools.sh $(BUILD) $< \
		$(BUILD)/apps/probe/probe $(BUILD)/system/trace-tools

kill-check:	## SIGKILL the recorder 20 times; all traces inconclusive
kill-check: $(ECHO_KERNEL) $(RECORDING)
	tests/system/kill.sh --runs $(KILL_RUNS) $(BUILD) $(ECHO_KERNEL) \
		$(BUILD)/system/kill

witness-check:	## the trace against QEMU's own log of interrupts
witness-check: $(COUNT_KERNEL) $(RECORDING) $(BUILD)/tests/system/witness
	tests/system/witness.sh $(BUILD) $(COUNT_KERNEL) $(BUILD)/system/witness

$(BUILD)/tests/system/witness: tests/system/witness.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -D_GNU_SOURCE -o $@ $<

$(BUILD)/tests/system/interrupts: tests/system/interrupts.c $(TRACE_LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -D_GNU_SOURCE -o $@ $^ $(TRACE_LIBS)

# The same scenarios on a kernel without UKL, nothing recorded: tells a fault of the
# scenario from one of the kernel.
PLAIN_KERNEL ?= /boot/vmlinuz

plain-check:	## the scenarios on a kernel without UKL, not recorded (PLAIN_KERNEL=FILE)
plain-check: export INITRD := $(BUILD)/guest/initramfs-plain-echo.cpio.gz
plain-check: $(PLAIN_KERNEL) $(BUILD)/guest/initramfs-plain-echo.cpio.gz \
		$(BUILD)/apps/echo/echo-client
	tests/system/demo.sh --plain $(BUILD) $(PLAIN_KERNEL) $(BUILD)/system/plain
	tests/system/demo.sh --plain --smp 2 $(BUILD) $(PLAIN_KERNEL) \
		$(BUILD)/system/plain-smp2
	tests/system/reclaim.sh --plain $(BUILD) $(PLAIN_KERNEL) \
		$(BUILD)/system/plain-reclaim

.PHONY: demo usermode-check load-check soak-check lua-check sqlite-check crash-check crash-full-check speed-full-check \
	fuzz-full-check threads-full-check cc-check run-check libc-check probe-check core-check trace-tools-check apps-check count-check exec-check nmi-check seams-check machine-check smp2-check reclaim-check kill-check \
	witness-check plain-check
