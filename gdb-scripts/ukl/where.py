# SPDX-License-Identifier: GPL-2.0-or-later
#
# where.py - which side executes, and what led here

import gdb

from ukl import machine, replay, stacks, trace

EXPECTED = {"app": (2,), "user": (0,), "kernel": (0, 1), "gate": (1, 2)}


def agreement(side, mode):
    """Does the flag say what the program counter says?"""
    if side not in EXPECTED or mode is None:
        return "cannot be compared"
    if mode in EXPECTED[side]:
        return "the flag agrees"
    if side == "kernel":
        return "THE FLAG DISAGREES, or an event has just interrupted the application"
    return "THE FLAG DISAGREES"


def flag_text(mode):
    """The flag as a line says it."""
    if mode is None:
        return "unreadable here"
    return "%d, %s" % (mode, machine.MODES.get(mode, "no value of ukl_mode"))


class Where(gdb.Command):
    """Say which side executes: application, gate, kernel or ring 3.

Shown are the side and why we think so, the place, the stack that RSP is on,
what ukl_mode says, whether it agrees, and in a replay the place in the trace."""

    def __init__(self):
        super().__init__("ukl-where", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        machine.needs_thread()
        side, why = machine.side()
        mode = machine.mode()
        lines = [("side", "%s: %s" % (side, why)),
                 ("place", machine.place(machine.register("rip"))),
                 ("stack", stacks.describe(machine.register("rsp"))),
                 ("flag", "%s: %s" % (flag_text(mode), agreement(side, mode)))]
        if replay.running():
            lines.append(("trace", replay.position_text()))
        for heading, text in lines:
            gdb.write("%-6s %s\n" % (heading, text))


class Transitions(gdb.Command):
    """Show the last transitions before this place: ukl-transitions [N]

N is 12 if it is not given. In a replay the place is where it stands; else the
last ones of the trace are shown."""

    def __init__(self):
        super().__init__("ukl-transitions", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        count = trace.number_of(argument) if argument else 12
        options = ["--last", str(count)]
        here = replay.position() if replay.running() else None
        if here:
            options += ["--to", str(here.order)]
        for event in trace.dump(*options):
            mark = "=>" if here and event.order == here.order else "  "
            gdb.write("%s %s\n" % (mark, event.brief()))


class SideFunction(gdb.Function):
    """$ukl_side(): "app", "gate", "kernel", "user" or "unknown"."""

    def __init__(self):
        super().__init__("ukl_side")

    def invoke(self):  # pylint: disable=arguments-differ
        return machine.side()[0]


class ModeFunction(gdb.Function):
    """$ukl_mode(): the current thread's ukl_mode, -1 where it cannot be read."""

    def __init__(self):
        super().__init__("ukl_mode")

    def invoke(self):  # pylint: disable=arguments-differ
        mode = machine.mode()
        return -1 if mode is None else mode


Where()
Transitions()
SideFunction()
ModeFunction()
