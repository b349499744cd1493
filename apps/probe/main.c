// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe - every kind of transition an application can make, group by group
 *
 *   probe [GROUP...]	the groups named, or all; see probe.h
 *   probe -HELPER ARG	what some group executes
 *
 * Built by ukl-cc for ring 0 and by musl-gcc for ring 3; the outputs are to be equal.
 * Exit status 0, or 1 if a line says "wrong", or 2 if there is no such group.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

static const struct {
	const char *name;
	void (*run)(void);
} groups[] = {
#define PROBE_ROW(name) { #name, probe_##name },
	PROBE_GROUPS(PROBE_ROW)
#undef PROBE_ROW
};

static const struct {
	const char *name;
	int (*run)(char **argv);
} helpers[] = {
#define HELPER_ROW(name) { "-" #name, help_##name },
	PROBE_HELPERS(HELPER_ROW)
#undef HELPER_ROW
};

static const unsigned int n_helpers = sizeof(helpers) / sizeof(*helpers);
static const unsigned int n_groups = sizeof(groups) / sizeof(*groups);
static bool wrong;
static int cpus[CPU_SETSIZE];
int n_cpus;

void check(const char *what, bool ok)
{
	printf("%-60s %s\n", what, ok ? "ok" : "wrong");
	fflush(stdout);
	if (!ok)
		__atomic_store_n(&wrong, true, __ATOMIC_RELAXED);
}

bool in_ring0(void)
{
	unsigned short cs;

	__asm__("mov %%cs, %0" : "=r"(cs));
	return !(cs & 3);
}

long seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

bool patient(long since, bool yield)
{
	for (volatile int i = 0; i < 50000; i++)
		;
	if (yield)
		sched_yield();
	return seconds() - since < 20;
}

void work(void)
{
	char *p = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	for (int i = 0; i < 4; i++) {
		p[i * 4096] = (char)getppid();
		for (volatile int j = 0; j < 2000; j++)
			;
	}
	munmap(p, 4 * 4096);
}

/* The sum of the numbers at *p*, or the one of that column. */
static unsigned long sum_of(const char *p, int column)
{
	unsigned long sum = 0, n;
	char *end;

	for (int i = 0;; i++, p = end) {
		n = strtoul(p, &end, 10);
		if (end == p)
			return sum;
		if (column == ALL_CPUS || column == i)
			sum += n;
	}
}

unsigned long interrupts(const char *row, int cpu)
{
	int column = cpu == ALL_CPUS ? ALL_CPUS : cpus[cpu];
	FILE *f = fopen("/proc/interrupts", "r");
	size_t len = strlen(row);
	unsigned long sum = 0;
	char line[1024];

	while (f && fgets(line, sizeof(line), f)) {
		const char *p = line + strspn(line, " ");

		if (!strncmp(p, row, len) && p[len] == ':')
			sum += sum_of(p + len + 1, column);
	}
	if (f)
		fclose(f);
	return sum;
}

bool move_to(pid_t tid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int i = 0; i < n_cpus; i++)
		if (cpu == ALL_CPUS || cpu == i)
			CPU_SET((size_t)cpus[i], &set);
	return !sched_setaffinity(tid, sizeof(set), &set);
}

int my_cpu(void)
{
	int cpu = sched_getcpu(), n = 0;

	while (n < n_cpus && cpus[n] != cpu)
		n++;
	return n;
}

static void count_cpus(void)
{
	cpu_set_t set;

	sched_getaffinity(0, sizeof(set), &set);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET((size_t)cpu, &set))
			cpus[n_cpus++] = cpu;
}

const char *self_name(void)
{
	static char name[64];

	readlink("/proc/self/exe", name, sizeof(name) - 1);
	return name;
}

const char *twin_name(void)
{
	return in_ring0() ? "/bin/probe" : self_name();
}

pid_t start_helper(const char *path, const char *helper, const char *arg)
{
	pid_t pid = fork();

	if (!pid) {
		execl(path, "probe", helper, arg, NULL);
		_exit(127);
	}
	return pid;
}

int status_of(pid_t pid)
{
	int status = -1;

	return waitpid(pid, &status, 0) == pid ? status : -1;
}

int in_child(int (*run)(void))
{
	pid_t pid = fork();

	if (!pid)
		_exit(run());
	return status_of(pid);
}

bool exited(pid_t pid, int code)
{
	int status = status_of(pid);

	return status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == code;
}

bool killed(pid_t pid, int sig)
{
	int status = status_of(pid);

	return status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == sig;
}

static int run(const char *name)
{
	for (unsigned int i = 0; i < n_groups; i++) {
		if (strcmp(groups[i].name, name))
			continue;
		printf("# %s\n", name);
		groups[i].run();
		return 0;
	}
	printf("# no group of probes is called \"%s\"\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	int status = 0;

	count_cpus();
	for (unsigned int i = 0; argc > 1 && i < n_helpers; i++)
		if (!strcmp(argv[1], helpers[i].name))
			return helpers[i].run(argv + 2) ?: wrong;
	for (int a = 1; a < argc && !status; a++)
		status = run(argv[a]);
	for (unsigned int i = 0; argc == 1 && i < n_groups; i++)
		status = run(groups[i].name);
	printf("# %s\n", status || wrong ? "something is wrong" : "all is well");
	return status ? status : wrong;
}
