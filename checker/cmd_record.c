// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_record.c - ukl record: runs QEMU with the recorder
 *
 * Promise: what is run can be printed and run without this program.  The trace is
 * closed properly whenever QEMU is given the chance: a SIGINT, SIGTERM or SIGHUP
 * sent here, the end of --timeout and a trace of --max-size become a SIGTERM for it.
 *
 * One thread.  All memory is given back by the end of the process.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "qemu.h"

#define GRACE_SECONDS 20	/* from SIGTERM to SIGKILL */
#define FOREVER 1000000000	/* seconds */

static const char usage[] =
	"usage: ukl record [OPTION]... [-- QEMU-ARGUMENT...]\n"
	"       ukl record --user [OPTION]... PROGRAM [ARGUMENT...]\n"
	"Boot a UKL kernel under QEMU and record its transitions, or run an ordinary\n"
	"program under QEMU's user mode and record its system calls.\n"
	"\n"
	"  --user               run a program, no machine: only --argv0, --out, --app,\n"
	"                       --timeout, --max-size, --qemu, --no-plugin and\n"
	"                       --print-command go with it\n"
	"  --argv0 NAME         what the program is told that it is called\n"
	"  --out DIR            where the trace goes (default: trace)\n"
	"  --app NAME           the application: chooses kernel and initrd from the\n"
	"                       build directory (default: echo)\n"
	"  --kernel FILE        bzImage to boot\n"
	"  --vmlinux FILE       its vmlinux with symbols (default: found near it)\n"
	"  --initrd FILE        initial file system\n"
	"  --append WORDS       more words for the kernel command line\n"
	"  --smp N              virtual CPUs (default: 1)\n"
	"  --memory M           guest memory in MiB, or with a suffix (default: 256)\n"
	"  --icount             deterministic: equal runs give equal traces\n"
	"  --seed N             which deterministic run (default: 1)\n"
	"  --replayable         deterministic, and 'ukl replay' can stand on any event\n"
	"  --net                a network card, also with --icount\n"
	"  --hostfwd PORT:GUEST forward a TCP port of this host to the guest\n"
	"  --timeout SECONDS    end QEMU after this time\n"
	"  --max-size MIB       end QEMU when the trace is so large\n"
	"  --qemu FILE          the emulator (default: qemu-system-x86_64; with --user,\n"
	"                       the one that 'make qemu-user' has built)\n"
	"  --plugin-option K=V  more for the recorder, e.g. writers=prove\n"
	"  --no-plugin          run the same without recording\n"
	"  --print-command      print QEMU's command line and do not run it\n"
	"\n"
	"Exit status: QEMU's own, but 2 instead of 1, and 2 for any trouble. With --user\n"
	"the program's, 128 and the number of the signal that ended it, and 2 for trouble.\n";

enum { MAX_PORTS = 8, MAX_PLUGIN_OPTIONS = 16 };

struct settings {
	const char *out, *app, *kernel, *vmlinux, *initrd, *append, *memory, *qemu;
	const char *seed, *argv0;
	const char *port[MAX_PORTS], *plugin_option[MAX_PLUGIN_OPTIONS];
	unsigned int n_ports, n_plugin_options;
	long smp, timeout, max_size;
	int icount, net, no_plugin, print_command, replayable, user;
	int replaying;			/* the words are for a replay */
	const char *of_machine;		/* the last option that --user does not take */
	char build[PATH_MAX];		/* the directory of this program */
	char **extra;			/* for QEMU, as they are; a program and its arguments */
};

static int is_number(const char *s, long low, long high, long *value)
{
	char *end;

	errno = 0;
	*value = strtol(s, &end, 10);
	return isdigit((unsigned char)*s) && !*end && !errno && *value >= low &&
	       *value <= high;
}

enum {
	OPT_OUT = 1, OPT_APP, OPT_KERNEL, OPT_VMLINUX, OPT_INITRD, OPT_APPEND, OPT_SMP,
	OPT_MEMORY, OPT_ICOUNT, OPT_SEED, OPT_NET, OPT_HOSTFWD, OPT_TIMEOUT, OPT_MAX_SIZE,
	OPT_QEMU, OPT_PLUGIN_OPTION, OPT_NO_PLUGIN, OPT_PRINT, OPT_REPLAYABLE, OPT_USER,
	OPT_ARGV0, OPT_HELP
};

static const struct option options[] = {
	{ "out", required_argument, NULL, OPT_OUT },
	{ "app", required_argument, NULL, OPT_APP },
	{ "kernel", required_argument, NULL, OPT_KERNEL },
	{ "vmlinux", required_argument, NULL, OPT_VMLINUX },
	{ "initrd", required_argument, NULL, OPT_INITRD },
	{ "append", required_argument, NULL, OPT_APPEND },
	{ "smp", required_argument, NULL, OPT_SMP },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "icount", no_argument, NULL, OPT_ICOUNT },
	{ "replayable", no_argument, NULL, OPT_REPLAYABLE },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "net", no_argument, NULL, OPT_NET },
	{ "hostfwd", required_argument, NULL, OPT_HOSTFWD },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "max-size", required_argument, NULL, OPT_MAX_SIZE },
	{ "qemu", required_argument, NULL, OPT_QEMU },
	{ "plugin-option", required_argument, NULL, OPT_PLUGIN_OPTION },
	{ "no-plugin", no_argument, NULL, OPT_NO_PLUGIN },
	{ "print-command", no_argument, NULL, OPT_PRINT },
	{ "user", no_argument, NULL, OPT_USER },
	{ "argv0", required_argument, NULL, OPT_ARGV0 },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 }
};

/* Does it say something about the machine? */
static int is_of_machine(int option)
{
	switch (option) {
	case OPT_OUT: case OPT_APP: case OPT_TIMEOUT: case OPT_MAX_SIZE: case OPT_QEMU:
	case OPT_NO_PLUGIN: case OPT_PRINT: case OPT_USER: case OPT_ARGV0:
		return 0;
	}
	return 1;
}

static int set_hostfwd(struct settings *s, const char *value)
{
	const char *colon = strchr(value, ':');
	char host[8];
	long port;

	if (!colon || colon - value > 5 || !is_number(colon + 1, 1, 65535, &port) ||
	    snprintf(host, sizeof(host), "%.*s", (int)(colon - value), value) < 1 ||
	    !is_number(host, 1, 65535, &port))
		return ukl_cmd_usage("record", "--hostfwd wants PORT:GUESTPORT, such as"
				     " 5555:7, not '%s'", value);
	if (s->n_ports == MAX_PORTS)
		return ukl_cmd_usage("record", "more than %d --hostfwd", MAX_PORTS);
	s->port[s->n_ports++] = value;
	return 0;
}

static int set_plugin_option(struct settings *s, const char *value)
{
	if (!strchr(value, '='))
		return ukl_cmd_usage("record", "--plugin-option wants NAME=VALUE, not"
				     " '%s'", value);
	if (s->n_plugin_options == MAX_PLUGIN_OPTIONS)
		return ukl_cmd_usage("record", "more than %d --plugin-option",
				     MAX_PLUGIN_OPTIONS);
	s->plugin_option[s->n_plugin_options++] = value;
	return 0;
}

static int set_number(const char *name, const char *value, long high, long *number)
{
	if (is_number(value, 1, high, number))
		return 0;
	return ukl_cmd_usage("record", "--%s wants a number from 1 to %ld, not '%s'",
			     name, high, value);
}

/* 0, or the exit status of a usage error. */
static int set_option(struct settings *s, int option, const char *value)
{
	long seed;

	switch (option) {
	case OPT_OUT:		s->out = value; return 0;
	case OPT_APP:		s->app = value; return 0;
	case OPT_KERNEL:	s->kernel = value; return 0;
	case OPT_VMLINUX:	s->vmlinux = value; return 0;
	case OPT_INITRD:	s->initrd = value; return 0;
	case OPT_APPEND:	s->append = value; return 0;
	case OPT_MEMORY:	s->memory = value; return 0;
	case OPT_QEMU:		s->qemu = value; return 0;
	case OPT_ICOUNT:	s->icount = 1; return 0;
	case OPT_REPLAYABLE:	s->icount = s->replayable = 1; return 0;
	case OPT_NET:		s->net = 1; return 0;
	case OPT_NO_PLUGIN:	s->no_plugin = 1; return 0;
	case OPT_PRINT:		s->print_command = 1; return 0;
	case OPT_USER:		s->user = 1; return 0;
	case OPT_ARGV0:		s->argv0 = value; return 0;
	case OPT_HOSTFWD:	return set_hostfwd(s, value);
	case OPT_PLUGIN_OPTION:	return set_plugin_option(s, value);
	case OPT_SMP:		return set_number("smp", value, 255, &s->smp);
	case OPT_TIMEOUT:
		return set_number("timeout", value, 1000000, &s->timeout);
	case OPT_MAX_SIZE:
		return set_number("max-size", value, 1000000000, &s->max_size);
	case OPT_SEED:
		s->seed = value;
		return set_number("seed", value, LONG_MAX, &seed);
	default:
		return ukl_cmd_usage("record", "unknown or incomplete option");
	}
}

/* What QEMU's record and replay cannot do is said before anything starts. */
static int check_replayable(const struct settings *s)
{
	if (!s->replayable)
		return 0;
	if (s->smp > 1)
		return ukl_cmd_usage("record", "--replayable takes one virtual CPU: QEMU"
				     " cannot replay more");
	if (*s->extra)
		return ukl_cmd_usage("record", "--replayable takes no QEMU arguments,"
				     " such as '%s': what a disk or a monitor does to"
				     " the guest would not be replayed", *s->extra);
	if (s->no_plugin)
		return ukl_cmd_usage("record", "--replayable has no use without the"
				     " recorder");
	return 0;
}

/* --user takes a program; without it, all that is no option follows "--". */
static int check_rest(const struct settings *s, int argc, char **argv)
{
	if (s->user && s->of_machine)
		return ukl_cmd_usage("record", "%s is about a machine, and a program"
				     " that runs with --user has none", s->of_machine);
	if (!s->user && s->argv0)
		return ukl_cmd_usage("record", "--argv0 is for a program that runs with"
				     " --user");
	if (s->user && optind == argc)
		return ukl_cmd_usage("record", "--user wants a program to run");
	if (!s->user && optind < argc && strcmp(argv[optind - 1], "--"))
		return ukl_cmd_usage("record", "'%s' is not an option; QEMU's own"
				     " arguments go after --", argv[optind]);
	return 0;
}

static int parse(struct settings *s, int argc, char **argv)
{
	int option, index, status = 0;

	opterr = 0;
	optind = 1;
	while (!status &&
	       (option = getopt_long(argc, argv, "+", options, &index)) != -1) {
		if (option == OPT_HELP) {
			fputs(usage, stdout);
			exit(0);
		}
		if (option == '?' || option == ':')
			return ukl_cmd_usage("record",
					     "'%s' is unknown or lacks its value",
					     argv[optind - 1]);
		status = set_option(s, option, optarg);
		if (is_of_machine(option))
			s->of_machine = ukl_text("--%s", options[index].name);
	}
	s->extra = argv + optind;
	if (!status)
		status = check_rest(s, argc, argv);
	return status ? status : check_replayable(s);
}

static int unusable(const char *what, const char *path, const char *remedy)
{
	fprintf(stderr, "ukl: record: %s %s cannot be read (%s); %s\n", what, path,
		strerror(errno), remedy);
	return UKL_EXIT_TROUBLE;
}

/* vmlinux lies beside the bzImage, or at the top of the build that made it. */
static char *near_kernel(const char *kernel)
{
	static const char *const place[] = { "vmlinux", "../../../vmlinux" };
	char *copy = ukl_text("%s", kernel), *dir = dirname(copy), *path = NULL;

	for (size_t i = 0; i < sizeof(place) / sizeof(place[0]); i++) {
		path = ukl_text("%s/%s", dir, place[i]);
		if (!access(path, R_OK))
			break;
	}
	return path;
}

static int find_build(struct settings *s)
{
	if (ukl_build_dir(s->build, sizeof(s->build)))
		return unusable("this program's place", "/proc/self/exe",
				"mount /proc");
	return 0;
}

/* QEMU loads nothing else, and what it says of that is lost without a terminal. */
static bool is_program(const char *path)
{
	Elf64_Ehdr header = { 0 };
	FILE *file = fopen(path, "re");

	if (!file)
		return false;
	if (!fread(&header, sizeof(header), 1, file))
		header.e_machine = EM_NONE;
	fclose(file);
	return !memcmp(header.e_ident, ELFMAG, SELFMAG) &&
	       header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_machine == EM_X86_64;
}

static int find_program(struct settings *s)
{
	if (!s->qemu)
		s->qemu = ukl_text("%s/qemu-user/qemu-x86_64", s->build);
	if (!s->app)
		s->app = ukl_text("%s", basename(ukl_text("%s", s->extra[0])));
	if (access(s->qemu, X_OK))
		return unusable("the emulator", s->qemu, "build it with 'make qemu-user'"
				" or name one with --qemu");
	if (access(s->extra[0], R_OK))
		return unusable("the program", s->extra[0], "name it with its path");
	if (is_program(s->extra[0]))
		return 0;
	fprintf(stderr, "ukl: record: %s is not a program for x86-64; --user runs"
			" ELF files, no scripts\n", s->extra[0]);
	return UKL_EXIT_TROUBLE;
}

/* The same file, whatever directory is current. */
static const char *whole_path(const char *path)
{
	char *whole = realpath(path, NULL);

	return whole ? whole : path;
}

static int find_kernel(struct settings *s)
{
	if (!s->qemu)
		s->qemu = "qemu-system-x86_64";
	if (!s->app)
		s->app = "echo";
	if (!s->initrd && !s->kernel)
		s->initrd = ukl_text("%s/guest/initramfs.cpio.gz", s->build);
	if (!s->kernel)
		s->kernel = ukl_text("%s/kernel/images/%s/bzImage", s->build, s->app);
	if (!s->vmlinux)
		s->vmlinux = near_kernel(s->kernel);
	if (access(s->kernel, R_OK))
		return unusable(
			"the kernel", s->kernel,
			"build it with 'make kernel' or name one with --kernel");
	if (s->initrd && access(s->initrd, R_OK))
		return unusable("the initial file system", s->initrd,
				"build it with 'make apps' or name one with --initrd");
	if (!s->no_plugin && access(s->vmlinux, R_OK))
		return unusable(
			"the kernel's vmlinux", s->vmlinux,
			"name the one that belongs to the kernel with --vmlinux");
	/* A replay may be begun elsewhere. */
	if (s->replayable) {
		s->kernel = whole_path(s->kernel);
		s->vmlinux = whole_path(s->vmlinux);
		s->initrd = s->initrd ? whole_path(s->initrd) : NULL;
	}
	return 0;
}

static void append_value(char **arg, const char *name, const char *value)
{
	char *safe = ukl_commas(value);
	char *longer = ukl_text("%s,%s=%s", *arg, name, safe);

	free(safe);
	free(*arg);
	*arg = longer;
}

static int add_plugin(struct ukl_words *w, const struct settings *s)
{
	char version[256] = "", *so, *arg;
	int api = ukl_qemu_plugin_api("record", s->qemu, version, sizeof(version));

	if (api < 0)
		return -api;
	so = ukl_text("%s/traces/recorder-v%d.so", s->build, api);
	if (access(so, R_OK))
		return unusable("the recorder", so, "build it with 'make recorder'");
	arg = ukl_commas(so);
	if (!s->user)
		append_value(&arg, "vmlinux", s->vmlinux);
	append_value(&arg, "out", s->out);
	append_value(&arg, "app", s->app);
	append_value(&arg, "qemu", version);
	append_value(&arg, "tool", UKL_VERSION);
	if (s->icount && s->smp > 1)
		append_value(&arg, "tcg", "single");
	if (s->replayable)
		append_value(&arg, "clock", "exact");
	for (unsigned int i = 0; i < s->n_plugin_options; i++) {
		char *name = ukl_text("%s", s->plugin_option[i]);
		char *value = strchr(name, '=');

		*value++ = 0;
		append_value(&arg, name, value);
		free(name);
	}
	ukl_words_add(w, ukl_text("-plugin"));
	ukl_words_add(w, arg);
	return 0;
}

static int build_program(struct ukl_words *w, const struct settings *s)
{
	ukl_words_add(w, ukl_text("%s", s->qemu));
	ukl_words_pair(w, "-cpu", "max");
	if (s->argv0)
		ukl_words_pair(w, "-0", s->argv0);
	if (!s->no_plugin && add_plugin(w, s))
		return UKL_EXIT_TROUBLE;
	for (char **word = s->extra; *word; word++)
		ukl_words_add(w, ukl_text("%s", *word));
	return 0;
}

static int has_network(const struct settings *s)
{
	return !s->icount || s->net || s->n_ports;
}

/* A card and, with --replayable, what logs the packets. */
static void add_network(struct ukl_words *w, const struct settings *s)
{
	char *nic = ukl_text("user,%s", s->replayable ? "id=net" : "model=virtio-net-pci");

	if (!has_network(s)) {
		ukl_words_pair(w, "-nic", "none");
		free(nic);
		return;
	}
	ukl_words_add(w, ukl_text(s->replayable ? "-netdev" : "-nic"));
	for (unsigned int i = 0; i < s->n_ports && !s->replaying; i++) {
		const char *colon = strchr(s->port[i], ':');
		char *more = ukl_text("%s,hostfwd=tcp:127.0.0.1:%.*s-:%s", nic,
				  (int)(colon - s->port[i]), s->port[i], colon + 1);

		free(nic);
		nic = more;
	}
	ukl_words_add(w, nic);
	if (!s->replayable)
		return;
	ukl_words_pair(w, "-device", "virtio-net-pci,netdev=net");
	ukl_words_pair(w, "-object", "filter-replay,id=log,netdev=net");
}

/*
 * Without a network all of an idle time can be skipped; with one, the guest's idle
 * time must pass no faster than the world's.  The APIC's option ROM is left out
 * because QEMU hangs when it goes back to a snapshot of it while replaying; the disk,
 * which the guest does not have, stands for the one that holds the snapshots then.
 * The log speaks of the console's devices by number: a replay must have the same.
 */
static void add_replayable(struct ukl_words *w, const struct settings *s)
{
	char *log;

	ukl_words_pair(w, "-icount", has_network(s) ? "shift=3,sleep=on" :
						      "shift=3,sleep=off");
	ukl_words_pair(w, "-global", "apic.vapic=off");
	ukl_words_pair(w, "-serial", "chardev:console");
	ukl_words_pair(w, "-mon", "chardev=console");
	if (s->replaying)
		return;
	log = ukl_commas(s->out);
	ukl_words_add(w, ukl_text("-icount"));
	ukl_words_add(w, ukl_text("rr=record,rrfile=%s/" UKL_REPLAY_LOG, log));
	ukl_words_pair(w, "-drive", "driver=null-co,if=none,id=snapshots");
	ukl_words_pair(w, "-chardev", "stdio,mux=on,signal=off,id=console");
	free(log);
}

static void add_machine(struct ukl_words *w, const struct settings *s)
{
	ukl_words_add(w, ukl_text("%s", s->qemu));
	ukl_words_pair(w, "-M", "q35");
	ukl_words_pair(w, "-cpu", "max,-la57");
	ukl_words_pair(w, "-m", s->memory);
	if (s->smp > 1) {
		ukl_words_add(w, ukl_text("-smp"));
		ukl_words_add(w, ukl_text("%ld", s->smp));
	}
	/* One thread for all virtual CPUs is what makes them deterministic. */
	if (s->icount) {
		if (s->replayable)
			add_replayable(w, s);
		else
			ukl_words_pair(w, "-icount", "shift=3,sleep=off");
		ukl_words_pair(w, "-seed", s->seed);
		ukl_words_pair(w, "-rtc", "base=2026-01-01,clock=vm");
	} else {
		ukl_words_pair(w, "-accel", s->smp > 1 ? "tcg,thread=multi" : "tcg");
	}
	ukl_words_add(w, ukl_text("-nographic"));
	ukl_words_add(w, ukl_text("-no-reboot"));
}

static int build_machine(struct ukl_words *w, const struct settings *s)
{
	add_machine(w, s);
	add_network(w, s);
	ukl_words_pair(w, "-kernel", s->kernel);
	if (s->initrd)
		ukl_words_pair(w, "-initrd", s->initrd);
	ukl_words_add(w, ukl_text("-append"));
	ukl_words_add(w, ukl_text("console=ttyS0 nokaslr panic=-1 quiet%s%s",
				  *s->append ? " " : "", s->append));
	if (!s->no_plugin && !s->replaying && add_plugin(w, s))
		return UKL_EXIT_TROUBLE;
	for (char **extra = s->extra; *extra; extra++)
		ukl_words_add(w, ukl_text("%s", *extra));
	return 0;
}

/* One line that a shell reads back as the same words. */
static void print_command(const struct ukl_words *w)
{
	for (size_t i = 0; i < w->n; i++) {
		const char *s = w->word[i];
		int plain = *s && !s[strspn(s, "abcdefghijklmnopqrstuvwxyz"
					       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					       "0123456789-_=.,:/+@%")];

		fputs(i ? " " : "", stdout);
		if (!plain)
			putchar('\'');
		for (; *s; s++)
			fputs(*s == '\'' && !plain ? "'\\''" : (char[]){*s, 0}, stdout);
		if (!plain)
			putchar('\'');
	}
	putchar('\n');
}

static int save_sums(const struct settings *s, const char *path)
{
	const char *const booted[] = { s->kernel, s->initrd };
	FILE *file = fopen(path, "w");
	unsigned int sum;

	if (!file)
		return -1;
	for (size_t i = 0; i < 2 && booted[i]; i++)
		if (!ukl_sum(booted[i], &sum))
			fprintf(file, "%08x %s\n", sum, booted[i]);
	return fclose(file);
}

/* Puts beside the trace to be what its replay needs; what was there is outdated. */
static int prepare_replay(struct settings *s)
{
	char *dir = ukl_text("%s/" UKL_REPLAY_DIR, s->out);
	char *log = ukl_text("%s/" UKL_REPLAY_LOG, s->out);
	char *words = ukl_text("%s/" UKL_REPLAY_WORDS, s->out);
	char *sums = ukl_text("%s/" UKL_REPLAY_SUMS, s->out);
	struct ukl_words replay = { NULL, 0, 0 };

	unlink(log);
	unlink(words);
	unlink(sums);
	rmdir(dir);
	if (!s->replayable)
		return 0;
	s->replaying = 1;
	build_machine(&replay, s);
	s->replaying = 0;
	if ((mkdir(s->out, 0777) && errno != EEXIST) || mkdir(dir, 0777) ||
	    ukl_words_save(&replay, words) || save_sums(s, sums))
		return unusable("the directory", dir, "give --out another one");
	return 0;
}

static struct timespec after_seconds(long seconds)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += seconds;
	return t;
}

/* Time left, not negative. */
static struct timespec until(const struct timespec *deadline)
{
	struct timespec t, left;

	clock_gettime(CLOCK_MONOTONIC, &t);
	left.tv_sec = deadline->tv_sec - t.tv_sec;
	left.tv_nsec = deadline->tv_nsec - t.tv_nsec;
	if (left.tv_nsec < 0) {
		left.tv_nsec += 1000000000;
		left.tv_sec--;
	}
	if (left.tv_sec < 0)
		left.tv_sec = left.tv_nsec = 0;
	return left;
}

static int is_over(const struct timespec *deadline)
{
	struct timespec left = until(deadline);

	return !left.tv_sec && !left.tv_nsec;
}

/* The signal that arrived, or 0: the time is over. */
static int wait_signal(const sigset_t *set, const struct timespec *deadline)
{
	struct timespec left;
	int sig;

	do {
		left = until(deadline);
		sig = sigtimedwait(set, NULL, &left);
	} while (sig < 0 && errno == EINTR);
	return sig < 0 ? 0 : sig;
}

/* Bytes in the files of the trace. */
static off_t trace_size(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	struct stat st;
	off_t size = 0;

	if (!d)
		return 0;
	while ((entry = readdir(d)))
		if (!fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
		    S_ISREG(st.st_mode))
			size += st.st_size;
	closedir(d);
	return size;
}

enum ending { GOES_ON, ENDED_BY_SIGNAL, ENDED_BY_TIMEOUT, ENDED_BY_SIZE, ENDED_BY_FORCE };

/* Waits for a reason to end QEMU, at most until one must be looked for again. */
static enum ending next_reason(const struct settings *s, const sigset_t *set,
			       const struct timespec *deadline)
{
	struct timespec next = after_seconds(1);
	int sig = wait_signal(set, s->max_size && next.tv_sec < deadline->tv_sec ?
			      &next : deadline);

	if (sig)
		return sig == SIGCHLD ? GOES_ON : ENDED_BY_SIGNAL;
	if (is_over(deadline))
		return ENDED_BY_TIMEOUT;
	return s->max_size && trace_size(s->out) >> 20 >= s->max_size ? ENDED_BY_SIZE
								       : GOES_ON;
}

/* Waits for QEMU and passes on what arrives; *status as waitpid() sets it. */
static enum ending supervise(pid_t pid, const struct settings *s, const sigset_t *set,
			     int *status)
{
	struct timespec deadline = after_seconds(s->timeout ? s->timeout : FOREVER);
	enum ending ending = GOES_ON, reason;

	while (waitpid(pid, status, WNOHANG) != pid) {
		reason = next_reason(s, set, &deadline);
		if (reason == GOES_ON)
			continue;
		if (ending == GOES_ON) {
			ending = reason;
			deadline = after_seconds(GRACE_SECONDS);
			kill(pid, SIGTERM);
		} else if (reason == ENDED_BY_TIMEOUT) {
			ending = ENDED_BY_FORCE;
			deadline = after_seconds(FOREVER);
			kill(pid, SIGKILL);
		}
	}
	return ending;
}

static int conclude(const struct settings *s, enum ending ending, int status)
{
	switch (ending) {
	case ENDED_BY_TIMEOUT:
		fprintf(stderr, "ukl: record: the %s did not end within %ld seconds; %s\n",
			s->user ? "program" : "guest", s->timeout,
			s->user ? "it was ended, its trace may be torn" :
				  "QEMU was ended, the trace so far is kept");
		return UKL_EXIT_TROUBLE;
	case ENDED_BY_SIZE:
		fprintf(stderr, "ukl: record: the trace in %s has %ld MiB or more; QEMU was"
			" ended, the trace so far is kept\n", s->out, s->max_size);
		return UKL_EXIT_TROUBLE;
	case ENDED_BY_FORCE:
		fprintf(stderr, "ukl: record: QEMU did not end within %d seconds of"
			" SIGTERM and was killed; the trace is torn\n", GRACE_SECONDS);
		return UKL_EXIT_TROUBLE;
	default:
		break;
	}
	if (s->user)
		return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	if (WIFSIGNALED(status)) {
		fprintf(stderr,
			"ukl: record: QEMU was ended by signal %d (%s); the trace"
			" is torn\n",
			WTERMSIG(status), strsignal(WTERMSIG(status)));
		return UKL_EXIT_TROUBLE;
	}
	return WEXITSTATUS(status) == 1 ? UKL_EXIT_TROUBLE : WEXITSTATUS(status);
}

static int run(const struct settings *s, char **argv)
{
	static const int handled[] = { SIGINT, SIGTERM, SIGHUP, SIGCHLD };
	sigset_t set, before;
	pid_t pid, self = getpid();
	enum ending ending;
	int status;

	/* Blocked before the fork, so that none is missed. */
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
		sigaddset(&set, handled[i]);
	sigprocmask(SIG_BLOCK, &set, &before);
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		perror("ukl: record: QEMU cannot be started");
		return UKL_EXIT_TROUBLE;
	}
	if (!pid) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != self)
			_exit(127);
		execvp(argv[0], argv);
		fprintf(stderr,
			"ukl: record: %s cannot be run (%s); " UKL_INSTALL_QEMU "\n",
			argv[0], strerror(errno));
		_exit(UKL_EXIT_TROUBLE);
	}
	ending = supervise(pid, s, &set, &status);
	return conclude(s, ending, status);
}

int ukl_cmd_record(int argc, char **argv)
{
	struct settings s = { .out = "trace", .append = "", .memory = "256",
			      .seed = "1", .smp = 1 };
	struct ukl_words command = { NULL, 0, 0 };
	int status = parse(&s, argc, argv);

	if (!status)
		status = find_build(&s);
	if (!status)
		status = s.user ? find_program(&s) : find_kernel(&s);
	if (!status)
		status = s.user ? build_program(&command, &s) :
				  build_machine(&command, &s);
	if (status)
		return status;
	if (s.print_command) {
		print_command(&command);
		return 0;
	}
	status = prepare_replay(&s);
	if (status)
		return status;
	return run(&s, command.word);
}
