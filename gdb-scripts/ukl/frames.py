# SPDX-License-Identifier: GPL-2.0-or-later
#
# frames.py - saved registers, as a pt_regs and in a signal's frame

import gdb
import gdb.printing

from ukl import machine

MARK = 0xffffffffffff0000       # upper 48 bits of CS: the application was interrupted


def whose(cs, ip):
    """Whose registers these are, by the frame alone."""
    if cs & 3 == 3:
        return "ring 3's"
    if cs & MARK == MARK:
        return "the application's"
    if machine.within(ip, "__ukl_text_start", "__ukl_text_end"):
        return "the application's, NOT MARKED"
    return "the kernel's"


class PtRegsPrinter:
    """A pt_regs, marked by whose it is."""

    def __init__(self, value):
        self.value = value

    def word(self, name):
        """A member as a number."""
        return int(self.value[name]) & machine.WORD_MASK

    def to_string(self):
        """The line before the members."""
        return "%s, at %s" % (whose(self.word("csx"), self.word("ip")),
                              machine.place(self.word("ip")))

    def children(self):
        """The members, in hexadecimal."""
        for field in self.value.type.fields():
            # cs and ss are in unions with the 64 bits of their slots
            name = field.name or next(inner.name for inner in field.type.fields()
                                      if inner.name in ("csx", "ssx"))
            yield name, "0x%x" % self.word(name)


class SigFrame(gdb.Command):
    """Show a signal's frame: ukl-sigframe [ADDRESS]

ADDRESS is where the frame begins; if it is not given, RSP at the first
instruction of a handler."""

    def __init__(self):
        super().__init__("ukl-sigframe", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        machine.needs_thread()
        at = machine.value(argument) if argument else machine.register("rsp")
        if at is None:
            raise gdb.GdbError("\"%s\" is not an address" % argument)
        try:
            frame = gdb.parse_and_eval("*(struct rt_sigframe *)0x%x" % at)
            self.show(at, frame)
        except gdb.error as error:
            raise gdb.GdbError("no signal's frame at 0x%x: %s" % (at, error))

    @staticmethod
    def show(at, frame):
        """Its words."""
        context = frame["uc"]["uc_mcontext"]
        ip = int(context["ip"]) & machine.WORD_MASK
        signal = int(frame["info"]["si_signo"])     # 0 without SA_SIGINFO
        gdb.write("signal frame at 0x%x%s\n"
                  % (at, ", signal %d" % signal if signal else ""))
        gdb.write("  returns to %s\n"
                  % machine.place(int(frame["pretcode"]) & machine.WORD_MASK))
        gdb.write("  interrupted %s: %s\n"
                  % (machine.side_of(ip, int(context["cs"]))[0], machine.place(ip)))
        for field in context.type.fields():
            if field.type.strip_typedefs().code == gdb.TYPE_CODE_INT:
                gdb.write("  %-8s 0x%x\n" % (
                    field.name, int(context[field.name]) & machine.WORD_MASK))


def printers():
    """The pretty printers of this file."""
    collection = gdb.printing.RegexpCollectionPrettyPrinter("ukl")
    collection.add_printer("pt_regs", "^pt_regs$", PtRegsPrinter)
    return collection


gdb.printing.register_pretty_printer(None, printers(), replace=True)
SigFrame()
