# SPDX-License-Identifier: GPL-2.0-or-later
#
# trace.py - the trace, through the program ukl
#
# One trace at a time is in use.  Where the machine is in it is told by QEMU's count
# of instructions, which is the trace's clock; "drift" is by how much the two differ,
# as found when an event was last reached.

import os
import re
import subprocess

import gdb

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get("UKL", os.path.join(HERE, "../../build/ukl"))
PLACE = re.compile(r"^\d+ \d+ \d+ \w+ (\w+) .*?\bpc=(0x[0-9a-f]+)", re.MULTILINE)
WORD = re.compile(r"(%?)(\w+)=(0x[0-9a-f]+)")

path = None
drift = 0


class Event:
    """One line of "ukl dump --state"."""

    def __init__(self, line):
        words = line.split(" ", 5)
        self.line = line
        self.order, self.time, self.cpu = (int(word) for word in words[:3])
        self.side, self.cls = words[3:5]
        pairs = WORD.findall(words[5] if len(words) > 5 else "")
        self.arg = {name: int(value, 16) for slot, name, value in pairs if not slot}
        self.slot = {name: int(value, 16) for slot, name, value in pairs if slot}

    @property
    def pc(self):
        """The instruction about to execute; TASK and END have none."""
        return self.arg.get("pc")

    def brief(self):
        """The line without its slots."""
        return self.line.split(" %", 1)[0]


def program(*words, good=(0,)):
    """What ukl prints; a status that is not good is an error of the user's."""
    try:
        done = subprocess.run([PROGRAM, *words], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False,
                              universal_newlines=True)
    except OSError as error:
        raise gdb.GdbError("%s cannot be run (%s); set UKL to the program's path"
                           % (PROGRAM, error.strerror))
    if done.returncode not in good:
        raise gdb.GdbError(done.stderr.strip() or "ukl %s failed" % words[0])
    return done.stdout


def use(directory):
    """Makes a trace the one in use."""
    global path, drift  # pylint: disable=global-statement
    program("dump", "--to", "0", directory, good=(0, 3))
    path, drift = os.path.abspath(directory), 0


def need():
    """The trace in use."""
    if not path:
        raise gdb.GdbError("no trace is in use; name one with ukl-trace DIR")
    return path


def dump(*options):
    """The events that ukl dump chooses, a torn trace's too."""
    text = program("dump", "--state", *options, need(), good=(0, 3))
    return [Event(line) for line in text.splitlines()]


def places(*options):
    """The classes that have had events there, for each instruction that had one."""
    found = {}
    text = program("dump", "--no-state", *options, need(), good=(0, 3))
    for cls, pc in set(PLACE.findall(text)):
        found.setdefault(int(pc, 16), set()).add(cls)
    return found


def event(number):
    """One event, by its number."""
    found = dump("--from", str(number), "--to", str(number))
    if not found:
        raise gdb.GdbError("the trace has no event %d; 'ukl stats' tells how many"
                           " there are" % number)
    return found[0]


def number_of(text):
    """The event's number that a user typed."""
    try:
        number = int(gdb.parse_and_eval(text))
    except gdb.error as error:
        raise gdb.GdbError("\"%s\" is not the number of an event: %s" % (text, error))
    if number < 0:
        raise gdb.GdbError("the first event is number 0")
    return number
