# SPDX-License-Identifier: GPL-2.0-or-later
#
# replay.py - to any event of a recorded run, forwards and backwards
#
# QEMU replays by its own count of instructions and stops at any; the trace's clock
# is that count, but may be ahead of it by a few (code that modifies itself).  So an
# event is reached when the program counter is the event's, and its stack pointer,
# where the event tells it; if the first guess is not it, it is looked for around.
#
# Backwards is forwards from the start: QEMU goes back to the snapshot that it took
# when GDB connected.  Its own reverse-stepi, reverse-continue work in the same way.

import os
import time

import gdb

from ukl import machine, trace

START = "start_debugging"       # QEMU's name of that snapshot
AROUND = (64, 4096)             # instructions

arrivals = []                   # to be called when an event was reached


def monitor(command):
    """What QEMU's monitor says."""
    return gdb.execute("monitor " + command, to_string=True)


def icount():
    """QEMU's count of instructions, or None if this is no replay."""
    if not gdb.selected_thread():
        return None
    try:
        text = monitor("info replay")
    except gdb.error:
        return None
    return int(text.split("count = ")[1]) if text.startswith("Replaying") else None


def running():
    """Is the target a replay, of the trace in use?"""
    return trace.path is not None and icount() is not None


def need():
    """Says what is missing."""
    trace.need()
    if not running():
        raise gdb.GdbError("this is no replay; start one with ukl-replay DIR")


def forget():
    """GDB must not believe what it read before QEMU went elsewhere."""
    gdb.execute("maintenance flush register-cache", to_string=True)
    gdb.execute("maintenance flush dcache", to_string=True)


def seek(count):
    """Stops at exactly that count; False if the run ends before."""
    now = icount()
    if count == now:
        return True
    if count < now:
        monitor("loadvm " + START)
        forget()
        if count == 0:
            return True
    monitor("replay_break %d" % count)
    machine.run_on()
    return gdb.selected_thread() is not None and icount() == count


class Quiet:
    """While it lasts, no breakpoint of the user's stops the machine."""

    def __enter__(self):
        self.enabled = [b for b in gdb.breakpoints() if b.enabled]
        for breakpoint_ in self.enabled:
            breakpoint_.enabled = False

    def __exit__(self, *ignored):
        for breakpoint_ in self.enabled:
            breakpoint_.enabled = True


def expected_sp(event):
    """The stack pointer at an event, or None where it does not tell."""
    return event.arg.get("rsp")


def at(event):
    """Is the machine at this event's instruction, about to execute it?"""
    sp = expected_sp(event)
    return (machine.register("rip") == event.pc and
            (sp is None or sp == machine.register("rsp")))


def stop_at(pc):
    """A breakpoint of which GDB does not tell."""
    stop = gdb.Breakpoint("*0x%x" % pc, type=gdb.BP_HARDWARE_BREAKPOINT, internal=True)
    stop.silent = True
    return stop


def look_around(event, guess, distance):
    """Runs on from a little before; true if the event was met soon enough."""
    if not seek(max(guess - distance, 0)):
        return False
    stop = stop_at(event.pc)
    try:
        while not (at(event) and icount() >= guess - distance):
            machine.run_on()
            if not gdb.selected_thread() or icount() > guess + distance:
                return False
    finally:
        stop.delete()
    return True


def reach(event):
    """Stops at the event; an error if the run does not come by."""
    guess = event.time - trace.drift
    with Quiet():
        found = seek(guess) and at(event)
        for distance in AROUND:
            found = found or look_around(event, guess, distance)
    if not found:
        raise gdb.GdbError("event %d was not met where the trace says; the replay is"
                           " not that of this trace" % event.order)
    trace.drift = event.time - icount()


def with_pc(event):
    """TASK and END happen at no instruction of their own: the one before them."""
    while event.pc is None:
        if not event.order:
            raise gdb.GdbError("there is no instruction before this event")
        event = trace.event(event.order - 1)
    return event


def arrived():
    """Tells those who asked to be told."""
    for told in arrivals:
        told()


def go(event):
    """Goes to an event and says so."""
    begun = time.monotonic()
    event = with_pc(event)
    reach(event)
    gdb.write("event %d, reached in %.1f s\n%s\n"
              % (event.order, time.monotonic() - begun, event.brief()))
    arrived()


def position():
    """The last event that has begun, or None before the first."""
    count = icount() + trace.drift
    found = [e for e in trace.dump("--to-time", str(count), "--last", "3")
             if e.pc is not None and (e.time < count or at(e))]
    return found[-1] if found else None


def position_text():
    """Where the replay stands in the trace."""
    here = position()
    if not here:
        return "before the first event"
    if here.time == icount() + trace.drift:
        return "at event %d, %s" % (here.order, here.cls)
    return ("behind event %d, %s, by %d instructions"
            % (here.order, here.cls, icount() + trace.drift - here.time))


class Trace(gdb.Command):
    """Use a trace: ukl-trace DIR

The other ukl-* commands that speak of events mean those of this trace."""

    def __init__(self):
        super().__init__("ukl-trace", gdb.COMMAND_DATA, gdb.COMPLETE_FILENAME)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        if len(words) != 1:
            raise gdb.GdbError("usage: ukl-trace DIR")
        trace.use(words[0])


class Replay(gdb.Command):
    """Replay a recorded run: ukl-replay DIR

DIR is a trace that was recorded with 'ukl record --replayable'. The machine
stops before its first instruction; ukl-goto goes on from there."""

    def __init__(self):
        super().__init__("ukl-replay", gdb.COMMAND_RUNNING, gdb.COMPLETE_FILENAME)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        if len(words) != 1:
            raise gdb.GdbError("usage: ukl-replay DIR")
        trace.use(words[0])
        gdb.execute("set remotetimeout 600")
        gdb.execute("set architecture i386:x86-64", to_string=True)
        console = os.environ.get("UKL_CONSOLE", "/dev/null")
        with machine.Silence():
            gdb.execute("target remote | exec '%s' replay --stub --console '%s' '%s'"
                        % (trace.PROGRAM, console, trace.path), to_string=True)


class Goto(gdb.Command):
    """Go to an event of the trace: ukl-goto N

The replay stops at the event's instruction, before that is executed. An earlier
event is reached by replaying from the start."""

    def __init__(self):
        super().__init__("ukl-goto", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        if not argument:
            raise gdb.GdbError("usage: ukl-goto N")
        need()
        go(trace.event(trace.number_of(argument)))


def classes(argument):
    """Options that choose one class, or any."""
    return ["--class", argument] if argument else []


def run_to(stops):
    """On to the next of those instructions, off the one that is next."""
    with Quiet():
        if machine.register("rip") in stops:
            machine.step()
        if machine.register("rip") in stops:
            return
        stops = [stop_at(pc) for pc in stops]
        try:
            machine.run_on()
        finally:
            for stop in stops:
                stop.delete()


def run_to_place(argument):
    """On to an instruction at which the trace has had an event; one of the application's
    own is not known to be an event again."""
    trace.need()
    machine.needs_thread()
    known = trace.places(*classes(argument))
    stops = [pc for pc in known if machine.side_of(pc, 0)[0] != "app"]
    if not stops:
        raise gdb.GdbError("the trace has none yet whose place could be waited for")
    run_to(stops)
    pc = machine.register("rip")
    gdb.write("%s: %s\n" % (", ".join(sorted(known.get(pc, ["stopped"]))),
                            machine.place(pc)))


class Next(gdb.Command):
    """Go to the next transition: ukl-next [CLASS]

CLASS is a class of event, such as gate_in; any will do if it is not given. On a live
guest, it runs on to the next instruction at which the trace has had one, but for those
of the application."""

    def __init__(self):
        super().__init__("ukl-next", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        if not running():
            run_to_place(argument)
            arrived()
            return
        here = position()
        start = here.order + 1 if here else 0
        for event in self.following(start, argument):
            if event.pc is not None:
                go(event)
                return
        raise gdb.GdbError("the trace has none after this")

    @staticmethod
    def following(start, argument):
        """The events from there on, few first: mostly the first will do."""
        if not argument:
            yield from trace.dump("--from", str(start), "--to", str(start + 8))
        yield from trace.dump("--from", str(start), *classes(argument))


class Previous(gdb.Command):
    """Go to the previous transition: ukl-prev [CLASS]

CLASS is a class of event, such as gate_in; any will do if it is not given."""

    def __init__(self):
        super().__init__("ukl-prev", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        need()
        here = position()
        inside = here and here.time < icount() + trace.drift
        end = here.order - (0 if inside else 1) if here else -1
        events = trace.dump("--to", str(end), "--last", "8",
                            *classes(argument)) if end >= 0 else []
        events = [event for event in events if event.pc is not None]
        if not events:
            raise gdb.GdbError("the trace has none before this")
        go(events[-1])


Trace()
Replay()
Goto()
Next()
Previous()
