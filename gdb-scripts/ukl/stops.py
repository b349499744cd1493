# SPDX-License-Identifier: GPL-2.0-or-later
#
# stops.py - stop on a class of transition

import gdb

from ukl import trace


class Stop(gdb.Breakpoint):
    """One place of a class; hardware, because text may not be writable."""

    def __init__(self, cls, pc, condition):
        super().__init__("*0x%x" % pc, type=gdb.BP_HARDWARE_BREAKPOINT)
        self.cls = cls
        if condition:
            self.condition = condition


class Break(gdb.Command):
    """Stop on a class of transition: ukl-break CLASS [if CONDITION]

CLASS is a class of event, such as gate_in or int_in; the places are those that
it has in the trace in use, which may be one of any run of this kernel.
CONDITION is GDB's; $ukl_side() and $ukl_mode() may be of use.
'delete' removes the breakpoints as any others."""

    def __init__(self):
        super().__init__("ukl-break", gdb.COMMAND_BREAKPOINTS)

    def invoke(self, argument, from_tty):
        cls, _, condition = argument.partition(" if ")
        if not cls.strip():
            raise gdb.GdbError("usage: ukl-break CLASS [if CONDITION]")
        places = trace.places("--class", cls.strip())
        if not places:
            raise gdb.GdbError("the trace has no %s with a place" % cls.strip())
        for pc in sorted(places):
            Stop(cls.strip(), pc, condition.strip())


Break()
