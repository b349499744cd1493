// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * trace_state.c - a tracee's memory and registers, read and edited
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"
#include "trace.h"

#define NOWHERE 0x8000000000000000ul /* no canonical address */
#define FLAG_TF (1ul << 8)
#define FLAG_IF (1ul << 9)
#define FLAG_DF (1ul << 10)
#define FLAG_IOPL (3ul << 12)
#define FLAG_NT (1ul << 14)
#define FLAG_AC (1ul << 18)
#define FLAG_VIF (3ul << 19)

/* A tracee that spins, attached and stopped. */
static pid_t attached(void)
{
	pid_t pid = tracee_start(ROLE_spin);

	await(&board->ready);
	shown("ATTACH stops it while it computes",
	      !trace(PTRACE_ATTACH, pid, 0, 0) && stops_by(pid, SIGSTOP));
	return pid;
}

static void peek_and_poke(pid_t pid)
{
	unsigned long places[] = { board->data, board->heap, board->stack };
	bool peeked = true, poked = true;

	for (unsigned int i = 0; i < 3; i++) {
		peeked &= trace(PTRACE_PEEKDATA, pid, places[i], 0) == i + 1;
		poked &= !trace(PTRACE_POKEDATA, pid, places[i], 11 * (i + 1));
	}
	shown("PEEKDATA of static data, heap and stack", peeked);
	shown("PEEKDATA of a constant",
	      trace(PTRACE_PEEKDATA, pid, board->rodata, 0) == 0x726f64617461);
	shown("POKEDATA to static data, heap and stack", poked);
	trace(PTRACE_PEEKDATA, pid, 8, 0);
	shown("PEEKDATA of nothing is refused", errno == EIO);
	trace(PTRACE_PEEKDATA, pid, 0xffff888000001000ul, 0);
	shown("PEEKDATA of the kernel's half is refused", errno == EIO);
}

/* The application's text is the kernel's: neither to be seen nor touched from here. */
static void poke_text(pid_t pid)
{
	long word = trace(PTRACE_PEEKTEXT, pid, board->text, 0);
	bool peeked = !errno;
	bool poked = !trace(PTRACE_POKETEXT, pid, board->text, peeked ? word : 0);
	bool told = poked || errno == EIO;

	shown("PEEKTEXT of its text, refused in the kernel's half",
	      peeked == !board->ring0);
	shown("POKETEXT to its text, refused in the kernel's half",
	      poked == !board->ring0 && told);
}

static void cross_memory(pid_t pid)
{
	long word = 0, other = 22;
	struct iovec mine = { &word, sizeof(word) };
	struct iovec its = { (void *)board->data, sizeof(word) };
	struct iovec text = { (void *)board->text, sizeof(word) };
	bool refused;

	shown("process_vm_readv of static data",
	      process_vm_readv(pid, &mine, 1, &its, 1, 0) == 8 && word == 11);
	mine.iov_base = &other;
	its.iov_base = (void *)board->heap;
	shown("process_vm_writev to the heap",
	      process_vm_writev(pid, &mine, 1, &its, 1, 0) == 8);
	mine.iov_base = &word;
	refused = process_vm_readv(pid, &mine, 1, &text, 1, 0) == -1 && errno == EFAULT;
	shown("process_vm_readv of its text, refused in the kernel's half",
	      refused == !!board->ring0);
}

static void mem_file(pid_t pid)
{
	char name[32];
	long word = 0, other = 33;
	int fd;
	bool refused;

	snprintf(name, sizeof(name), "/proc/%d/mem", pid);
	fd = open(name, O_RDWR);
	shown("/proc/PID/mem is read",
	      pread(fd, &word, 8, (off_t)board->heap) == 8 && word == 22);
	shown("/proc/PID/mem is written",
	      pwrite(fd, &other, 8, (off_t)board->stack) == 8);
	refused = pread(fd, &word, 8, (off_t)board->text) != 8;
	shown("/proc/PID/mem at its text, refused in the kernel's half",
	      refused == !!board->ring0);
	close(fd);
}

void trace_memory(void)
{
	pid_t pid = attached();

	peek_and_poke(pid);
	poke_text(pid);
	cross_memory(pid);
	mem_file(pid);
	board->stop = 1;
	shown("DETACH lets it go on", !trace(PTRACE_DETACH, pid, 0, 0));
	shown("it ends by itself", exits_with(pid, 5));
	shown("it found what was written",
	      board->result[0] == 11 && board->result[1] == 22 &&
		      board->result[2] == 33);
}

static bool set_user(pid_t pid, size_t offset, unsigned long value)
{
	return !trace(PTRACE_POKEUSER, pid, offset, value);
}

#define REG(name) offsetof(struct user, regs.name)

static void selectors(pid_t pid, struct user_regs_struct r)
{
	shown("cs and ss look as in 64-bit user mode", r.cs == 0x33 && r.ss == 0x2b);
	shown("ds, es, fs and gs are zero", !r.ds && !r.es && !r.fs && !r.gs);
	shown("cs 0x10 is refused", !set_user(pid, REG(cs), 0x10) && errno == EIO);
	shown("ss 0x18 is refused", !set_user(pid, REG(ss), 0x18) && errno == EIO);
	shown("cs 0 is refused", !set_user(pid, REG(cs), 0) && errno == EIO);
	shown("compatibility mode's cs is refused to the application",
	      set_user(pid, REG(cs), 0x23) == !board->ring0);
	shown("cs 0x33 is accepted", set_user(pid, REG(cs), 0x33));
	shown("ss 0x2b is accepted", set_user(pid, REG(ss), 0x2b));
	r.cs = 0x10;
	shown("SETREGS with another cs is refused", !set_regs(pid, &r));
	r.cs = 0x33;
	shown("SETREGS with cs 0x33 is not", set_regs(pid, &r));
}

static void regset(pid_t pid, const struct user_regs_struct *r)
{
	struct user_regs_struct other = { 0 };
	struct iovec io = { &other, sizeof(other) };

	shown("GETREGSET shows what GETREGS does",
	      !trace(PTRACE_GETREGSET, pid, NT_PRSTATUS, (unsigned long)&io) &&
		      !memcmp(r, &other, sizeof(other)) && io.iov_len == sizeof(other));
	other.r15 = 15;
	shown("SETREGSET sets",
	      !trace(PTRACE_SETREGSET, pid, NT_PRSTATUS, (unsigned long)&io) &&
		      trace(PTRACE_PEEKUSER, pid, REG(r15), 0) == 15);
	set_regs(pid, r);
}

static unsigned long flags_after(pid_t pid, struct user_regs_struct r,
				 unsigned long flags)
{
	r.eflags = flags;
	set_regs(pid, &r);
	get_regs(pid, &r);
	return r.eflags;
}

static void flags(pid_t pid, const struct user_regs_struct *r)
{
	unsigned long old = r->eflags;

	shown("IF is set, IOPL, NT, TF and DF are not",
	      (old & (FLAG_IF | FLAG_IOPL | FLAG_NT | FLAG_TF | FLAG_DF)) == FLAG_IF);
	shown("AC is the application's, nobody else's",
	      !!(old & FLAG_AC) == board->ring0);
	shown("IF cannot be cleared", flags_after(pid, *r, old & ~FLAG_IF) == old);
	shown("IOPL cannot be set", flags_after(pid, *r, old | FLAG_IOPL) == old);
	shown("VIF and VIP cannot be set", flags_after(pid, *r, old | FLAG_VIF) == old);
	shown("AC cannot be cleared if it is the application's",
	      !!(flags_after(pid, *r, old & ~FLAG_AC) & FLAG_AC) == board->ring0);
	shown("DF can be set", flags_after(pid, *r, old | FLAG_DF) == (old | FLAG_DF));
	flags_after(pid, *r, old);
	shown("NT can be set", flags_after(pid, *r, old | FLAG_NT) == (old | FLAG_NT));
}

/* A TF that is not the tracer's makes a trap that is. */
static void trap_flag(pid_t pid, const struct user_regs_struct *r)
{
	siginfo_t info;

	shown("TF can be set", flags_after(pid, *r, r->eflags | FLAG_TF) & FLAG_TF);
	trace(PTRACE_CONT, pid, 0, 0);
	shown("with it, it traps behind an instruction",
	      stops_by(pid, SIGTRAP) &&
		      !trace(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&info) &&
		      info.si_code == TRAP_TRACE);
	set_regs(pid, r);
}

/* Has the tracee call landing(VALUE), as a debugger does; its registers come back. */
static bool calls(pid_t pid, const struct user_regs_struct *r, long value)
{
	struct user_regs_struct call = *r;
	bool back;

	call.rsp = ((r->rsp - 512) & -16ul) - 8;
	call.rip = board->landing;
	call.rdi = value;
	call.orig_rax = -1ul;
	trace(PTRACE_POKEDATA, pid, call.rsp, board->trap);
	set_regs(pid, &call);
	trace(PTRACE_CONT, pid, 0, 0);
	back = stops_by(pid, SIGTRAP) && get_regs(pid, &call) &&
		call.rip == board->trap + 1;
	return set_regs(pid, r) && back && board->landed == value;
}

static void fpu(pid_t pid)
{
	struct user_fpregs_struct f, g;

	shown("SETFPREGS sets what GETFPREGS shows",
	      !trace(PTRACE_GETFPREGS, pid, 0, (unsigned long)&f) &&
		      (f.xmm_space[60] = 42) &&
		      !trace(PTRACE_SETFPREGS, pid, 0, (unsigned long)&f) &&
		      !trace(PTRACE_GETFPREGS, pid, 0, (unsigned long)&g) &&
		      g.xmm_space[60] == 42);
	f.mxcsr = 0xffffffff;
	shown("a reserved bit of MXCSR is refused",
	      trace(PTRACE_SETFPREGS, pid, 0, (unsigned long)&f) == -1);
}

static void bases(pid_t pid, const struct user_regs_struct *r)
{
	shown("fs_base is its thread pointer",
	      r->fs_base &&
		      trace(PTRACE_PEEKDATA, pid, r->fs_base, 0) == (long)r->fs_base);
	shown("gs_base is zero", !r->gs_base);
	shown("gs_base can be set",
	      set_user(pid, REG(gs_base), board->data) &&
		      trace(PTRACE_PEEKUSER, pid, REG(gs_base), 0) ==
			      (long)board->data);
	shown("a base in the kernel's half is refused",
	      !set_user(pid, REG(gs_base), 0xffff888000000000ul) &&
		      !set_user(pid, REG(fs_base), 0xffff888000000000ul));
	set_user(pid, REG(gs_base), 0);
}

/* Where it cannot go on: a signal, never a fault of the kernel. */
static int dies_at(unsigned long rip, unsigned long rsp)
{
	pid_t pid = tracee_start(ROLE_spin);
	int status;

	await(&board->ready);
	trace(PTRACE_SEIZE, pid, 0, 0);
	trace(PTRACE_INTERRUPT, pid, 0, 0);
	stops_with(pid, PTRACE_EVENT_STOP);
	set_user(pid, REG(orig_rax), -1ul);
	set_user(pid, REG(rip), rip);
	set_user(pid, REG(rsp), rsp);
	trace(PTRACE_CONT, pid, 0, 0);
	status = next_stop(pid);
	tracee_end(pid);
	return WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
}

static void bad_places(const struct user_regs_struct *r)
{
	int sig = dies_at(board->landing, NOWHERE);

	shown("a signal when it pops from a non-canonical rsp",
	      sig == SIGBUS || sig == SIGSEGV); /* #SS; #GP by QEMU */
	shown("SIGSEGV when it pops from nothing", dies_at(board->landing, 8) == SIGSEGV);
	shown("SIGSEGV at a non-canonical rip", dies_at(NOWHERE, r->rsp) == SIGSEGV);
	shown("SIGSEGV at rip 0", dies_at(0, r->rsp) == SIGSEGV);
	shown("SIGSEGV at a rip in its data", dies_at(board->data, r->rsp) == SIGSEGV);
}

/* A read that is interrupted for a call, and then goes on. */
static void call_while_blocked(void)
{
	struct user_regs_struct r = { 0 };
	pid_t pid = tracee_start(ROLE_reader);

	await(&board->ready);
	trace(PTRACE_SEIZE, pid, 0, 0);
	do {
		trace(PTRACE_INTERRUPT, pid, 0, 0);
		stops_with(pid, PTRACE_EVENT_STOP);
		get_regs(pid, &r);
		if (r.orig_rax != SYS_read)
			trace(PTRACE_CONT, pid, 0, 0);
	} while (r.orig_rax != SYS_read);
	shown("a blocked read is stopped to be restarted", (long)r.rax == -512);
	shown("a call of a function meanwhile", calls(pid, &r, 88));
	board->stop = 1;
	trace(PTRACE_DETACH, pid, 0, 0);
	shown("and the read goes on",
	      exits_with(pid, 5) && board->result[0] == 1 && board->result[1] == '!');
}

void trace_registers(void)
{
	struct user_regs_struct r = { 0 };
	pid_t pid = attached();

	shown("GETREGS", get_regs(pid, &r));
	selectors(pid, r);
	regset(pid, &r);
	flags(pid, &r);
	trap_flag(pid, &r);
	fpu(pid);
	bases(pid, &r);
	shown("a function called by rip, rdi and rsp", calls(pid, &r, 77));
	board->stop = 1;
	trace(PTRACE_DETACH, pid, 0, 0);
	shown("with its registers back it goes on", exits_with(pid, 5));
	bad_places(&r);
	call_while_blocked();
}

static bool set_debug(pid_t pid, unsigned int n, unsigned long value)
{
	return set_user(pid, offsetof(struct user, u_debugreg[n]), value);
}

/* DR7: register 0 enabled, its length and kind */
#define DR7_WRITE8 (1ul | 0x9ul << 16)
#define DR7_EXECUTE 1ul

/* Goes on to the next hit of debug register 0. */
static bool hits(pid_t pid)
{
	siginfo_t info;

	trace(PTRACE_CONT, pid, 0, 0);
	return stops_by(pid, SIGTRAP) &&
		!trace(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&info) &&
		info.si_code == TRAP_HWBKPT;
}

static void watchpoint(pid_t pid)
{
	long count;

	shown("a watchpoint on what it writes",
	      set_debug(pid, 0, board->counter) && set_debug(pid, 7, DR7_WRITE8));
	count = board->count;
	shown("is hit at the next write", hits(pid) && board->count == count + 1);
	shown("and at the one after it", hits(pid) && board->count == count + 2);
	set_debug(pid, 7, 0);
	shown("a watchpoint in the kernel's half is refused",
	      !set_debug(pid, 0, 0xffff888001000000ul) ||
		      !set_debug(pid, 7, DR7_WRITE8));
	set_debug(pid, 7, 0);
	set_debug(pid, 0, 0);
}

/*
 * On the jump to itself: QEMU saves RF=1 with an interrupt at the breakpoint, as no
 * processor does, and so it is hit no earlier than the next time round.
 */
static void breakpoint(pid_t pid)
{
	const unsigned long place = board->steps[STEPS - 1];
	struct user_regs_struct r, here;
	bool set, hit = false;

	get_regs(pid, &r);
	set = set_debug(pid, 0, place) && set_debug(pid, 7, DR7_EXECUTE);
	if (set) {
		here = r;
		here.rip = place;
		here.orig_rax = -1ul;
		set_regs(pid, &here);
		hit = hits(pid) && get_regs(pid, &here) && here.rip == place;
		set_regs(pid, &r);
	}
	shown("a breakpoint in its text, hit or refused", set ? hit : board->ring0);
}

void trace_watch(void)
{
	pid_t pid = attached();

	watchpoint(pid);
	breakpoint(pid);
	tracee_end(pid);
}
