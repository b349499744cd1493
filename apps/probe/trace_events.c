// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * trace_events.c - what a tracer is told of, and signals through its hands
 */
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"
#include "trace.h"

#define ALL_EVENTS                                                                     \
	(PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |              \
	 PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_TRACEVFORKDONE)

/* Waits until an event stops PID; signals go through. */
static int next_event(pid_t pid)
{
	int status = next_stop(pid);

	while (status != -1 && WIFSTOPPED(status) && !(status >> 16)) {
		trace(PTRACE_CONT, pid, 0, WSTOPSIG(status));
		status = next_stop(pid);
	}
	return status == -1 ? 0 : status >> 16;
}

static int to_event(pid_t pid)
{
	trace(PTRACE_CONT, pid, 0, 0);
	return next_event(pid);
}

static long message(pid_t pid)
{
	unsigned long value = 0;

	return trace(PTRACE_GETEVENTMSG, pid, 0, (unsigned long)&value) ? -1
									: (long)value;
}

/* The new one is traced and stopped; it goes on to its exit and is followed there. */
static bool follow_child(pid_t child, int code)
{
	struct user_regs_struct r;

	return child > 0 && stops_by(child, SIGSTOP) && get_regs(child, &r) &&
		r.cs == 0x33 && !r.rax && to_event(child) == PTRACE_EVENT_EXIT &&
		message(child) == code << 8 && !trace(PTRACE_CONT, child, 0, 0);
}

static bool reap(pid_t child, int code)
{
	int status;

	return waitpid(child, &status, __WALL) == child && WIFEXITED(status) &&
		WEXITSTATUS(status) == code;
}

static void family(pid_t pid)
{
	pid_t child;

	shown("an event for fork()", to_event(pid) == PTRACE_EVENT_FORK);
	child = (pid_t)message(pid);
	shown("its child is traced to its exit",
	      follow_child(child, 3) && reap(child, 3));
	shown("an event for vfork()", to_event(pid) == PTRACE_EVENT_VFORK);
	child = (pid_t)message(pid);
	shown("its child is traced to its exit, too",
	      follow_child(child, 4) && reap(child, 4));
	shown("an event for the end of vfork()",
	      to_event(pid) == PTRACE_EVENT_VFORK_DONE);
	shown("an event for a thread", to_event(pid) == PTRACE_EVENT_CLONE);
	child = (pid_t)message(pid);
	trace(PTRACE_CONT, pid, 0, 0); /* it may hold a lock */
	shown("which is traced to its exit", follow_child(child, 0) && reap(child, 0));
}

static void across_exec(pid_t pid)
{
	struct user_regs_struct r;

	shown("an event for execve()",
	      next_event(pid) == PTRACE_EVENT_EXEC && message(pid) == pid);
	shown("the new program is an ordinary one",
	      get_regs(pid, &r) && r.cs == 0x33 && r.ss == 0x2b &&
		      !(r.eflags & 1 << 18));
	shown("an event for its exit",
	      to_event(pid) == PTRACE_EVENT_EXIT && !message(pid));
	trace(PTRACE_CONT, pid, 0, 0);
	shown("its exit", exits_with(pid, 0));
}

void trace_events(void)
{
	pid_t pid = tracee_start(ROLE_parent);

	stops_by(pid, SIGSTOP);
	shown("SETOPTIONS", !trace(PTRACE_SETOPTIONS, pid, 0, ALL_EVENTS));
	family(pid);
	across_exec(pid);
}

static bool at_signal(pid_t pid, int sig, int resume_with)
{
	trace(PTRACE_CONT, pid, 0, resume_with);
	return stops_by(pid, sig);
}

static void inject(void)
{
	pid_t pid = tracee_start(ROLE_raiser);
	siginfo_t info = { 0 };

	stops_by(pid, SIGSTOP);
	shown("a signal is seen before its handler",
	      at_signal(pid, SIGUSR1, 0) && !board->handled[0] &&
		      !trace(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&info) &&
		      info.si_signo == SIGUSR1 && info.si_code == SI_USER &&
		      info.si_pid == pid);
	shown("suppressed, its handler is not called",
	      at_signal(pid, SIGUSR1, 0) && !board->handled[0]);
	shown("delivered, it is",
	      at_signal(pid, SIGUSR1, SIGUSR1) && board->handled[0] == 1);
	shown("another one instead",
	      at_signal(pid, SIGUSR1, SIGUSR2) && board->handled[0] == 1 &&
		      board->handled[1] == 1);
	trace(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&info);
	info.si_code = SI_QUEUE;
	info.si_value.sival_int = 321;
	shown("SETSIGINFO", !trace(PTRACE_SETSIGINFO, pid, 0, (unsigned long)&info));
	trace(PTRACE_CONT, pid, 0, SIGUSR1);
	shown("it ends by itself", exits_with(pid, 5));
	shown("its handler saw the other siginfo",
	      board->handled[0] == 2 && board->landed == 321);
}

/* Stops of the whole group, seen by a tracer that has SEIZEd */
static void group_stop(void)
{
	pid_t pid = tracee_start(ROLE_spin);
	siginfo_t info;
	long count;

	await(&board->ready);
	shown("SEIZE", !trace(PTRACE_SEIZE, pid, 0, 0));
	kill(pid, SIGSTOP);
	shown("a stop signal is seen first", stops_by(pid, SIGSTOP));
	trace(PTRACE_CONT, pid, 0, SIGSTOP);
	shown("then the stop of the group",
	      next_stop(pid) == (PTRACE_EVENT_STOP << 16 | SIGSTOP << 8 | 0x7f));
	shown("LISTEN", !trace(PTRACE_LISTEN, pid, 0, 0));
	kill(pid, SIGCONT);
	shown("ends with SIGCONT", stops_with(pid, PTRACE_EVENT_STOP));
	trace(PTRACE_CONT, pid, 0, 0);
	shown("which is then seen itself", stops_by(pid, SIGCONT));
	trace(PTRACE_CONT, pid, 0, 0);
	shown("INTERRUPT",
	      !trace(PTRACE_INTERRUPT, pid, 0, 0) &&
		      stops_with(pid, PTRACE_EVENT_STOP));
	count = board->count;
	shown("a stopped tracee does not run",
	      !trace(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&info) &&
		      info.si_code == (PTRACE_EVENT_STOP << 8 | SIGTRAP) &&
		      count == board->count);
	kill(pid, SIGUSR1);
	trace(PTRACE_CONT, pid, 0, 0);
	shown("DETACH with another signal, which kills",
	      stops_by(pid, SIGUSR1) && !trace(PTRACE_DETACH, pid, 0, SIGTERM) &&
		      next_stop(pid) == SIGTERM);
}

/* A tracer that is killed; the tracee is a child of the caller. */
static void tracer_dies(unsigned long options, pid_t pid)
{
	pid_t tracer = fork();

	if (!tracer) {
		trace(PTRACE_SEIZE, pid, 0, options);
		trace(PTRACE_INTERRUPT, pid, 0, 0);
		stops_with(pid, PTRACE_EVENT_STOP);
		kill(getpid(), SIGKILL);
	}
	waitpid(tracer, NULL, 0);
}

static void killed_tracer(void)
{
	pid_t pid = tracee_start(ROLE_spin);
	long count;

	await(&board->ready);
	tracer_dies(0, pid);
	count = board->count;
	while (board->count == count)
		;
	board->stop = 1;
	shown("a tracee outlives its killed tracer", exits_with(pid, 5));
	pid = tracee_start(ROLE_spin);
	await(&board->ready);
	tracer_dies(PTRACE_O_EXITKILL, pid);
	shown("and with EXITKILL is killed with it", next_stop(pid) == SIGKILL);
}

void trace_signals(void)
{
	inject();
	group_stop();
	killed_tracer();
}
