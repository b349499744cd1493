// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ptrace.c - who traces whom, and what all sections of the ptrace group share
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"
#include "trace.h"

struct board *board;
static int board_fd;
static const char *way, *tracee_path;

static void (*const roles[])(void) = {
#define TRACE_ROLE(name) [ROLE_##name] = tracee_##name,
	TRACE_ROLES(TRACE_ROLE)
#undef TRACE_ROLE
};

static void (*const sections[])(void) = {
	trace_memory, trace_registers, trace_watch,   trace_stops,
	trace_steps,  trace_events,    trace_signals,
};

void shown(const char *what, bool ok)
{
	char line[100];

	snprintf(line, sizeof(line), "%s: %s", way, what);
	check(line, ok);
}

static void map_board(int fd)
{
	board_fd = fd;
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (board == MAP_FAILED)
		abort();
}

static void new_board(void)
{
	if (board) {
		munmap(board, sizeof(*board));
		close(board_fd);
	}
	map_board(memfd_create("board", 0));
	if (ftruncate(board_fd, sizeof(*board)))
		abort();
}

static void become_tracee(enum role role)
{
	char number[12], fd[12];
	char *argv[] = { "probe", "-ptracee", number, fd, NULL };

	if (!tracee_path) {
		roles[role]();
		_exit(0);
	}
	snprintf(number, sizeof(number), "%d", role);
	snprintf(fd, sizeof(fd), "%d", board_fd);
	execv(tracee_path, argv);
	_exit(127);
}

pid_t tracee_start(enum role role)
{
	pid_t pid;

	new_board();
	pid = fork();
	if (!pid)
		become_tracee(role);
	return pid;
}

int help_ptracee(char **args)
{
	map_board(atoi(args[1]));
	roles[atoi(args[0])]();
	return 0;
}

void await(volatile int *what)
{
	time_t end = time(NULL) + 60;

	while (!*what)
		if (time(NULL) > end)
			abort();
}

void tracee_end(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, __WALL) == pid)
		;
}

int next_stop(pid_t pid)
{
	int status;

	return waitpid(pid, &status, __WALL) == pid ? status : -1;
}

bool stops_by(pid_t pid, int sig)
{
	int status = next_stop(pid);

	return status != -1 && WIFSTOPPED(status) && status >> 8 == sig;
}

bool stops_with(pid_t pid, int event)
{
	int status = next_stop(pid);

	return status != -1 && WIFSTOPPED(status) && status >> 16 == event;
}

bool exits_with(pid_t pid, int code)
{
	int status = next_stop(pid);

	return status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == code;
}

long trace(int request, pid_t pid, unsigned long addr, unsigned long data)
{
	errno = 0;
	return ptrace(request, pid, (void *)addr, (void *)data);
}

bool get_regs(pid_t pid, struct user_regs_struct *regs)
{
	return !trace(PTRACE_GETREGS, pid, 0, (unsigned long)regs);
}

bool set_regs(pid_t pid, const struct user_regs_struct *regs)
{
	return !trace(PTRACE_SETREGS, pid, 0, (unsigned long)regs);
}

static void run_sections(const char *name, const char *path)
{
	way = name;
	tracee_path = path;
	for (unsigned int i = 0; i < sizeof(sections) / sizeof(*sections); i++)
		sections[i]();
}

/* The tracer, an ordinary program, of the program whose name it is given. */
int help_ptracer(char **args)
{
	run_sections("ring-3 tracer", args[0]);
	return 0;
}

void probe_ptrace(void)
{
	run_sections("forked tracee", NULL);
	run_sections("ring-3 tracee", twin_name());
	check("the tracer in ring 3 ends well",
	      exited(start_helper(twin_name(), "-ptracer", self_name()), 0));
}
