// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * registers.c - a tracer stores the registers of a ring-3 process
 */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

#define REG(name) offsetof(struct user_regs_struct, name)

enum { NR32_PTRACE = 26, REG32_CS = 13 * 4, GARBAGE = 0x00420000 };

/* A child that stops, and then ends by itself if it is still in ring 3. */
static pid_t stopped_child(void)
{
	pid_t child = fork();
	int status;

	if (!child) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		syscall(SYS_tgkill, getpid(), getpid(), SIGSTOP);
		_exit(cpl() == 3 ? 0 : 99);
	}
	waitpid(child, &status, 0);
	return child;
}

/* Lets it go on: 0, the signal that ended it, or 0x100 + the exit status. */
static int finish(pid_t child)
{
	int status;

	ptrace(PTRACE_CONT, child, NULL, NULL);
	waitpid(child, &status, 0);
	if (WIFSTOPPED(status)) {
		int sig = WSTOPSIG(status);

		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		return sig;
	}
	return WEXITSTATUS(status) ? 0x100 + WEXITSTATUS(status) : 0;
}

static bool poke(pid_t child, size_t reg, unsigned long value)
{
	return ptrace(PTRACE_POKEUSER, child, reg, value) == 0;
}

static unsigned long peek(pid_t child, size_t reg)
{
	errno = 0;
	return (unsigned long)ptrace(PTRACE_PEEKUSER, child, reg, NULL);
}

/* Only RPL 3 may be stored, and 16 bits of it, whatever stands above. */
static bool pokes_every(size_t reg, unsigned long garbage)
{
	unsigned long good = reg == REG(cs) ? USER_CS : USER_DS;
	pid_t child = stopped_child();
	bool ok = true;

	for (unsigned int sel = 0; sel < SELECTORS && ok; sel = next_selector(sel)) {
		bool stored = poke(child, reg, garbage | sel);

		ok = stored == ((sel & 3) == 3) && (!stored || peek(child, reg) == sel);
	}
	ok = ok && poke(child, reg, garbage | good);
	return finish(child) == 0 && ok;
}

/* The same through the 32-bit system call */
static long ptrace32(long request, pid_t child, unsigned long addr, unsigned long data)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret)
			 : "a"(NR32_PTRACE), "b"(request), "c"((long)child), "d"(addr),
			   "S"(data)
			 : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static bool pokes_every32(void)
{
	pid_t child = stopped_child();
	bool ok = true;

	for (unsigned int sel = 0; sel < SELECTORS && ok; sel = next_selector(sel)) {
		bool stored = !ptrace32(PTRACE_POKEUSER, child, REG32_CS, GARBAGE | sel);

		ok = stored == ((sel & 3) == 3) && (!stored || peek(child, REG(cs)) == sel);
	}
	ok = ok && poke(child, REG(cs), USER_CS);
	return finish(child) == 0 && ok;
}

/* All registers at once; 0 for how the child ended, or -1 if refused and it ended well */
static int set_all(unsigned long cs, unsigned long ss)
{
	struct user_regs_struct regs;
	struct iovec iov = { &regs, sizeof(regs) };
	pid_t child = stopped_child();
	bool refused;
	int end;

	ptrace(PTRACE_GETREGS, child, NULL, &regs);
	regs.cs = cs;
	regs.ss = ss;
	refused = ptrace(PTRACE_SETREGS, child, NULL, &regs) == -1 && errno == EIO;
	if (ptrace(PTRACE_SETREGSET, child, NT_PRSTATUS, &iov) != -1)
		refused = false;
	if (refused) {
		ptrace(PTRACE_GETREGS, child, NULL, &regs);
		refused = regs.cs == USER_CS && regs.ss == USER_DS;
	}
	end = finish(child);
	return end || !refused ? end : -1;
}

static int run_with(size_t reg, unsigned long value)
{
	pid_t child = stopped_child();

	if (!poke(child, reg, value)) {
		finish(child);
		return -1;
	}
	return finish(child);
}

static bool no_breakpoint_in_kernel(void)
{
	size_t dr7 = offsetof(struct user, u_debugreg[7]);
	pid_t child = stopped_child();
	bool set = poke(child, offsetof(struct user, u_debugreg[0]),
			attacker.target[AT_GATE]) && poke(child, dr7, 1);

	return finish(child) == 0 && !set;
}

static bool flags_kept(void)
{
	pid_t child = stopped_child();
	unsigned long before = peek(child, REG(eflags)), after;

	poke(child, REG(eflags), -1ul);
	after = peek(child, REG(eflags));
	poke(child, REG(eflags), before);
	return finish(child) == 0 && !(after & 0x003a3000) && (after & 0x200);
}

void attack_registers(void)
{
	bool ok = true;

	check("POKEUSER, each CS: EIO unless RPL 3; stored as 16 bits",
	      pokes_every(REG(cs), 0));
	check("the same under the mark in the bits above", pokes_every(REG(cs), CS_MARK));
	check("each SS, with the bits above set", pokes_every(REG(ss), CS_MARK));
	check("each CS by the 32-bit system call", pokes_every32());
	check("SETREGS and SETREGSET with CS 0x10: EIO, nothing changed",
	      set_all(KERNEL_CS, USER_DS) == -1);
	check("with the application's slot, mark and all: EIO, nothing changed",
	      set_all(CS_MARK | KERNEL_CS, 0x18) == -1);
	check("with the mark above 0x33: stored without it, the child goes on in ring 3",
	      set_all(CS_MARK | USER_CS, USER_DS) == 0);
	check("with 0xc3, the mark of the first UKL: the child gets SIGSEGV",
	      set_all(0xc3, USER_DS) == SIGSEGV);
	for (int t = 0; t < TARGETS; t++)
		ok = ok && run_with(REG(rip), attacker.target[t]) == SIGSEGV;
	check("RIP at the gate and other kernel text: the child gets SIGSEGV", ok);
	check("RIP at a non-canonical address: SIGSEGV",
	      run_with(REG(rip), NON_CANONICAL) == SIGSEGV);
	check("GS base of the kernel: EIO",
	      run_with(REG(gs_base), attacker.target[AT_TASK]) == -1);
	check("FS base of the kernel: EIO",
	      run_with(REG(fs_base), attacker.target[AT_TASK]) == -1);
	check("all flags: no IOPL, VM, VIF, VIP, ID, and IF stays", flags_kept());
	check("a hardware breakpoint on the gate: refused", no_breakpoint_in_kernel());
}
