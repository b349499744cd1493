// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * attack - a ring-3 program that tries to become the application, or to get to ring 0
 *
 *   attack VICTIM STEP [nobody]
 *
 * VICTIM is the pid of the application, which waits, and has an io worker.  "Each
 * selector" is each one below 0x200, where descriptors are, and above that one of STEP.
 * Started as root; with "nobody" it gives up all privilege first.  Each trick is one
 * line, "WHAT ok" or "WHAT wrong", where WHAT says what must come of it.
 * Exit status 0, or 1 if a line says "wrong", or 2 for trouble.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

#define NOBODY 65534

static const struct {
	const char *name;
	void (*run)(void);
} groups[] = {
#define ATTACK_ROW(name) { #name, attack_##name },
	ATTACK_GROUPS(ATTACK_ROW)
#undef ATTACK_ROW
};

static const char *const target_names[TARGETS] = {
	[AT_GATE] = "ukl_entry_SYSCALL_64",
	[AT_GATE_JUMP] = "ukl_entry_SYSCALL_64_jump",
	[AT_RETURN] = "ukl_return_to_app",
	[AT_APP_TEXT] = "__ukl_text_start",
	[AT_SYSCALL] = "entry_SYSCALL_64",
	[AT_TASK] = "init_task",
};

struct attacker attacker;
static bool *wrong;	/* shared with the groups' processes */

void check(const char *what, bool ok)
{
	printf("%-6s %-68s %s\n", attacker.root ? "root" : "nobody", what,
	       ok ? "ok" : "wrong");
	fflush(stdout);
	if (!ok)
		*wrong = true;
}

unsigned int cpl(void)
{
	unsigned short cs;

	__asm__ volatile("mov %%cs, %0" : "=r"(cs));
	return cs & 3;
}

int in_child(void (*run)(const void *), const void *arg)
{
	pid_t child = fork();
	int status;

	if (!child) {
		no_flights();
		run(arg);
		_exit(cpl() == 3 ? 0 : 99);
	}
	if (child < 0 || waitpid(child, &status, 0) != child) {
		perror("attack: fork");
		exit(2);
	}
	if (WIFSIGNALED(status))
		return WTERMSIG(status);
	return WEXITSTATUS(status) ? 0x100 + WEXITSTATUS(status) : 0;
}

/* setuid() takes /proc/self from its owner; a process of nobody's has it. */
static bool own_proc(void)
{
	return !prctl(PR_SET_DUMPABLE, 1);
}

static bool find_targets(void)
{
	char line[256], name[128];
	unsigned long addr;
	FILE *f = fopen("/proc/kallsyms", "r");
	int found = 0;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx %*c %127s", &addr, name) != 2)
			continue;
		for (int t = 0; t < TARGETS; t++) {
			if (strcmp(name, target_names[t]))
				continue;
			attacker.target[t] = addr;
			found += addr != 0;
		}
	}
	if (f)
		fclose(f);
	return found == TARGETS;
}

/* The other thread: of itself the application makes none. */
static pid_t find_worker(pid_t victim)
{
	char path[64];
	struct dirent *entry;
	pid_t tid = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", victim);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (atoi(entry->d_name) != 0 && atoi(entry->d_name) != victim)
			tid = atoi(entry->d_name);
	if (dir)
		closedir(dir);
	return tid;
}

static void run_group(const void *arg)
{
	((void (*)(void))arg)();
}

static void run(unsigned int i)
{
	char text[64];
	int status;

	printf("# %s\n", groups[i].name);
	fflush(stdout);
	status = in_child(run_group, groups[i].run);
	if (!status)
		return;
	snprintf(text, sizeof(text), "%s came to its end (status %#x)", groups[i].name,
		 status);
	check(text, false);
}

int main(int argc, char **argv)
{
	attacker.victim = argc > 1 ? atoi(argv[1]) : 0;
	attacker.step = argc > 2 ? (unsigned int)atoi(argv[2]) : 0;
	attacker.root = argc < 4;
	attacker.worker = find_worker(attacker.victim);
	wrong = mmap(NULL, sizeof(*wrong), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (attacker.victim <= 0 || attacker.worker <= 0 || !attacker.step ||
	    wrong == MAP_FAILED || !find_targets()) {
		fputs("usage: attack VICTIM STEP [nobody], as root, on a UKL kernel;\n"
		      "VICTIM is the application, and has an io worker\n", stderr);
		return 2;
	}
	if (!attacker.root && (setgid(NOBODY) || setuid(NOBODY) || !own_proc())) {
		perror("attack: setuid");
		return 2;
	}
	for (unsigned int i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		run(i);
	printf("# %s\n", *wrong ? "something is wrong" : "nothing got through");
	return *wrong;
}
