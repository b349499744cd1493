# SPDX-License-Identifier: GPL-2.0-or-later
#
# machine.py - the machine that GDB shows: a guest, a replay, or a core
#
# Which side executes is decided as the recorder does it, from the program counter
# and the code segment.  What cannot be read (a core has no kernel memory, a target
# may be missing) is None, never an error.

import functools
import os

import gdb

GATES = (("__ukl_seam_in_start", "__ukl_seam_in_end"),
         ("__ukl_seam_out_start", "__ukl_seam_out_end"))
MODES = {0: "not a UKL thread", 1: "kernel", 2: "application"}
CURRENT = "__ukl_off_pcpu_current"
WORD_MASK = (1 << 64) - 1
KERNEL_HALF = 1 << 63


def value(expression):
    """An expression as a number of 64 bits, or None."""
    try:
        return int(gdb.parse_and_eval(expression)) & WORD_MASK
    except (gdb.error, OverflowError):
        return None


@functools.lru_cache(maxsize=None)
def symbol(name):
    """The address, or the constant, that a symbol of vmlinux stands for."""
    return value("(unsigned long)&'%s'" % name)


# Another program has other symbols.
for objfiles in (gdb.events.new_objfile, gdb.events.clear_objfiles):
    objfiles.connect(lambda ignored: symbol.cache_clear())


class Silence:
    """While it lasts, GDB does not tell of each stop: of that no option knows."""

    depth = 0

    def __enter__(self):
        Silence.depth += 1
        gdb.flush()
        self.kept = os.dup(1)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.close(null)

    def __exit__(self, *ignored):
        gdb.flush()
        os.dup2(self.kept, 1)
        os.close(self.kept)
        Silence.depth -= 1


def run_on():
    """Continues until something stops the machine."""
    with Silence():
        gdb.execute("continue", to_string=True)


def step():
    """Executes one instruction.  QEMU ends a step before it if a timer interrupts just
    then, and GDB takes that for done; see docs/CAVEATS.md."""
    start = register("rip")
    with Silence():
        while start is not None and register("rip") == start:
            gdb.execute("stepi", to_string=True)


def needs_thread():
    """Says what is missing if there is nothing to look at."""
    if not gdb.selected_thread():
        raise gdb.GdbError("nothing runs; connect to a guest, to a replay with"
                           " ukl-replay DIR, or load a core")


def is_guest():
    """Is it a machine, live or replayed, and no core?"""
    return register("k_gs_base") is not None


def cpu():
    """The virtual CPU that is looked at: QEMU shows each as a thread."""
    thread = gdb.selected_thread()
    return thread.num - 1 if thread else 0


def register(name):
    """A register of the machine itself, not of a frame further out, or None."""
    if not gdb.selected_thread():
        return None
    try:
        frame = gdb.newest_frame()
        return int(frame.read_register(name)) & WORD_MASK
    except (gdb.error, ValueError):
        return None


def read(address, size):
    """A little-endian number in memory, or None."""
    if address is None or not gdb.selected_thread():
        return None
    try:
        raw = gdb.selected_inferior().read_memory(address, size)
    except gdb.error:
        return None
    return int.from_bytes(bytes(raw), "little")


def within(address, start, end):
    """Is the address between two symbols?"""
    low, high = symbol(start), symbol(end)
    return None not in (address, low, high) and low <= address < high


def side_of(pc, cs):
    """The side that executes there, and why."""
    if pc is None:
        return "unknown", "there is no program counter"
    # Ring 3 cannot execute it, but a core shows ring 3's CS.
    if within(pc, "__ukl_text_start", "__ukl_text_end"):
        return "app", "RIP lies in the application's text"
    if cs is not None and cs & 3 == 3:
        return "user", "CS 0x%x is ring 3's" % cs
    if any(within(pc, *gate) for gate in GATES):
        return "gate", "CPL 0, RIP lies in the gate, beside the flag's flip"
    if pc & KERNEL_HALF:
        return "kernel", "CPL 0, RIP lies in no text of the application's"
    return "unknown", "CPL 0, RIP lies in the user half"


def side():
    """The side that executes now, and why."""
    return side_of(register("rip"), register("cs"))


def gs_base():
    """The kernel's GS base, whichever of the two is active."""
    for name in ("gs_base", "k_gs_base"):
        base = register(name)
        if base is not None and base & KERNEL_HALF:
            return base
    return None


def percpu(offset, size):
    """A word of this CPU's area; offset is a symbol that is a constant."""
    base, at = gs_base(), symbol(offset)
    return None if None in (base, at) else read(base + at & WORD_MASK, size)


def current():
    """The task_struct that runs, or None."""
    return percpu(CURRENT, 8)


def of_task(task, offset, size):
    """A member of a task_struct; offset is a symbol that is a constant."""
    at = symbol(offset)
    return None if None in (task, at) else read(task + at, size)


def mode(task=None):
    """What the kernel says of a thread, or None."""
    return of_task(task or current(), "__ukl_off_task_mode", 4)


def place(address):
    """An address as people read it: <do_exit+4> at kernel/exit.c:877."""
    if address is None:
        return "?"
    text = "0x%x" % address
    name = gdb.execute("info symbol 0x%x" % address, to_string=True)
    if not name.startswith("No symbol"):
        text += " <%s>" % name.split(" in section")[0].replace(" + ", "+")
    line = gdb.find_pc_line(address)
    if line.symtab:
        text += " at %s:%d" % (line.symtab.filename, line.line)
    return text
