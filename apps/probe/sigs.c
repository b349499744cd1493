// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sigs.c - see sigs.h
 */
#include <alloca.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"
#include "sigs.h"

volatile struct caught caught;
volatile unsigned int n_caught;
static then_fn *caught_then[_NSIG];

unsigned long context_reg(const ucontext_t *uc, int reg)
{
	return (unsigned long)uc->uc_mcontext.gregs[reg];
}

static void record(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;

	caught = (struct caught){
		.sig = sig,
		.code = si->si_code,
		.tid = (pid_t)syscall(SYS_gettid),
		.addr = (unsigned long)si->si_addr,
		.stack = (unsigned long)uc,
		.ip = context_reg(uc, REG_RIP),
		.sp = context_reg(uc, REG_RSP),
		.flags = context_reg(uc, REG_EFL),
		.err = context_reg(uc, REG_ERR),
		.trapno = context_reg(uc, REG_TRAPNO),
		.cr2 = context_reg(uc, REG_CR2),
	};
	if (caught_then[sig])
		caught_then[sig](uc);
	n_caught++;
}

void catch_signal(int sig, int flags, then_fn *then)
{
	struct sigaction sa = { .sa_sigaction = record, .sa_flags = SA_SIGINFO | flags };

	caught_then[sig] = then;
	n_caught = 0;
	sigaction(sig, &sa, NULL);
}

__asm__(".text\n"
	".globl probe_store\n"
	"probe_store:\n"
	"	movb $0x5a, (%rdi)\n"
	"	xor %eax, %eax\n"
	"	ret\n");

void leave_function(ucontext_t *uc)
{
	greg_t *regs = uc->uc_mcontext.gregs;

	regs[REG_RIP] = *(greg_t *)regs[REG_RSP];
	regs[REG_RSP] += sizeof(greg_t);
	regs[REG_RAX] = 1;
	regs[REG_EFL] &= ~(greg_t)0x100; /* no single step after it */
}

void default_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < _NSIG; sig++)
		if (caught_then[sig])
			signal(sig, SIG_DFL);
	memset(caught_then, 0, sizeof(caught_then));
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

unsigned long hold_in[N_HOLD], hold_out[N_HOLD], hold_done[N_HOLD], hold_nr;
volatile int hold_there, hold_go;
volatile unsigned int hold_turns;
volatile pid_t hold_tid;

#define LOAD(reg, uc_reg) \
	"	mov hold_in + 8 * %c[" #uc_reg "](%%rip), %%" #reg "\n"
#define STORE_OUT(reg, uc_reg) \
	"	mov %%" #reg ", hold_out + 8 * %c[" #uc_reg "](%%rip)\n"
#define STORE_DONE(reg, uc_reg) \
	"	mov %%" #reg ", hold_done + 8 * %c[" #uc_reg "](%%rip)\n"
#define OPERAND(reg, uc_reg) [uc_reg] "i"(HOLD_##uc_reg),

__attribute__((naked, noinline)) void hold(void)
{
	__asm__("	push %%rbx\n	push %%rbp\n	push %%r12\n"
		"	push %%r13\n	push %%r14\n	push %%r15\n"
		HOLD_REGS(LOAD)
		"	movl $1, hold_there(%%rip)\n"
		".globl hold_begin\n"
		"hold_begin:\n"
		"	incl hold_turns(%%rip)\n"
		"	pause\n"
		"	cmpl $0, hold_go(%%rip)\n"
		"	je hold_begin\n"
		".globl hold_end\n"
		"hold_end:\n"
		HOLD_REGS(STORE_OUT)
		"	mov hold_nr(%%rip), %%rax\n"
		".globl hold_call\n"
		"hold_call:\n"
		"	" SYSTEM_CALL "\n"
		HOLD_REGS(STORE_DONE)
		".globl hold_pop\n"
		"hold_pop:\n"
		"	pop %%r15\n	pop %%r14\n	pop %%r13\n"
		"	pop %%r12\n	pop %%rbp\n	pop %%rbx\n"
		"	ret\n"
		: : HOLD_REGS(OPERAND) "i"(0));
}

void hold_prepare(unsigned long nr)
{
	for (unsigned long i = 0; i < N_HOLD; i++)
		hold_in[i] = 0x9abc000000001111ul + i * 0x0101010101010101ul;
	memset(hold_out, 0, sizeof(hold_out));
	memset(hold_done, 0, sizeof(hold_done));
	hold_nr = nr;
	hold_there = hold_go = 0;
}

void *hold_thread(void *unused)
{
	void *room = alloca(2 * PAGE); /* the C library's words are on other pages */

	__asm__ volatile("" : : "r"(room) : "memory");
	hold_tid = (pid_t)syscall(SYS_gettid);
	hold();
	return unused;
}

/* RAX is the result; SYSCALL and the gate both destroy RCX and R11. */
static bool call_keeps(unsigned int i)
{
	return i != HOLD_RAX && i != HOLD_RCX && i != HOLD_R11;
}

bool hold_kept(void)
{
	bool kept = true;

	for (unsigned int i = 0; i < N_HOLD; i++) {
		kept &= hold_out[i] == hold_in[i];
		kept &= !call_keeps(i) || hold_done[i] == hold_in[i];
	}
	return kept;
}

void hit(pid_t tid, int sig)
{
	unsigned int before = n_caught;

	syscall(SYS_tgkill, getpid(), tid, sig);
	wait_until(n_caught != before);
}

void hit_held(int sig)
{
	unsigned int turns;

	hit(hold_tid, sig);
	turns = hold_turns;
	wait_until(hold_turns != turns);
}

/* The file's first bytes as a string; "" if it is gone. */
static void read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);

	text[n < 0 ? 0 : n] = '\0';
	if (fd >= 0)
		close(fd);
}

static char task_state(pid_t pid, pid_t tid)
{
	char path[64], text[256], *comm_end;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	read_file(path, text, sizeof(text));
	comm_end = strrchr(text, ')');
	return comm_end ? comm_end[2] : '?';
}

/* One that is stopped in a call is not waiting in it. */
static bool sleeps_in(pid_t pid, pid_t tid, long nr)
{
	char path[64], text[256], *end;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
	if (task_state(pid, tid) != 'S')
		return false;
	read_file(path, text, sizeof(text));
	return strtol(text, &end, 10) == nr && end > text;
}

bool wait_blocked(pid_t pid, pid_t tid, long nr)
{
	return wait_until(sleeps_in(pid, tid, nr));
}

static bool all_in_state(pid_t pid, char state)
{
	char path[64];
	struct dirent *e;
	bool all = true;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			all &= task_state(pid, atoi(e->d_name)) == state;
	if (dir)
		closedir(dir);
	return all;
}

bool wait_stopped(pid_t pid)
{
	return wait_until(all_in_state(pid, 'T'));
}

int next_change(pid_t pid, int options)
{
	int status = -1;

	return waitpid(pid, &status, options) == pid ? status : -1;
}

bool page_absent(const volatile void *p)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = ~0ull;
	bool read_it = pread(fd, &entry, sizeof(entry), (long)p / (long)PAGE * 8) == 8;

	close(fd);
	return read_it && !(entry >> 63);
}
