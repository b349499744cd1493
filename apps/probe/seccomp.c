// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * seccomp.c - system calls that a filter refuses, changes or hands to somebody
 *
 * A filter cannot be taken off, so each is tried by a child of its own, whose exit
 * status is the answer: 0 if all was as it should be.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "probe.h"

#define FIELD(name) offsetof(struct seccomp_data, name)
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define UNLESS(k, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)(k), 0, skip)
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)

static const unsigned long six[] = { 0x1111111122222222, 0x3333333344444444,
				     0x5555555566666666, 0x7777777788888888,
				     0x99999999aaaaaaaa, 0xbbbbbbbbcccccccc };

static long call_six(long nr)
{
	return call6(nr, (long)six[0], (long)six[1], (long)six[2], (long)six[3],
		     (long)six[4], (long)six[5]);
}

static long install(const struct sock_filter *filter, size_t n, unsigned int flags)
{
	struct sock_fprog prog = { (unsigned short)n, (struct sock_filter *)filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

/* getppid() gets ACTION, all else is allowed. */
static long filter_getppid(unsigned int action, unsigned int flags)
{
	const struct sock_filter filter[] = {
		LOAD(FIELD(nr)),
		UNLESS(SYS_getppid, 1),
		RETURN(action),
		RETURN(SECCOMP_RET_ALLOW),
	};

	return install(filter, sizeof(filter) / sizeof(*filter), flags);
}

static int strict_allowed(void)
{
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0))
		return 1;
	write(-1, "", 0);
	call6(SYS_exit, 0, 0, 0, 0, 0, 0);
	return 2;
}

static int strict_refused(void)
{
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0);
	return (int)call6(SYS_getpid, 0, 0, 0, 0, 0, 0) & 1;
}

static int allowed(void)
{
	return filter_getppid(SECCOMP_RET_ALLOW, 0) || call_six(SYS_getppid) <= 0;
}

static int logged(void)
{
	return filter_getppid(SECCOMP_RET_LOG, SECCOMP_FILTER_FLAG_LOG) ||
		call_six(SYS_getppid) <= 0;
}

static int refused(void)
{
	return filter_getppid(SECCOMP_RET_ERRNO | 77, 0) ||
		call_six(SYS_getppid) != -77 || call_six(SYS_getpid) <= 0;
}

static int kill_process(void)
{
	filter_getppid(SECCOMP_RET_KILL_PROCESS, 0);
	call_six(SYS_getppid);
	return 1;
}

static volatile bool survived;

static void *call_getppid(void *unused)
{
	void *result = (void *)call_six(SYS_getppid);

	(void)unused;
	survived = true;
	return result;
}

static bool one_thread_left(void)
{
	char text[2048];
	FILE *f = fopen("/proc/self/status", "r");

	text[f ? fread(text, 1, sizeof(text) - 1, f) : 0] = 0;
	if (f)
		fclose(f);
	return strstr(text, "Threads:\t1\n");
}

/* The thread dies, its process does not.  Nobody wakes who joins a killed thread. */
static int thread_killed(void)
{
	pthread_t t;

	if (filter_getppid(SECCOMP_RET_KILL_THREAD, 0))
		return 1;
	if (pthread_create(&t, NULL, call_getppid, NULL))
		return 2;
	while (!one_thread_left())
		;
	return survived ? 3 : 0;
}

static volatile siginfo_t info;
static volatile unsigned long context_ip, context_ax;

static void on_sigsys(int sig, siginfo_t *si, void *context)
{
	greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)sig;
	memcpy((void *)&info, si, sizeof(info));
	context_ip = (unsigned long)g[REG_RIP];
	context_ax = (unsigned long)g[REG_RAX];
	g[REG_RAX] = 1234567890123;
}

static int trapped(void)
{
	struct sigaction sa = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO };

	sigaction(SIGSYS, &sa, NULL);
	if (filter_getppid(SECCOMP_RET_TRAP | 55, 0))
		return 1;
	if (call_six(SYS_getppid) != 1234567890123)
		return 2;
	if (info.si_signo != SIGSYS || info.si_code != 1 || info.si_errno != 55)
		return 3;
	if (info.si_call_addr != call6_return ||
	    context_ip != (unsigned long)call6_return)
		return 4;
	if (info.si_syscall != SYS_getppid || context_ax != SYS_getppid)
		return 5;
	return info.si_arch != AUDIT_ARCH_X86_64;
}

static int trap_default(void)
{
	filter_getppid(SECCOMP_RET_TRAP, 0);
	call_six(SYS_getppid);
	return 1;
}

/* A filter that compares all it is shown with what was in the registers. */
static int sees_all(void)
{
	struct sock_filter f[40];
	unsigned long ip = (unsigned long)call6_return;
	size_t n = 0;
	unsigned int words[16], i;

	memcpy(words, &ip, sizeof(ip));
	memcpy(words + 2, six, sizeof(six));
	f[n++] = (struct sock_filter)LOAD(FIELD(nr));
	f[n++] = (struct sock_filter)UNLESS(SYS_getppid, 31);
	f[n++] = (struct sock_filter)LOAD(FIELD(arch));
	f[n++] = (struct sock_filter)UNLESS(AUDIT_ARCH_X86_64, 29);
	for (i = 0; i < 14; i++) {
		f[n++] = (struct sock_filter)LOAD(FIELD(instruction_pointer) + 4 * i);
		f[n] = (struct sock_filter)UNLESS(words[i], 32 - n);
		n++;
	}
	f[n++] = (struct sock_filter)RETURN(SECCOMP_RET_ERRNO | 99);
	f[n++] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	if (n != 34 || install(f, n, 0))
		return 1;
	return call_six(SYS_getppid) != -99 || getppid() <= 0 ||
		call6(SYS_getppid, 0, 0, 0, 0, 0, 0) <= 0;
}

static int no_tracer(void)
{
	return filter_getppid(SECCOMP_RET_TRACE, 0) || call_six(SYS_getppid) != -ENOSYS;
}

static void traced(pid_t parent)
{
	long result[3];

	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	filter_getppid(SECCOMP_RET_TRACE | 31, 0);
	for (unsigned int i = 0; i < 3; i++)
		result[i] = call_six(SYS_getppid);
	_exit(result[0] != parent || result[1] != getpid() || result[2] != -ENOSYS);
}

static bool seccomp_event(pid_t pid, long nr)
{
	unsigned long data = 0;
	int status = -1;

	ptrace(PTRACE_CONT, pid, NULL, NULL);
	waitpid(pid, &status, 0);
	ptrace(PTRACE_GETEVENTMSG, pid, NULL, &data);
	ptrace(PTRACE_POKEUSER, pid, (void *)offsetof(struct user, regs.orig_rax),
	       (void *)nr);
	return status >> 16 == PTRACE_EVENT_SECCOMP && data == 31;
}

static void for_a_tracer(void)
{
	pid_t me = getpid(), pid = fork();
	int status = -1;

	if (!pid)
		traced(me);
	waitpid(pid, &status, 0);
	ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)PTRACE_O_TRACESECCOMP);
	check("TRACE: an event, with the filter's data",
	      seccomp_event(pid, SYS_getppid));
	check("TRACE: another, whose number is changed",
	      seccomp_event(pid, SYS_getpid));
	check("TRACE: another, which is skipped", seccomp_event(pid, -1));
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	waitpid(pid, &status, 0);
	check("TRACE: the filtered one saw all of it", !status);
}

static void *call_thrice(void *results)
{
	for (unsigned int i = 0; i < 3; i++)
		((long *)results)[i] = call_six(SYS_getppid);
	return NULL;
}

static bool receive(int fd, struct seccomp_notif *n)
{
	memset(n, 0, sizeof(*n));
	return !ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, n) &&
		!ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &n->id) &&
		n->data.nr == SYS_getppid && n->data.arch == AUDIT_ARCH_X86_64 &&
		n->data.instruction_pointer == (unsigned long)call6_return &&
		!memcmp(n->data.args, six, sizeof(six));
}

static bool answer(int fd, unsigned long id, long val, int error, unsigned int flags)
{
	struct seccomp_notif_resp r = {
		.id = id, .val = val, .error = error, .flags = flags
	};

	return !ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &r);
}

/* The notified one is a thread of this process. */
static int notified(void)
{
	int fd = (int)filter_getppid(SECCOMP_RET_USER_NOTIF,
				     SECCOMP_FILTER_FLAG_NEW_LISTENER);
	struct seccomp_notif n;
	long results[3] = { 0 };
	pthread_t t;
	bool ok = fd >= 0;

	if (pthread_create(&t, NULL, call_thrice, results))
		return 1;
	ok &= receive(fd, &n) && answer(fd, n.id, 1234567890123, 0, 0);
	ok &= receive(fd, &n) && answer(fd, n.id, 0, -88, 0);
	ok &= receive(fd, &n) &&
		answer(fd, n.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
	pthread_join(t, NULL);
	return !ok || results[0] != 1234567890123 || results[1] != -88 ||
		results[2] <= 0;
}

/* A child that is filtered before it becomes an ordinary program */
int help_filtered(char **args)
{
	(void)args;
	return call_six(SYS_getppid) != -66;
}

static int still_filtered(void)
{
	return help_filtered(NULL);
}

static int inherited(void)
{
	char *argv[] = { "probe", "-filtered", NULL };

	if (filter_getppid(SECCOMP_RET_ERRNO | 66, 0))
		return 1;
	if (in_child(still_filtered))
		return 2;
	execv(twin_name(), argv);
	return 3;
}

static sem_t go;

static void *call_later(void *unused)
{
	sem_wait(&go);
	return call_getppid(unused);
}

static int synchronised(void)
{
	pthread_t t;
	void *result;

	sem_init(&go, 0, 0);
	if (pthread_create(&t, NULL, call_later, NULL))
		return 1;
	if (filter_getppid(SECCOMP_RET_ERRNO | 44, SECCOMP_FILTER_FLAG_TSYNC))
		return 2;
	sem_post(&go);
	pthread_join(t, &result);
	return (long)result != -44;
}

static bool is_killed(int (*run)(void), int sig)
{
	int status = in_child(run);

	return WIFSIGNALED(status) && WTERMSIG(status) == sig;
}

void probe_seccomp(void)
{
	check("strict mode allows read, write and exit", !in_child(strict_allowed));
	check("strict mode kills at any other call",
	      is_killed(strict_refused, SIGKILL));
	check("ALLOW", !in_child(allowed));
	check("LOG allows", !in_child(logged));
	check("ERRNO gives the filter's error", !in_child(refused));
	check("TRAP: SIGSYS with address, number, architecture", !in_child(trapped));
	check("TRAP kills without a handler", is_killed(trap_default, SIGSYS));
	check("KILL_PROCESS", is_killed(kill_process, SIGSYS));
	check("KILL_THREAD leaves the process", !in_child(thread_killed));
	check("a filter sees number, all arguments, and rip in the text",
	      !in_child(sees_all));
	check("TRACE without a tracer gives ENOSYS", !in_child(no_tracer));
	for_a_tracer();
	check("USER_NOTIF: value, error, go on", !in_child(notified));
	check("a filter is inherited, by ring-3 programs too", !in_child(inherited));
	check("TSYNC reaches the other threads", !in_child(synchronised));
}
