#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check.py - a second opinion on traces

    check.py TRACE...       JSON Lines: {trace, violated: {ID: EVENT}, applied: [ID...]}

Reads a trace directory by itself and judges it by the invariants, written from what docs/
says: the pages of docs/invariants/, "Which event is which" and "What is remembered" of
docs/model.md, and for the format the head of traces/ukl_trace.h and the trace's own metadata.
It shares no line with "ukl check"; where they disagree, one of them or a page is wrong.

"violated" has the first event that violates each invariant; an invariant that is not in
"applied" is vacuous.  RULES has a line for each: what it says is an expression of Python.
"""
import heapq
import json
import re
import struct
import sys
from types import SimpleNamespace

(R15, R14, R13, R12, RBP, BX, R11, R10, R9, R8, AX, CX, DX, SI, DI, NR, IP, CS, FLAGS, SP, SS, FS, GS,
 KGS, CR2, CR3, CR4, TASK, MODE, WORK, PREEMPT, TOP) = range(32)
GPRS, KEPT = set(range(15)), set(range(15)) - {AX, CX, R11}     # KEPT over a system call
TF, IF, DF, NT, RF, AC = 0x100, 0x200, 0x400, 0x4000, 0x10000, 0x40000
INEXACT, SMAP, FSGSBASE = 0x8d5 | DF, 1 << 21, 1 << 16  # flags that the emulator holds elsewhere; CR4
NMI, BP, DOUBLE, PAGE, VC, IRQ, INT80, PARANOID = 2, 3, 8, 14, 29, 32, 0x80, {1, 2, 18}  # #DB, NMI, #MC
HAS_ERROR, SIGNALS = {8, 10, 11, 12, 13, 14, 17, 21, 29, 30}, {0: 8, 1: 5, 3: 5, 6: 4, 13: 11, 16: 8, 17: 7, 19: 8}
READ, WRITE, SIGRETURN, CLONE, FORK, VFORK, ARCH_PRCTL = 0, 1, 15, 56, 57, 58, 158
RESTART_SYSCALL, RSEQ, URETPROBE, EXECS, CLONES = 219, 334, 335, {59, 322, 11, 358}, {CLONE, FORK, VFORK}
EDITORS = {101, 154, 26, 123, 243}      # ptrace, modify_ldt, and their kin of i386
BASES = CLONES | EDITORS | {59, 322, 16, ARCH_PRCTL, SIGRETURN, 425, 426, 427, 435}
RESTARTS = ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_BLOCK = -512, -513, -514, -516
CLONE_VM, CLONE_VFORK, CLONE_SETTLS, SA_ONSTACK, SA_RESTART, AUTODISARM = 1 << 8, 1 << 14, 1 << 19, 1 << 27, 1 << 28, 1 << 31
IDTR, FSBASE, LSTAR, VSYSCALL = 16, 17, 0xc0000082, range(0xffffffffff600000, 0xffffffffff601000)
REPEATS, L = 16, None           # page faults alike in a row may be; the layout of the trace's kernel

# --- the trace ----------------------------------------------------------------------------------
class Trace:
    """A directory.  Its metadata tells the classes and their arguments."""
    def __init__(self, path):
        self.path, self.classes = path, {}
        with open(path + "/metadata", encoding="utf-8", errors="replace") as f:
            text = f.read()
        self.env = {key: quoted or number for key, quoted, number in re.findall(
            r'^\t(\w+) = (?:"((?:[^"\\]|\\.)*)"|(\d+));', text.split("\n};")[0], re.M)}
        for number, name, fields in re.findall(r'id = (\d+);\s*name = "(\w+)";.*?struct \{(.*?)\};', text, re.S):
            args = re.findall(r"ukl_word (\w+);", fields)
            self.classes[int(number)] = name, args, struct.Struct("<%dQ" % len(args))
        self.layout = SimpleNamespace(**{key[7:]: int(value, 16) for key, value in self.env.items()
                                         if key.startswith("layout_")})
    def stream(self, cpu):
        """Yields (time, CPU, class, arguments, state vector)."""
        with open("%s/stream_%d" % (self.path, cpu), "rb") as f:
            data = f.read()
        header, packet, at = struct.Struct("<QHBBI"), struct.Struct("<IIQQQQQQQQIIII"), 0
        while at < len(data):
            magic, size, lost = (packet.unpack_from(data, at)[i] for i in (0, 7, 9))
            if magic != 0xC1FC1FC1 or lost:
                sys.exit("%s: stream %d is damaged or has lost events" % (self.path, cpu))
            end, at, state = at + size // 8, at + 88, [0] * 32
            while at < end:
                time, number, words, _, mask = header.unpack_from(data, at)
                name, names, args = self.classes[number]
                values = SimpleNamespace(**dict(zip(names, args.unpack_from(data, at + 16))))
                at += 16 + args.size
                for word in struct.unpack_from("<%dQ" % words, data, at):
                    state[(mask & -mask).bit_length() - 1] = word
                    mask &= mask - 1
                at += 8 * words
                yield time, cpu, name, values, state[:]
    def events(self):
        return heapq.merge(*map(self.stream, range(int(self.env["streams"]))), key=lambda event: event[:2])

# --- what is remembered -------------------------------------------------------------------------
class Context:
    """Why the kernel runs for a task; sort says it.

    sys, usys: a system call of the application, of ring 3; app, user, kern: an event that
    interrupted them; own: one that keeps a stack of its own; child: a birth; none: not known.
    """
    phase = "entry"                     # entered, C, left, out
    ret = sp = enter = leave = frame = handler = regs = image = setup = saved = waits = call = None
    place = begun = fixup = forced = renewed = started = sigframe = kthread = compat = None
    looks = result = up = down = caps = error = hw = 0
    nr = vector = -1
    app = gate = iret = execed = edited = False
    def __init__(self, sort="none", v=None):
        self.sort, self.event = sort, sort in ("app", "user", "kern", "own")
        self.s, self.a, self.where = (v.s, v.a, (v.cpu, v.cpu.switches)) if v else ([0] * 32, None, None)
    still = property(lambda c: not (c.edited or c.execed))
    plain = property(lambda c: not (c.renewed or c.edited or c.execed))
    irq = property(lambda c: c.vector >= IRQ and c.vector != INT80 or c.vector == NMI)
    known = property(lambda c: c.event or c.sys or c.usys)
    fault = property(lambda c: c.vector == PAGE)
    sys, usys, user, kern, own, child = (property(lambda c, name=name: c.sort == name) for name in (
        "sys", "usys", "user", "kern", "own", "child"))

class Task:
    def __init__(self, address=0):
        self.address, self.contexts, self.where, self.repeats = address, [], "unknown", 0
        self.mode = self.stack = self.pid = self.fs = self.kgs = self.cr3 = self.fault = None
        self.kthread = self.exited = self.rseq = self.known = self.shares = False
    def bottom(self):
        return self.contexts[0] if self.contexts else Context()

class Tasks(dict):
    def __missing__(self, address):
        return self.setdefault(address, Task(address))

def new_cpu():
    return SimpleNamespace(task=Task(), gs=None, idt=None, lstar=None, parity=None, landing=None, iret=None, switches=0)

NAMING = {"gate_in", "sys_enter", "sys_leave", "int_in", "int_c", "int_out", "app_in", "user_in", "fork", "fixup",
          "sig_setup", "sig_start", "sig_restored", "sig_check"}
in_app = lambda ip: L.app_text_start <= ip < L.app_text_end
user_half = lambda address: address < L.task_size_max

def place(s):
    """Where an instruction is.  The kernel executes neither the user half nor, on a stack there,
    anything but its text: that was the application's jump."""
    if s[CS] & 3:
        return "user"
    if in_app(s[IP]) or user_half(s[IP]) or user_half(s[SP]) and not L.text_start <= s[IP] < L.text_end:
        return "app"
    if L.seam_in_start <= s[IP] < L.seam_in_end or s[IP] == L.gate_call:
        return "gate"
    return "return" if L.seam_out_start <= s[IP] < L.seam_out_end else "kernel"

def applications(s):
    """The gate is the application's as long as its stack is."""
    return place(s) == "app" or place(s) == "gate" and user_half(s[SP])

class Machine:
    def __init__(self, trace):
        global L
        L, self.cpus = trace.layout, [new_cpu() for _ in range(int(trace.env["streams"]))]
        self.alone, self.tasks, self.editors, self.pinned = len(self.cpus) == 1, Tasks(), set(), None
        self.violated, self.applied = {}, set()
    def step(self, order, event):
        v = SimpleNamespace(m=self, cpu=self.cpus[event[1]], cls=event[2], a=event[3], s=event[4])
        if v.cpu.task.address == 0 and v.s[TASK] >> 63 and v.s[FLAGS] & IF and v.cls in NAMING:
            v.cpu.task = self.tasks[v.s[TASK]]
        v.t = v.cpu.task
        v.own, v.mine = v.t.address != 0 and v.s[TASK] == v.t.address, getattr(v.a, "task", None) == v.t.address
        v.top = v.c = v.t.contexts[-1] if v.t.contexts else Context()
        v.kind = self.kind(v, v.s, v.a)
        if self.pinned is None and v.kind in PROGRAM:
            self.pinned = L.cr4_pinned & v.s[CR4]
        for name, premise, claim in RULES_AT.get(v.kind, ()):
            if premise(v, v.kind, v.cpu, v.t, v.s, v.a, v.c):
                self.applied.add(name)
                if not claim(v, v.kind, v.cpu, v.t, v.s, v.a, v.c):
                    self.violated.setdefault(name, order)
        if v.t.mode is None and v.own and v.cls in ("sys_enter", "int_in", "gate_in", "user_in"):
            v.t.mode = v.s[MODE]
        v.iret, v.landing = v.cpu.iret, v.cpu.landing
        if v.cls not in ("task", "end"):        # what IRET promises is for the next event
            v.cpu.iret = v.cpu.landing = None
        if v.cls in EFFECTS:
            exec(EFFECTS[v.cls], globals(), {"v": v, "t": v.t, "s": v.s, "a": v.a, "c": v.top})
        else:
            getattr(self, "do_" + v.cls, lambda *_: None)(v, v.s, v.a, v.top)
    def kind(self, v, s, a):
        """The event's kind, as "When judged" of the pages has it, and its context, v.c"""
        if v.cls in ("sys_enter", "sys_leave") and not v.c.sys:
            v.c = Context()
        elif v.cls == "int_in":
            v.hw, v.place = a.rsp + 8 * (a.vector in HAS_ERROR), place(s)
            return "IN_" + ("USER" if v.place == "user" else "APP" if applications(s) else "KERNEL")
        elif v.cls == "int_c":
            other = not v.c.event or v.c.handler or v.c.iret or v.c.own and v.c.app
            return "C_" + ("OTHER" if other else "APP" if v.c.app else "USER" if v.c.user else "KERNEL")
        elif v.cls == "int_out":
            if s[CS] & 3:
                v.c = v.t.bottom()
                return "OUT_USER"
            if s[IP] == a.pc + 2 or v.c.vector == NMI and s[SP] >> 12 == v.c.hw >> 12 != v.c.s[SP] >> 12:
                return "OUT_SELF"
            v.c = v.c if v.c.event or applications(s) else Context()
            return "OUT_APP" if applications(s) else "OUT_KERNEL"
        return v.cls.upper()
    def open(self, v, task, sort):
        task.contexts.append(Context(sort, v))
        task.contexts[-1].edited = bool(self.editors)
        return task.contexts[-1]
    def called(self, v, c, nr):
        """A system call begins that may edit the registers of others."""
        c.nr = nr & 0xffffffff
        v.t.rseq = v.t.rseq or c.nr == RSEQ
        if c.nr in EDITORS:
            for other in (x for t in self.tasks.values() for x in t.contexts if x is not c):
                other.edited = True
            self.editors.add(c)
    def drop(self, task, depth):
        self.editors.difference_update(task.contexts[depth:])
        del task.contexts[depth:]
    def runs(self, v, depth=0):
        """The application runs, and nothing is open any more but, perhaps, its gate."""
        self.drop(v.t, depth)
        v.t.known, v.t.fs, v.t.kgs, v.t.cr3 = True, v.s[FS], (v.cpu, v.s[KGS]), v.s[CR3]
    def to_user(self, v):
        self.drop(v.t, 0)
        v.t.known, v.t.where, v.t.fs, v.t.kgs, v.t.cr3 = True, "user", None, None, None
    def parity(self, v, kernel):
        v.cpu.parity = v.a.swapgs & 1 ^ (not kernel) if v.cpu.parity is None else v.cpu.parity
    # What each class changes.  c is the innermost context.
    def do_gate_in(self, v, s, a, c):
        self.runs(v)
        self.parity(v, True)
        v.t.repeats, v.t.where, jump = 0, "gate", a.pc == L.gate_jump
        c = self.open(v, v.t, "sys")
        c.ret, c.sp = s[CX] if jump else a.ret, s[SP] + (0 if jump else 8)
        self.called(v, c, s[AX])
    def do_mode_write(self, v, s, a, c):
        if a.task in self.tasks:
            self.tasks[a.task].mode = a.value
        if v.mine and a.value == 2:
            c.up += 1
            if not c.own:
                v.t.where, c.phase = "return", "out"
        elif v.mine:
            v.t.where, c.down = "kernel", c.down + (a.value == 1)
            c.phase = "entered" if c.phase == "entry" and a.value == 1 else c.phase
    def do_int_in(self, v, s, a, c):
        app, below = v.kind == "IN_APP", c if c.sort != "none" else None
        if v.place == "user":
            self.drop(v.t, 0)
            v.t.known = True
            self.parity(v, False)
        elif v.place == "app":
            self.runs(v)
        own = v.place != "user" and (a.vector == NMI or a.vector in PARANOID and v.place != "app")
        c = self.open(v, v.t, "own" if own else "app" if app else "user" if v.place == "user" else "kern")
        if app and not own and (v.place == "app" or below and below.sys and not below.s[FLAGS] & IF):
            c.s = s[:FLAGS] + [s[FLAGS] | IF] + s[SP:]  # it is resumed with interrupts on
        c.vector, c.error, c.hw, c.app, c.image, v.t.where = a.vector, a.error, v.hw, app, v.landing, "kernel"
        c.iret, c.gate, c.place = v.kind == "IN_KERNEL" and v.iret == s[IP], v.place == "gate" and below, v.place
        if a.vector == INT80:
            self.called(v, c, s[AX])
    def do_int_c(self, v, s, a, c):
        v.t.where = "kernel"
        if v.kind != "C_OTHER":
            c.handler, c.regs, c.frame, c.phase = s, s, a.frame, "C"
        elif c.iret and c.vector not in PARANOID:
            c.phase = "C"
        if v.kind == "C_APP":
            fault = c.vector == PAGE and (c.s[IP], c.s[CR2], c.error)
            v.t.repeats = v.t.repeats + 1 if fault and fault == v.t.fault else 0
            v.t.fault = fault
    def do_int_out(self, v, s, a, c):
        v.cpu.iret = a.pc if v.kind in ("OUT_USER", "OUT_APP") else None
        if v.kind == "OUT_USER":
            self.to_user(v)
        elif v.kind == "OUT_APP":
            self.runs(v, -1 if place(s) == "gate" else 0)
            v.cpu.landing, v.t.where = s if in_app(s[IP]) else None, place(s)
        elif v.kind == "OUT_KERNEL":
            if v.c.event:
                at = [i for i, x in enumerate(v.t.contexts) if x.event and x.hw == a.rsp]
                self.drop(v.t, at[-1] if at else -1)
            v.t.where = place(s)
    def do_user_in(self, v, s, a, c):
        self.to_user(v)
        self.parity(v, False)
        v.t.where, c = "kernel", self.open(v, v.t, "usys")
        c.compat = a.pc != v.cpu.lstar
        self.called(v, c, s[AX])
    def do_switch(self, v, s, a, c):
        if a.prev in self.tasks:
            self.tasks[a.prev].repeats = 0
        if v.cpu.gs is None and s[GS] >> 63:
            v.cpu.gs = s[GS]
        v.cpu.switches += 1
        v.cpu.task = t = self.tasks[a.next]
        t.stack, t.mode = a.stack, a.mode if t.mode is None else t.mode
    def do_task(self, v, s, a, c):
        t = self.tasks[a.task]
        if t.exited and t.pid != a.ids & 0xffffffff:
            self.drop(t, 0)
            t.__init__(t.address)
        t.pid, t.stack = a.ids & 0xffffffff, a.stack
    def do_fork(self, v, s, a, call):
        child, parent = self.tasks[a.child], v.t.bottom()
        self.drop(child, 0)
        child.__init__(a.child)
        child.stack, child.mode, child.known, child.where = a.stack, a.mode, True, "kernel"
        child.kthread, child.rseq = bool(a.pf & (L.pf_kthread | L.pf_io_worker)), v.t.rseq
        if makes_child(parent):
            child.fs = parent.s[R8 if asked(parent, CLONE_SETTLS) else FS]
        c = self.open(v, child, "child")
        c.regs, c.kthread, c.call = s, child.kthread, call
        if makes_child(call) and asked(call, CLONE_VFORK):
            call.waits, child.shares = child, True

EFFECTS = {name: compile(what, name, "exec") for name, what in {
    "app_in": "t.where = 'app'", "app_edge": "t.where = 'kernel'", "user_out": "v.m.to_user(v)",
    "sys_enter": "t.where = 'kernel'\nif c.sys: c.enter, c.regs, c.frame, c.phase = s, s, a.frame, 'C'",
    "sys_leave": "t.where = 'kernel'\nif c.sys: c.leave, c.regs, c.phase = s, s, 'left'\n"
                 "if sets_fs(s, c): t.fs = c.s[SI]",
    "ctrl": "if a.reg == IDTR: v.cpu.idt = a.value\nif a.reg == LSTAR: v.cpu.lstar = a.value\n"
            "if a.reg == FSBASE and in_app(a.pc): t.fs = a.value",
    "exec_begin": "t.shares, c.begun, c.caps = False, True, a.caps",
    "exec": "for x in t.contexts: x.execed = True\nt.fs, t.kgs, t.cr3, t.rseq = None, None, None, False",
    "exit": "t.exited, t.shares = True, False; v.m.editors.difference_update(t.contexts)",
    "sig_check": "c.looks, c.result = c.looks + 1, c.result if c.looks else s[AX]",
    "sig_setup": "c.setup = c.regs = s", "sig_frame": "c.sigframe = a.frame", "sig_return": "c.saved = s",
    "sig_start": "c.setup = None\nif not a.failed: c.regs, c.renewed, c.started = s, True, True",
    "sig_restored": "c.regs, c.renewed, c.started, c.saved = s, True, False, None",
    "sig_force": "c.forced = True", "fixup": "c.fixup = True"}.items()}

# --- the words of the rules ---------------------------------------------------------------------------------
signed = lambda word: word - (1 << 64) if word >> 63 else word
failed = lambda word: -4096 < signed(word) < 0
same = lambda a, b, *slots: all(a[i] == b[i] for i in slots)
same_cr3 = lambda a, b: not (a[CR3] ^ b[CR3]) & ~0xfff
same_flags = lambda a, b, ignore=RF: not (a[FLAGS] ^ b[FLAGS]) & ~(ignore | 2)
marked = lambda s: s[CS] == L.app_csx and s[SS] == L.kernel_ds
counted = lambda s: s[PREEMPT] & 0x7fffffff     # the sign bit is something else
pinned = lambda v, cr4: cr4 & v.m.pinned == v.m.pinned
cpu_stack = lambda sp: L.cea_start <= sp < L.cea_end
on_stack = lambda v, sp: v.t.stack is None or v.t.stack < sp <= v.t.stack + L.thread_size
kernel_stack = lambda v, sp: cpu_stack(sp) or v.t.stack is not None and v.t.stack <= sp < v.t.stack + L.thread_size
held = lambda c: c.event and cpu_stack(c.hw) and (not c.frame or cpu_stack(c.frame))    # a stack of the CPU's
undisturbed = lambda v: v.c.where == (v.cpu, v.cpu.switches)
idle = lambda v: not v.a.now & IF and not (v.own and v.m.alone and v.s[WORK] & L.exit_work)
born = lambda c: c.child and not c.execed
unborn = lambda t: t is None or t.exited or not t.known
makes_child = lambda call: call.sys and call.nr in CLONES
asked = lambda call, flag: bool({CLONE: call.s[DI], VFORK: CLONE_VM | CLONE_VFORK}.get(call.nr, 0) & flag)
sets_fs = lambda s, c: c.sys and c.nr == ARCH_PRCTL and c.s[DI] == 0x1002 and s[AX] == 0
may_return = lambda c, to: c.iret or to != "KERNEL" if c.execed or c.iret else not c.kthread and to != "KERNEL" \
    if c.child else to == ("APP" if c.sys or c.app else "USER" if c.usys or c.user else "KERNEL")
# a read() or write() whose buffer begins outside the caller's memory
outside = lambda c: c.nr in (READ, WRITE) and c.plain and not user_half(c.s[SI]) and not (
    c.sys and L.app_data_start <= c.s[SI] < L.app_data_end >= c.s[SI] + c.s[DX])
returns = lambda s, a: s[CX] if a.pc == L.gate_jump else a.ret
executes = lambda a: a.vector < IRQ and a.vector not in PARANOID and not (a.vector == PAGE and a.error & 16)
faulted = lambda c: (c.app or c.user) and c.still and c.vector < IRQ and c.s[IP] not in VSYSCALL
numbered = lambda c: (c.sys and c.regs or c.usys and not c.compat) and c.nr != SIGRETURN
alike_handler = lambda s, old: same(s, old, *GPRS - {AX, DI, SI, DX}) and not s[FLAGS] & (DF | TF | RF) and same_flags(
    s, old, DF | TF | RF | AC)
as_interrupted = lambda v, s, before, event: alike(
    s, before, TF | RF, event and serves(v.c) == "app" and not moved_on(v), () if event else {AX})
zero = lambda s: not any(s[r] for r in GPRS)
restores = lambda a, c: c.saved and not a.ia32 and not c.edited
exec_store = lambda v: v.mine and v.a.value != 2 and (v.c.usys or v.c.child or v.c.sys and v.c.phase == "C")
# a clone, fork or vfork whose registers are known
cloning = lambda c: c.nr in CLONES and not c.edited and (c.sys and c.enter or c.usys and not c.compat)
in_exec = lambda c: c.sort == "none" or c.child or c.execed or c.vector == INT80 or c.nr in EXECS
# entry before the flip, return after it, and what restores the flag itself
in_transit = lambda v, c: c.own or c.phase == "out" or c.app and not c.down or v.kind == "IN_KERNEL" and (
    v.place != "kernel" or v.a.vector in PARANOID)
keeps_bases = lambda c: (c.usys and not c.compat or c.user and c.vector != INT80 and c.s[CS] != L.user32_cs) and not (
    c.edited or c.execed) and c.s[CR4] & FSGSBASE and c.nr not in (ARCH_PRCTL, SIGRETURN)
# what interrupted 64-bit ring 3 and went back, but for the abort of a sequence
user_event = lambda s, c: c.user and c.plain and c.s[CS] & 0xffff == L.user_cs and (
    c.s[IP] == s[IP] or not alike(c.s, s, ip=False))
moved_on = lambda v: v.t.rseq and in_app(v.c.s[IP]) and in_app(v.s[IP])     # perhaps a sequence's abort

def alike(a, b, ignore=RF, ip=True, but=()):
    """Two states of one program: registers, stack, flags and, if asked, place"""
    return same(a, b, SP, *GPRS - set(but)) and (not ip or a[IP] == b[IP]) and same_flags(a, b, ignore)

def as_parent(s, call):
    """Are a child's registers those of the call that made it?"""
    before, given = call.enter or call.s, call.s[SI] if call.nr == CLONE else 0
    return same(s, before, IP, *GPRS - {AX}) and s[AX] == 0 and s[SP] == (given or before[SP])

def serves(c):
    """Whose registers are in the pt_regs"""
    if c.child and not c.execed:
        return "user" if c.regs[CS] & 3 else "app" if c.regs[CS] == L.app_csx else None
    return None if c.execed else "app" if c.app or c.sys else "user" if c.user or c.usys else None

def interrupted(c):
    """The registers that a signal interrupts, as far as known, and whether it is an event"""
    if c.setup or c.renewed or c.child:
        return c.regs, True
    if c.event:
        return (c.s if c.app or c.vector >= IRQ or c.fault else None), True
    return (c.enter if c.sys else c.s) if c.nr != SIGRETURN and not c.compat else None, False

def restarted(v, s, c):
    """Of a system call on its way out: a handler is to start, or none"""
    ret, again = (c.ret, c.ret - 5) if c.sys else (c.s[IP], c.s[IP] - 2)
    number, result = (c.enter or c.regs)[NR] if c.sys else c.s[AX], signed(c.result)
    if c.looks != 1:                    # then what it made of the result is not known
        return s[IP] != again or s[AX] in (number, RESTART_SYSCALL)
    if result not in RESTARTS:
        return s[AX] == c.result and s[IP] == ret
    if v.kind == "SIG_SETUP" and result != ERESTARTNOINTR and not (
            result == ERESTARTSYS and v.a.flags & SA_RESTART):
        return signed(s[AX]) == -4 and s[IP] == ret
    return s[IP] == again and s[AX] == (RESTART_SYSCALL if result == ERESTART_BLOCK else number)

def right_stack(a, sp):
    on_it = lambda sp: a.stack < sp <= a.stack + a.stack_size and not a.stack_flags & AUTODISARM
    enters, end = a.flags & SA_ONSTACK and a.stack_size and not on_it(sp - 128), a.frame + L.sigframe_size
    inside = a.stack <= a.frame and end <= a.stack + a.stack_size
    return (inside or not enters and not on_it(sp)) and (enters or end <= sp - 128)

# --- the rules: ID | when judged | premise | what holds -----------------------------------------
# k is the event's kind, p its CPU, t its task, s the state vector, a the arguments, c the context.
RULES = r"""
SE-only-gates | GATE_IN APP_EDGE | 1 | k == "GATE_IN" and a.pc in (L.gate_call, L.gate_jump)
SE-return-address | GATE_IN | returns(s, a) | L.app_text_start < returns(s, a) <= L.app_text_end
SE-pre-state | GATE_IN | v.own | s[MODE] == 2 and not counted(s)
SE-empty-stack | GATE_IN | t.where != "unknown" | t.where in ("app", "gate")
SE-gs-live | GATE_IN SYS_ENTER | p.gs | s[GS] == p.gs and (k != "GATE_IN" or p.parity in (None, a.swapgs & 1))
SE-gs-live | OUT_APP | c.sys and c.still and undisturbed(v) and c.nr not in BASES | a.swapgs == c.a.swapgs
SE-flip-on-kstack | MODE_WRITE | c.sys and c.phase == "entry" and v.mine and t.stack | on_stack(v, a.rsp) and not a.now & IF
SE-one-flip | SYS_ENTER | c.sys | c.down == 1 and (s[MODE] == 1 or not v.own)
SE-args | SYS_ENTER | c.sys and not c.edited | same(s, c.s, *KEPT)
SE-nr | SYS_ENTER | c.sys and not c.edited | s[NR] == c.s[AX] and signed(s[AX]) == -38
SE-ip-sp | SYS_ENTER | c.sys and not c.edited | s[IP] == s[CX] == c.ret and s[SP] == c.sp
SE-flags | SYS_ENTER | c.sys and not c.edited | s[R11] == s[FLAGS] and not (s[FLAGS] ^ (c.s[R11] | IF) if c.a.pc == L.gate_jump else
    (s[FLAGS] ^ (c.s[FLAGS] | IF)) & ~INEXACT)
SE-marker | SYS_ENTER | 1 | marked(s)
SE-frame-place | SYS_ENTER | 1 | a.frame + 168 == s[TOP]
SE-align | SYS_ENTER | 1 | a.rsp == a.frame and a.rsp % 8 == 0
SE-irq-off-at-c | SYS_ENTER | 1 | not a.now & IF
SE-ac-clear | SYS_ENTER | s[CR4] & SMAP | not a.now & AC
SE-masked-flags | SYS_ENTER | 1 | not a.now & (TF | NT)
SX-work-done | MODE_WRITE | v.mine and a.value == 2 and c.sort in ("sys", "usys", "child") | idle(v)
SX-same-frame | SYS_LEAVE | c.phase == "C" | a.frame == c.frame and not a.now & IF
SX-preserved | SYS_LEAVE | c.enter and c.plain and c.nr != SIGRETURN | s[IP] in (c.ret, c.ret - 5) and same(s, c.enter, FLAGS, SP,
    CS, SS, *GPRS - {AX})
SX-one-flip | OUT_APP | c.sys | c.up == 1 and (s[MODE] == 2 or not v.own)
SX-stack-empty | OUT_APP | c.sys | a.rsp + 40 == s[TOP]
SX-kstack-secret | OUT_APP | 1 | not kernel_stack(v, s[SP]) and (user_half(s[SP]) or c.renewed or c.edited or s[SP] == c.s[SP])
SX-resume-regs | OUT_APP | c.sys and c.leave | same(s, c.regs, IP, SP, SS) and same_flags(s, c.regs)
SX-rax | OUT_APP | c.sys and c.leave | s[AX] == c.regs[AX]
SX-gprs | OUT_APP | c.sys and c.leave | same(s, c.regs, *GPRS - {AX})
SX-if | OUT_APP | c.sys | s[FLAGS] & IF
SX-no-errno-leak | OUT_APP | c.sys and c.nr != SIGRETURN and not c.edited | signed(s[AX]) not in RESTARTS
SX-balanced | OUT_APP | v.own | not counted(s)
SX-fpu | OUT_APP | v.own | not s[WORK] & L.need_fpu_load
SX-cr3 | OUT_APP | c.sys and not c.execed | same_cr3(s, c.s)
SX-by-iret | APP_IN | t.where != "unknown" | p.landing
SX-resume-exact | APP_IN | p.landing | a.pc == p.landing[IP] and alike(s, p.landing, RF | INEXACT, False)
SX-resume-exact | IN_APP | p.landing | alike(s, p.landing)
MF-domain | MODE_WRITE SWITCH FORK | 1 | (a.value if v.cls == "mode_write" else a.mode) < 3
MF-alternate | MODE_WRITE | v.mine and t.mode is not None and (a.value != 1 or t.mode) | a.value in (0, 3 - t.mode) or a.value > 2
MF-own | MODE_WRITE | t.address and (v.mine or not unborn(v.m.tasks.get(a.task))) | v.mine
MF-gs-guard | MODE_WRITE | p.gs | s[GS] == p.gs
MF-by-exec | MODE_WRITE | v.mine and t.mode == 0 and a.value and t.known | a.value == 1 and in_exec(t.bottom())
MF-exec-order | MODE_WRITE | exec_store(v) | c.begun
MF-authorised | MODE_WRITE | exec_store(v) and a.value == 1 and c.begun | c.caps & L.cap_rawio
MF-nonukl-zero | SWITCH | v.m.tasks[a.next].kthread and not v.m.tasks[a.next].exited | a.mode == 0
MF-nonukl-zero | FORK | a.pf & (L.pf_kthread + L.pf_io_worker) or t.mode == 0 | a.mode == 0
MF-switch | SWITCH | v.m.tasks[a.next].mode is not None and not v.m.tasks[a.next].exited | a.mode == v.m.tasks[a.next].mode
MF-exec-clear | OUT_USER | c.execed and t.mode is not None | t.mode == 0
MF-nmi | OUT_APP OUT_KERNEL | v.own and c.own and c.s[TASK] == t.address | s[MODE] == c.s[MODE]
MF-truth | IN_APP APP_IN OUT_APP | v.own and (k != "OUT_APP" or c.sort not in ("sys", "none")) | s[MODE] == 2
MF-truth | SYS_LEAVE | v.own and (c.sys or not s[CS] & 3) | s[MODE] == (0 if c.execed and s[CS] & 3 else 1)
MF-handler | C_APP | v.own | s[MODE] == 1
MF-handler | IN_KERNEL C_KERNEL | v.own and not in_transit(v, c) | s[MODE] != 2
MF-writers | GATE_IN SYS_LEAVE IN_APP IN_KERNEL APP_IN | v.own and t.mode is not None | s[MODE] == t.mode
MF-writers | STRAY_WRITE | not unborn(v.m.tasks.get(a.task)) | 0
ST-kernel-on-kernel | SYS_ENTER C_APP C_USER | t.stack | on_stack(v, a.rsp)
ST-kernel-on-kernel | IN_KERNEL | a.vector not in PARANOID and p.gs | not user_half(s[SP])
ST-app-on-user | GATE_IN IN_APP APP_IN | 1 | not kernel_stack(v, s[SP])
ST-top | GATE_IN C_APP C_USER | v.own and t.stack | s[TOP] == t.stack + L.thread_size
ST-frame-copy | C_ANY | 1 | same(s, c.s, IP, FLAGS, SP, SS) and not (s[CS] ^ c.s[CS]) & 0xffff
ST-saved-regs | C_ANY | c.vector != INT80 | same(s, c.s, *GPRS)
ST-frame-place | C_APP C_USER | v.own | a.frame + 168 == s[TOP]
ST-frame-place | C_KERNEL | c.vector not in (NMI, BP, VC) | a.frame + 128 == c.hw
ST-entry-stack | IN_APP IN_USER | 1 | cpu_stack(a.rsp)
ST-ist-single | IN_APP IN_KERNEL IN_USER | cpu_stack(v.hw) and a.vector != NMI | k != "IN_KERNEL" or not any(held(x) and x.hw ==
    v.hw and x.where[0] is p for x in t.contexts)
ST-left-ist | SWITCH | t.address and a.prev == t.address | not any(held(x) and x.regs for x in t.contexts)
ST-switch-stack | SWITCH | 1 | a.stack < a.rsp <= a.stack + L.thread_size
ST-iret-place | OUT_APP | not (c.sys or c.own or c.sort == "none") | a.rsp + 40 == s[TOP]
IR-classify | C_ANY | c.vector != PAGE | s[CS] == (L.app_csx if k == "C_APP" else c.s[CS])
IR-irqoff | C_ANY | 1 | not a.now & IF
IR-exit-work | MODE_WRITE | v.mine and a.value == 2 and c.event and not c.own | idle(v)
IR-no-loss | OUT_APP OUT_USER | c.sort in ("app", "user", "kern") and not c.iret | c.regs
IR-transparent | OUT_APP | c.app and c.irq and c.plain | alike(s, c.s, ip=not moved_on(v)) or c.place == "gate" and in_app(s[IP]) and
    same(s, c.s, *GPRS) and same_flags(s, c.s) and (s[SP], s[IP]) == ((c.gate.sp, c.gate.ret - 5) if c.gate else
    (c.s[SP] + 8 * (c.s[IP] == L.gate_call), s[IP]))
IR-kernel-regs | OUT_KERNEL | c.event and c.irq | alike(s, c.s)
IR-frame-return | OUT_KERNEL | c.event and not c.iret and c.vector not in (NMI, BP, VC) | a.rsp == c.hw
IR-gs-parity | OUT_APP OUT_KERNEL | p.gs and not (k == "OUT_KERNEL" and not (c.event and not c.iret and not c.own)) | s[GS] == p.gs
    and p.parity in (None, a.swapgs & 1) and (not (c.event and c.irq and c.still) or not undisturbed(v) or a.swapgs == c.a.swapgs)
IR-iret-sane | OUT_APP OUT_KERNEL OUT_SELF | 1 | s[CS] & 0xffff == L.kernel_cs and s[SS] & 0xffff in (0, L.kernel_ds)
IR-iret-irqoff | OUTS | 1 | not a.now & IF
IR-iret-fault | C_OTHER | c.iret and c.place == "return" and v.own and c.vector not in PARANOID | s[CS] == L.app_csx and
    a.frame + 168 == s[TOP] and s[MODE] == 1 and (not c.image or alike(s, c.image))
IR-cpl-match | OUTS | c.sort != "none" | may_return(c, k[4:])
IR-kernel-plain | MODE_WRITE OUT_KERNEL | c.kern and c.place == "kernel" and not c.iret and (v.mine or k != "MODE_WRITE") |
    k != "MODE_WRITE" and not c.up + c.down
IR-idt | SYS_ENTER C_APP | p.idt | p.idt == L.kernel_idt
IR-idt | OUT_APP | p.idt | p.idt == L.app_idt
IR-idt-order | CTRL | a.reg == IDTR and a.value == L.app_idt | s[MODE] == 2
IR-idt-order | CTRL | a.reg == IDTR and a.value == L.kernel_idt and s[MODE] | s[MODE] == 1
PF-cr2 | C_ANY | c.fault | s[CR2] == c.s[CR2]
PF-user-flag | C_ANY | c.fault | s[CS] == (L.app_csx if k == "C_APP" else c.s[CS])
PF-if | C_ANY | c.fault and (k == "C_APP" or c.place == "return") | s[FLAGS] & c.s[FLAGS] & IF
PF-atomic | C_APP | c.fault and v.own | not counted(s)
PF-retry | OUT_APP | c.app and c.fault and c.plain | alike(s, c.s, ip=not moved_on(v)) if c.s[IP] not in VSYSCALL else s[SP] ==
    c.s[SP] + 8 and same(s, c.s, *KEPT)
PF-progress | IN_APP | a.vector == PAGE and v.m.alone | t.repeats + 1 < REPEATS or t.fault != (s[IP], s[CR2], a.error)
PF-no-double-fault | IN_APP | a.vector < IRQ and a.vector != NMI | a.vector != DOUBLE
PF-kernel-fixup | OUT_KERNEL | c.kern and c.fault and c.place == "kernel" | alike(s, c.s) or s[IP] != c.s[IP] and s[SP] == c.s[SP]
PF-kernel-strict | OUT_KERNEL | c.kern and c.fault | s[IP] == c.s[IP] or c.fixup
PF-kernel-strict | SIG_FORCE | c.kern and c.fault and not c.iret | 0
PF-extable | FIXUP | 1 | s[CS] != L.app_csx and place(s) not in ("app", "user")
PF-no-oops | OOPS | 1 | c.sort != "app" or c.vector >= IRQ
SG-force | SIG_FORCE | c.vector in SIGNALS and faulted(c) | a.sig == SIGNALS[c.vector] and a.addr in (c.s[IP], 0)
SG-force | SIG_FORCE | c.fault and faulted(c) | a.sig in (7, 11) and a.addr == c.s[CR2]
SG-task-stack | SIG_SETUP | v.own | a.frame + 168 == s[TOP] and not counted(s)
SG-mode | SIG_SETUP SIG_START SIG_RETURN SIG_RESTORED | v.own and serves(c) | s[MODE] == (serves(c) == "app")
SG-gate-atomic | SIG_SETUP | serves(c) == "app" and not (c.edited or c.own) | s[IP] in (c.gate.ret - 5, c.gate.ret) if c.gate and
    c.vector != PAGE and not c.renewed else place(s) not in ("gate", "return")
SG-context | SIG_SETUP | serves(c) and not c.edited and not c.gate and interrupted(c)[0] | as_interrupted(v, s, *interrupted(c))
SG-restart | SYS_LEAVE SIG_SETUP | numbered(c) and c.plain and not c.setup | restarted(v, s, c)
SG-frame-regs | SIG_FRAME | c.setup | alike(s, c.setup)
SG-uc | SIG_FRAME | c.setup and serves(c) | (s[CS], s[SS]) == ((L.user_cs, L.user_ds) if serves(c) == "app" else (c.setup[CS] &
    0xffff, c.setup[SS] & 0xffff))
SG-fault-words | SIG_FRAME | c.setup and c.forced and faulted(c) | a.trapno == c.vector and (c.vector != PAGE or a.cr2 == c.s[CR2]
    and not (a.err ^ (c.error | 4)) & ~1)
SG-place | SIG_FRAME | c.setup | user_half(a.frame) and a.frame % 16 == 8 and a.pretcode == a.restorer and (not a.fpstate or a.frame
    + L.sigframe_size <= a.fpstate < L.task_size_max)
SG-stack | SIG_FRAME | c.setup | right_stack(a, c.setup[SP])
SG-start | SIG_START | c.setup and not a.failed and s[CS] & 0xffff != L.user32_cs | s[IP] == a.handler and s[DI] == a.sig and s[AX]
    == 0 and c.sigframe in (None, s[SP]) and s[SI] == s[SP] + L.off_sigframe_info and s[DX] == s[SP] + L.off_sigframe_uc and s[SP] %
    16 == 8 and alike_handler(s, c.setup)
SG-selectors | SIG_START | c.setup and not a.failed and serves(c) and s[CS] & 0xffff != L.user32_cs | marked(s) if serves(c) ==
    "app" else s[CS] == L.user_cs and s[SS] & 3 == 3
SG-ac | SIG_START SIG_RESTORED | serves(c) == "app" | s[FLAGS] & AC
SG-no-frame | SIG_START | a.failed and c.setup | same(s, c.setup, *range(21))
SG-entry | SYS_LEAVE OUT_APP OUT_USER USER_OUT | c.renewed and c.still and (c.sort != "sys" or k == "SYS_LEAVE") | alike(s, c.regs,
    TF | RF, c.started or serves(c) == "app")
SG-restore | SIG_RESTORED | restores(a, c) | same(s, c.saved, IP, SP, *GPRS) and not (s[FLAGS] ^ c.saved[FLAGS]) & L.fix_eflags &
    ~(AC | RF)
SG-cs-forced | SIG_RESTORED | restores(a, c) and serves(c) | marked(s) if serves(c) == "app" else s[CS] == c.saved[CS] | 3 and s[SS]
    & 3 == 3
SG-system-flags | SIG_RESTORED | restores(a, c) and (c.sys or c.usys) | not (s[FLAGS] ^ (c.enter or c.s)[FLAGS]) & ~(L.fix_eflags |
    2)
TH-child-regs | FORK | cloning(t.bottom()) and not a.pf & (L.pf_kthread + L.pf_io_worker) | as_parent(s, t.bottom())
TH-child-mode | FORK | cloning(t.bottom()) and t.bottom().sys | a.mode == 1 and marked(s)
TH-child-start | OUT_APP | born(c) and not (c.edited or c.renewed) | alike(s, c.regs)
TH-child-fs | OUT_APP | born(c) and not c.edited and t.fs is not None | s[FS] == t.fs
TH-fork-mm | OUT_APP | born(c) and makes_child(c.call) | asked(c.call, CLONE_VM) == same_cr3(s, c.call.s)
TH-exec-start | OUT_APP | c.execed and not (c.edited or c.renewed) | s[IP] == L.app_entry and zero(s) and s[FS] == 0 and s[SP] % 16
    == 0 and s[FLAGS] | 2 == 2 | IF | AC
TH-switch-fs | OUT_APP | t.fs is not None and c.still and c.known | s[FS] == t.fs
TH-inactive-gs | OUT_APP | t.kgs and t.kgs[0] is p and c.still and c.known | s[KGS] == t.kgs[1]
TH-current | GATE_IN SYS_ENTER C_APP C_USER | t.address | v.own
TH-switch-from | SWITCH | t.address | a.prev == t.address
TH-exit | GATE_IN OUT_APP OUT_USER APP_IN USER_IN USER_OUT EXIT | t.exited or v.cls == "exit" | not t.exited
TH-exit-side | EXIT | v.own | s[MODE] != 2
TH-vfork | SYS_LEAVE | c.waits | not c.waits.shares
AS-cr3 | OUT_APP | c.event and t.cr3 is not None and not c.execed | not (s[CR3] ^ t.cr3) & ~0xfff
AS-cr4 | GATE_IN APP_IN | v.m.pinned is not None | pinned(v, s[CR4])
AS-cr4 | CTRL | a.reg == 4 and t.bottom().sort in ("sys", "usys", "app", "user") and v.m.pinned is not None and L.text_start <= a.pc < L.text_end | pinned(v, a.value)
AS-cr0 | CTRL | a.reg == 0 and p.switches and L.text_start <= a.pc < L.text_end | a.value & 0x80010001 == 0x80010001
AS-ac | C_ANY | s[CR4] & SMAP | not a.now & AC
AS-clac | SYS_LEAVE | s[CR4] & SMAP | not a.now & AC
AS-clac | MODE_WRITE | s[CR4] & SMAP and v.mine and a.value == 2 and c.sort not in ("none", "own", "child") | not a.now & AC
AS-app-ac | OUT_APP | not c.execed and (c.regs if c.child else c.s)[FLAGS] & AC | s[FLAGS] & AC
AS-range | SYS_LEAVE | c.sys and outside(c) | s[IP] != c.ret or failed(s[AX])
AS-no-syscall-insn | IN_APP | a.vector >= IRQ | a.vector != INT80
AS-no-syscall-insn | USER_IN | p.lstar | not in_app(s[IP])
AS-gs-write | CTRL | 1 | not in_app(a.pc) or a.reg == FSBASE
AS-fetch | IN_APP | executes(a) | not user_half(s[IP])
IS-mode0 | IN_USER USER_IN OUT_USER | v.own and not (c.execed and k == "OUT_USER") | s[MODE] == 0
IS-mode0 | USER_OUT | t.mode is not None | t.mode == 0
IS-path | USERS | p.parity is not None | a.swapgs & 1 != p.parity
IS-gs-base | OUT_USER USER_OUT | keeps_bases(c) | s[GS] == c.s[GS]
IS-fs-base | OUT_USER USER_OUT | keeps_bases(c) | s[FS] == c.s[FS]
IS-transparent | OUT_USER | user_event(s, c) and c.vector >= IRQ | alike(s, c.s, ip=False)
IS-retry | OUT_USER | user_event(s, c) and c.fault and user_half(c.s[IP]) | alike(s, c.s, ip=False)
IS-call-regs | OUT_USER USER_OUT | c.usys and c.plain and not c.compat and c.nr != URETPROBE | same(s, c.s, SP, *KEPT)
IS-exec-start | OUT_USER | c.execed and not c.edited | zero(s) and s[FS] == s[GS] == 0 and s[SS] == L.user_ds and s[SP] % 16 == 0 and
    s[FLAGS] | 2 == 2 | IF and user_half(s[IP])
IS-sysret | USER_OUT | t.known | t.bottom().sort == "usys" and (t.bottom().compat or user_half(s[IP]))
IS-idt | USERS | p.idt | p.idt != L.app_idt
IS-smepsmap | USERS | v.m.pinned is not None | pinned(v, s[CR4])
IS-no-forge | SYS_LEAVE OUT_APP | serves(c) == "app" and not c.own | marked(s)
IS-no-forge | OUT_USER | 1 | s[CS] >> 16 == 0
IS-uaccess | OUT_USER USER_OUT | c.usys and not c.compat and outside(c) | s[IP] != c.s[IP] or failed(s[AX])
IS-df | OUTS | c.vector == DOUBLE | (s[IP], s[SP]) != (c.s[IP], c.s[SP])
"""
KINDS = {"C_ANY": "C_APP C_KERNEL C_USER", "OUTS": "OUT_APP OUT_KERNEL OUT_USER", "USERS": "IN_USER OUT_USER USER_IN USER_OUT"}
PROGRAM = {"GATE_IN", "APP_IN", "IN_USER", "USER_IN"}
RULES_AT = {}
for line in re.sub(r"\n +", " ", RULES).strip().split("\n"):
    name, kinds, *parts = line.split(" | ", 3)
    checks = [eval("lambda v, k, p, t, s, a, c: " + part) for part in parts]
    for kind in KINDS.get(kinds, kinds).split():
        RULES_AT.setdefault(kind, []).append((name, *checks))

for path in sys.argv[1:] or sys.exit(__doc__):
    trace = Trace(path)
    machine = Machine(trace)
    for number, happened in enumerate(trace.events()):
        machine.step(number, happened)
    print(json.dumps({"trace": path, "violated": machine.violated, "applied": sorted(machine.applied)}))
