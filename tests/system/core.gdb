# SPDX-License-Identifier: GPL-2.0-or-later
#
# core.gdb - what GDB finds in a core of apps/crash, "NAME=VALUE" a line, then the stacks
#
# Expects $here, the address of the faulting instruction, and $data, that of
# crash_data, both from the symbol table.

set print frame-arguments none
set width 0
printf "signal=%d\n", $_siginfo.si_signo
printf "fault=%#lx\n", $_siginfo._sifields._sigfault.si_addr
printf "data=%#lx\n", crash_data
printf "by_symbol=%#lx\n", *(long *)$data
printf "bss=%#lx\n", crash_bss
printf "rodata=%#lx\n", crash_rodata[3]
printf "heap=%s\n", crash_heap
printf "at=%d\n", $rip == $here
printf "rbx=%#lx\n", $rbx
printf "r12=%#lx\n", $r12
printf "r13=%#lx\n", $r13
printf "r14=%#lx\n", $r14
printf "r15=%#lx\n", $r15
printf "selectors=%#x %#x\n", $cs, $ss
echo STACK\n
backtrace
echo THREADS\n
info threads
echo FRAME\n
frame function inner
printf "local=%#lx\n", local
