# SPDX-License-Identifier: GPL-2.0-or-later
#
# stacks.py - which stack a CPU is on, with its bounds

import gdb

from ukl import machine

CEA = "struct cpu_entry_area"
ESTACKS = "struct cea_exception_stacks"


def task_stack():
    """The current task's kernel stack, (low, high), or None."""
    low = machine.of_task(machine.current(), "__ukl_off_task_stack", 8)
    size = machine.symbol("__ukl_const_thread_size")
    return None if None in (low, size) else (low, low + size)


def irq_stack():
    """This CPU's stack for interrupts, (low, high), or None."""
    base, offset = machine.gs_base(), machine.symbol("pcpu_hot")
    at = machine.value("(unsigned long)&((struct pcpu_hot *)0)->hardirq_stack_ptr")
    if None in (base, offset, at):
        return None
    top = machine.read(base + offset + at & machine.WORD_MASK, 8)
    size = machine.symbol("__ukl_const_thread_size")
    return None if top is None else (top + 8 - size, top + 8)


def offset_of(struct, member):
    """Where a member lies, or None."""
    return machine.value("(unsigned long)&((%s *)0)->%s" % (struct, member))


def entry_stacks():
    """This CPU's stacks for events: the entry stack and those of the IST."""
    area = machine.percpu("cea_exception_stacks", 8)
    estacks, entry = (offset_of(CEA, name) for name in ("estacks", "entry_stack_page"))
    if not area or None in (estacks, entry):
        return
    yield "the entry stack", area - estacks + entry, area - estacks + entry + 4096
    for field in gdb.lookup_type(ESTACKS).fields():
        if field.name.endswith("_stack"):
            low = area + field.bitpos // 8
            yield "IST stack " + field.name[:-6], low, low + field.type.sizeof


def known():
    """What stacks there are: (name, low, high)."""
    for name, bounds in (("the task's kernel stack", task_stack()),
                         ("the CPU's interrupt stack", irq_stack())):
        if bounds:
            yield (name, *bounds)
    yield from entry_stacks()


def describe(sp):
    """The stack that a stack pointer is on."""
    if sp is None:
        return "RSP is not known"
    for name, low, high in known():
        if low < sp <= high:
            return "0x%x, on %s, 0x%x-0x%x" % (sp, name, low, high)
    if sp & machine.KERNEL_HALF:
        return "0x%x, in the kernel half, on no stack that is known here" % sp
    return "0x%x, in the user half: the program's" % sp


class Stacks(gdb.Command):
    """Show which stack each CPU is on, and the stacks that are known, with bounds."""

    def __init__(self):
        super().__init__("ukl-stacks", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        machine.needs_thread()
        chosen = gdb.selected_thread()
        try:
            for thread in sorted(gdb.selected_inferior().threads(),
                                 key=lambda thread: thread.num):
                thread.switch()
                self.show(machine.cpu())
        finally:
            chosen.switch()

    @staticmethod
    def show(cpu):
        """One CPU's."""
        sp = machine.register("rsp")
        gdb.write("cpu %d: %s\n" % (cpu, describe(sp)))
        for name, low, high in known():
            mark = "=>" if sp is not None and low < sp <= high else "  "
            gdb.write("  %s 0x%x-0x%x %s\n" % (mark, low, high, name))


Stacks()
