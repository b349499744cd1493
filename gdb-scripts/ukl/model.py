# SPDX-License-Identifier: GPL-2.0-or-later
#
# model.py - what the model holds true here, through "ukl state"

import gdb

from ukl import machine, replay, trace

SIDES = {"gate": ("gate", "kernel")}    # the model's word: the machine's
STORIES = 10                            # violations that are told at once


def next_event():
    """The number of the event that comes next, and whether the machine stands on it;
    None: behind all that is recorded."""
    if not replay.running():
        return None, False
    here = replay.position()
    if not here:
        return 0, False
    standing = here.time == replay.icount() + trace.drift
    return here.order + (0 if standing else 1), standing


def state(order, *options):
    """The lines of "ukl state" before that event."""
    if order is not None:
        options += ("--event", str(order))
    return trace.program("state", *options, trace.need(), good=(0, 1)).splitlines()


def state_here(*options):
    """The same for this place."""
    lines = state(next_event()[0], *options)
    cpu = machine.cpu()
    if live(lines) and cpu:
        lines = state(None, "--cpu", str(cpu), *options)
    return lines


def told(lines, word):
    """What the line that begins with a word says, or an empty text."""
    return next((line[len(word) + 1:] for line in lines
                 if line.startswith(word + " ")), "")


def stories(lines):
    """The violations, each with its indented lines."""
    found = []
    for line in lines:
        if line.startswith("violation  "):
            found[-1] += "\n" + line
        elif line.startswith("violation "):
            found.append(line)
    return found


def live(lines):
    """Is it the guest's own recorder that is writing the trace, each event at once?"""
    return told(lines, "trace") == "recording events" and machine.is_guest()


def side_of(lines):
    """The sides of the machine that are the model's."""
    side = told(lines, "at").split(":")[0]
    return SIDES.get(side, (side,))


def same_side(lines, order, standing):
    """What leads to an event has happened when the machine stands on it; on a guest it is
    not recorded yet, and only the place tells."""
    here = machine.side()[0]
    if side_of(lines)[0] in ("unknown", "") or here in side_of(lines):
        return True
    if order is None:
        return machine.register("rip") in trace.places()
    return standing and here in side_of(state(order + 1))


def switching(order):
    """Is a switch of tasks under way? current changes a little later than its event."""
    until = [] if order is None else ["--to", str(order - 1)]
    events = [] if order == 0 else trace.dump("--last", "16", *until)
    classes = [event.cls for event in events
               if event.cls != "ctrl" and event.cpu == machine.cpu()]
    return classes[-1:] == ["switch"]


def differences(lines, order, standing):
    """In what the machine is not as the model has it."""
    mode = told(lines, "mode")
    task = int(told(lines, "task").split(" ")[0], 16)
    if not same_side(lines, order, standing):
        yield ("side: the model says %s, the machine %s%s"
               % (side_of(lines)[0], machine.side()[0], "" if order is not None else
                  "; if the event is due with this very instruction, stepi settles it"))
    if switching(order):
        return
    if mode.isdigit() and machine.mode() not in (None, int(mode)):
        yield "ukl_mode: the model says %s, the machine %d" % (mode, machine.mode())
    if task and machine.current() not in (None, task):
        yield ("task: the model says 0x%x, the machine 0x%x"
               % (task, machine.current()))


def compared(lines):
    """What the machine says to what the model says."""
    order, standing = next_event()
    if order is None and not live(lines):
        if told(lines, "trace") == "recording packets":
            return ["not compared: the recorder keeps its last events back, unless it is"
                    " told write=events"]
        return ["not compared: the trace is not one of what runs here"]
    return ["differs " + text for text in differences(lines, order, standing)] or \
        ["the machine is as the model has it"]


class Watch:
    """Judges wherever the machine stops."""

    def __init__(self):
        self.running = False
        self.events = self.violations = 0

    def switch(self, running):
        """On, beginning with all that was violated until here; or off."""
        trace.need()
        if running and not self.running:
            gdb.events.stop.connect(self.stopped)
        if self.running and not running:
            gdb.events.stop.disconnect(self.stopped)
        self.running = running
        self.violations = 0
        if running:
            self.stopped()

    def stopped(self, *ignored):
        """What is new here; an error must not reach GDB, which has stopped well."""
        if not self.running or machine.Silence.depth or not gdb.selected_thread():
            return
        try:
            self.judge(state_here())
        except (gdb.error, gdb.GdbError) as error:
            gdb.write("ukl-check: %s\n" % error)

    def judge(self, lines):
        """The new violations, and a line."""
        violations = stories(lines)
        events = int(told(lines, "events"))
        show(violations[self.violations:])
        gdb.write("ukl-check: %d events (%+d), %d violations (%+d); %s\n"
                  % (events, events - self.events, len(violations),
                     len(violations) - self.violations, "; ".join(compared(lines))))
        self.events, self.violations = events, len(violations)


def show(violations):
    """The first ones, and how many more there are."""
    for story in violations[:STORIES]:
        gdb.write(story + "\n")
    if len(violations) > STORIES:
        gdb.write("... and %d more\n" % (len(violations) - STORIES))


class Check(gdb.Command):
    """Judge the run as far as here: ukl-check [on|off]

The model steps over the events up to this place: in a replay those of its trace, on a
guest those that are recorded by now. Shown are what was violated, what the model holds
true here, and in what the machine differs. With "on" that is done wherever the machine
stops, and a line says what is new; "off" ends it.

Nothing is compared if the trace in use is of another run, or of a guest whose recorder
was not told to write each event at once ("make gdb" tells it, and 'ukl record
--plugin-option write=events')."""

    def __init__(self):
        super().__init__("ukl-check", gdb.COMMAND_STATUS)
        self.watch = Watch()
        replay.arrivals.append(self.watch.stopped)

    def invoke(self, argument, from_tty):
        if argument in ("on", "off"):
            self.watch.switch(argument == "on")
            return
        if argument:
            raise gdb.GdbError("usage: ukl-check [on|off]")
        lines = state_here()
        show(stories(lines))
        for line in lines:
            if not line.startswith(("violation ", "context ", "depth ")):
                gdb.write(line + "\n")
        if gdb.selected_thread():
            gdb.write("".join(line + "\n" for line in compared(lines)))

    def complete(self, text, word):
        """The words that begin so."""
        return [one for one in ("on", "off") if one.startswith(text)]


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
            for line in state_here(*(["--truth"] if argument == "all" else [])):
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
        return int(told(state_here(), "depth"))


Check()
Explain()
Frames()
DepthFunction()
