# SPDX-License-Identifier: GPL-2.0-or-later
#
# model.py - what the model holds true here, through "ukl state"

import gdb

from ukl import machine, replay, trace

SIDES = {"gate": ("gate", "kernel")}    # the model's word: the machine's


def state(*options):
    """The lines of "ukl state" for this place."""
    words = list(options)
    if replay.running():
        here = replay.position()
        words += ["--event", str(here.order if here else 0)]
        # What has begun but is not at its instruction any more has happened.
        if here and here.time < replay.icount() + trace.drift:
            words[-1] = str(here.order + 1)
    return trace.program("state", *words, trace.need(), good=(0, 1)).splitlines()


def told(lines, word):
    """What the line that begins with a word says, or an empty text."""
    return next((line[len(word) + 1:] for line in lines
                 if line.startswith(word + " ")), "")


def differences(lines):
    """In what the machine is not as the model has it."""
    side = told(lines, "at").split(":")[0]
    mode = told(lines, "mode")
    if side not in ("unknown", "") and \
            machine.side()[0] not in SIDES.get(side, (side,)):
        yield "side: the model says %s, the machine %s" % (side, machine.side()[0])
    if mode.isdigit() and machine.mode() not in (None, int(mode)):
        yield "ukl_mode: the model says %s, the machine %d" % (mode, machine.mode())
    task = int(told(lines, "task").split(" ")[0], 16)
    if task and machine.current() not in (None, task):
        yield ("task: the model says 0x%x, the machine 0x%x"
               % (task, machine.current()))


class Check(gdb.Command):
    """Judge the run as far as here: ukl-check

The model steps over the trace's events up to this place. Shown are what was
violated, what the model holds true here, and in what the machine differs.
Outside a replay, all of the trace is judged and nothing is compared."""

    def __init__(self):
        super().__init__("ukl-check", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        lines = state()
        for line in lines:
            if not line.startswith(("context ", "depth ")):
                gdb.write(line + "\n")
        if not replay.running():
            return
        found = list(differences(lines))
        for text in found:
            gdb.write("differs " + text + "\n")
        if not found:
            gdb.write("the machine is as the model has it\n")


class Explain(gdb.Command):
    """Explain an invariant: ukl-explain ID

Its rule, why Linux needs it, and when it is not judged."""

    def __init__(self):
        super().__init__("ukl-explain", gdb.COMMAND_SUPPORT)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        if len(words) != 1:
            raise gdb.GdbError("usage: ukl-explain ID; 'ukl list' lists them")
        gdb.write(trace.program("describe", words[0]))

    def complete(self, text, word):
        """The ids that begin so."""
        ids = [line.split()[0] for line in trace.program("list").splitlines()
               if line.split()]
        return [one for one in ids if one.startswith(text)]


class Frames(gdb.Command):
    """Show the kernel contexts that are open here: ukl-frames [all]

Innermost first, each with what was interrupted and the truth saved at its
entry; with "all", every slot of that. Without a trace, the pt_regs at the top
of the current task's stack is shown, which is the outermost one's."""

    def __init__(self):
        super().__init__("ukl-frames", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        if trace.path:
            for line in state(*(["--truth"] if argument == "all" else [])):
                if line.startswith(("task ", "at ", "depth ", "context ")):
                    gdb.write(line + "\n")
            return
        machine.needs_thread()
        task = machine.current()
        if task is None:
            raise gdb.GdbError("the current task cannot be read here")
        base = machine.of_task(task, "__ukl_off_task_stack", 8)
        top = base + machine.symbol("__ukl_const_thread_size")
        gdb.execute("print *(struct pt_regs *)(0x%x - sizeof(struct pt_regs))" % top)


class DepthFunction(gdb.Function):
    """$ukl_depth(): how many kernel contexts are open here, by the model."""

    def __init__(self):
        super().__init__("ukl_depth")

    def invoke(self):  # pylint: disable=arguments-differ
        return int(told(state(), "depth"))


Check()
Explain()
Frames()
DepthFunction()
