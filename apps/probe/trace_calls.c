// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * trace_calls.c - stops at system calls, and single steps over them
 */
#include <errno.h>
#include <linux/audit.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"
#include "trace.h"

#define CALL_STOP (SIGTRAP | 0x80)
#define INFO_ENTRY 1
#define INFO_EXIT 2

#ifndef PTRACE_SYSEMU
#define PTRACE_SYSEMU 31
#define PTRACE_SYSEMU_SINGLESTEP 32
#endif

/* As the kernel lays it out */
struct call_info {
	unsigned char op, pad[3];
	unsigned int arch;
	unsigned long ip, sp;
	union {
		struct {
			unsigned long nr, args[6];
		} entry;
		struct {
			long rval;
			unsigned char is_error;
		} exit;
	};
};

static struct user_regs_struct r;

static bool info_of(pid_t pid, struct call_info *info)
{
	memset(info, 0, sizeof(*info));
	return trace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(*info), (unsigned long)info) >
		0;
}

/* To the next stop at a system call, with the registers there. */
static bool to_call_stop(pid_t pid)
{
	trace(PTRACE_SYSCALL, pid, 0, 0);
	return stops_by(pid, CALL_STOP) && get_regs(pid, &r);
}

static void at_entry(pid_t pid)
{
	struct call_info info;
	unsigned long six[] = { 1, 2, 3, 4, 5, 6 };

	shown("a stop at the entry of a call", to_call_stop(pid));
	shown("orig_rax is its number, rax is ENOSYS",
	      r.orig_rax == SYS_getpid && (long)r.rax == -ENOSYS);
	shown("its six arguments",
	      r.rdi == 1 && r.rsi == 2 && r.rdx == 3 && r.r10 == 4 && r.r8 == 5 &&
		      r.r9 == 6);
	shown("rip is behind its instruction, in rcx too",
	      r.rip == board->after && r.rcx == board->after);
	shown("the flags, in r11 too", r.r11 == r.eflags);
	shown("GET_SYSCALL_INFO: an entry, x86-64",
	      info_of(pid, &info) && info.op == INFO_ENTRY &&
		      info.arch == AUDIT_ARCH_X86_64);
	shown("GET_SYSCALL_INFO: number and arguments",
	      info.entry.nr == SYS_getpid &&
		      !memcmp(info.entry.args, six, sizeof(six)));
	shown("GET_SYSCALL_INFO: rip and rsp",
	      info.ip == board->after && info.sp == r.rsp);
}

static void at_exit(pid_t pid)
{
	struct call_info info;
	unsigned long rsp = r.rsp;

	shown("a stop at its exit", to_call_stop(pid));
	shown("rax is its result, rip and rsp are as before",
	      (pid_t)r.rax == pid && r.rip == board->after && r.rsp == rsp);
	shown("GET_SYSCALL_INFO: an exit, its result",
	      info_of(pid, &info) && info.op == INFO_EXIT && info.exit.rval == pid &&
		      !info.exit.is_error);
}

static void set_nr(pid_t pid, long nr)
{
	r.orig_rax = (unsigned long)nr;
	set_regs(pid, &r);
}

/* Another number at the entry, another result at the exit */
static void edit_calls(pid_t pid)
{
	struct call_info info;

	to_call_stop(pid);
	set_nr(pid, SYS_getppid);
	to_call_stop(pid);
	to_call_stop(pid);
	set_nr(pid, -1);
	shown("with number -1 it is not made",
	      to_call_stop(pid) && (long)r.rax == -ENOSYS && info_of(pid, &info) &&
		      info.exit.is_error && info.exit.rval == -ENOSYS);
	to_call_stop(pid);
	to_call_stop(pid);
	r.rax = 0x123456789abcdef0;
	set_regs(pid, &r);
}

static void emulated(pid_t pid)
{
	trace(PTRACE_SYSEMU, pid, 0, 0);
	shown("SYSEMU stops at the entry",
	      stops_by(pid, CALL_STOP) && get_regs(pid, &r) &&
		      r.orig_rax == SYS_getpid && (long)r.rax == -ENOSYS);
	r.rax = 4242;
	set_regs(pid, &r);
	trace(PTRACE_SYSEMU, pid, 0, 0);
	shown("then at the entry of the next call",
	      stops_by(pid, CALL_STOP) && get_regs(pid, &r) && r.rip == board->after &&
		      (long)r.rax == -ENOSYS);
	r.rax = 4343;
	set_regs(pid, &r);
}

/* From here the tracee makes a call with number and arguments of the tracer's. */
static void other_arguments(pid_t pid)
{
	to_call_stop(pid); /* the exit of the last emulated one */
	to_call_stop(pid);
	r.orig_rax = SYS_kill;
	r.rdi = (unsigned long)pid;
	r.rsi = SIGUSR1;
	set_regs(pid, &r);
	shown("with number and arguments of kill() it kills",
	      to_call_stop(pid) && !r.rax);
	trace(PTRACE_CONT, pid, 0, 0);
	shown("which is seen as any signal", stops_by(pid, SIGUSR1));
}

void trace_stops(void)
{
	pid_t pid = tracee_start(ROLE_caller);

	shown("TRACEME and a signal", stops_by(pid, SIGSTOP));
	trace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
	at_entry(pid);
	at_exit(pid);
	edit_calls(pid);
	emulated(pid);
	other_arguments(pid);
	trace(PTRACE_CONT, pid, 0, 0);
	shown("it ends by itself", exits_with(pid, 5));
	shown("it saw its own result", board->result[0] == pid);
	shown("another number's", board->result[1] == getpid());
	shown("that of none", board->result[2] == -ENOSYS);
	shown("the tracer's", board->result[3] == 0x123456789abcdef0);
	shown("the emulator's", board->result[4] == 4242 && board->result[5] == 4343);
	shown("that of kill()", board->result[6] == 0 && board->result[7] == pid);
}

/* One step; its si_code, or 0 */
static int step(pid_t pid, int request)
{
	siginfo_t info;

	trace(request, pid, 0, 0);
	if (!stops_by(pid, SIGTRAP) || !get_regs(pid, &r) ||
	    trace(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&info))
		return 0;
	return info.si_code;
}

static bool step_to(pid_t pid, unsigned int n)
{
	return step(pid, PTRACE_SINGLESTEP) == TRAP_TRACE && r.rip == board->steps[n];
}

static void goto_step(pid_t pid, unsigned int n)
{
	get_regs(pid, &r);
	r.rip = board->steps[n];
	r.rdi = r.rsi = board->page;
	r.rcx = 3;
	r.orig_rax = -1ul;
	set_regs(pid, &r);
}

static void step_plain(pid_t pid)
{
	shown("a step over an instruction", step_to(pid, 1));
	shown("over another", step_to(pid, 2) && r.rax == SYS_getpid);
}

static void step_call(pid_t pid)
{
	unsigned long rsp = r.rsp;
	int code = step(pid, PTRACE_SINGLESTEP);

	shown("a step over a system call ends behind it", r.rip == board->steps[3]);
	shown("with its result, and rsp as before",
	      (pid_t)r.rax == pid && r.rsp == rsp);
	shown("it is reported as a step over a call", code == TRAP_BRKPT);
	shown("TF shows in no register", !(r.eflags & 0x100));
}

/* QEMU takes a step more than the iterations, or fewer; a processor one for each. */
static bool step_string(pid_t pid)
{
	for (unsigned int i = 0; i < 8; i++)
		if (step(pid, PTRACE_SINGLESTEP) != TRAP_TRACE ||
		    r.rip != board->steps[6])
			break;
	return r.rip == board->steps[7] && !r.rcx;
}

static void step_rest(pid_t pid)
{
	shown("over a push", step_to(pid, 4));
	shown("over a pop", step_to(pid, 5) && (pid_t)r.r12 == pid);
	r.rdi = r.rsi = board->page;
	r.rcx = 3;
	set_regs(pid, &r);
	shown("over a page fault", step_to(pid, 6));
	shown("over a rep string", step_string(pid));
	shown("over pushf", step_to(pid, 8));
	shown("over popf", step_to(pid, 9));
	shown("over a jump to itself", step_to(pid, 9));
}

static void step_emulated(pid_t pid)
{
	goto_step(pid, 1);
	step_to(pid, 2);
	trace(PTRACE_SYSEMU_SINGLESTEP, pid, 0, 0);
	shown("SYSEMU_SINGLESTEP stops at the entry of the call",
	      stops_by(pid, CALL_STOP) && get_regs(pid, &r) &&
		      r.orig_rax == SYS_getpid && r.rip == board->steps[3]);
	r.rax = 4444;
	set_regs(pid, &r);
	shown("then behind it, with the emulator's result",
	      step(pid, PTRACE_SINGLESTEP) && r.rip == board->steps[3] &&
		      r.rax == 4444);
}

/* Many, so that interrupts hit the gate on the way */
static void step_often(pid_t pid)
{
	bool ok = true;

	for (unsigned int i = 0; i < 300 && ok; i++) {
		goto_step(pid, 1);
		ok = step_to(pid, 2) && step(pid, PTRACE_SINGLESTEP) == TRAP_BRKPT &&
			r.rip == board->steps[3] && (pid_t)r.rax == pid;
	}
	shown("three hundred steps over calls", ok);
}

void trace_steps(void)
{
	pid_t pid = tracee_start(ROLE_stepper);

	stops_by(pid, SIGSTOP);
	trace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
	goto_step(pid, 0);
	step_plain(pid);
	step_call(pid);
	step_rest(pid);
	step_emulated(pid);
	step_often(pid);
	tracee_end(pid);
}
