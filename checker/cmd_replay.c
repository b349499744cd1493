// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_replay.c - ukl replay: a recorded run once more, under GDB
 *
 * QEMU replays what it logged beside the trace; GDB, with gdb-scripts/ukl-gdb.py,
 * starts it and goes to an event.  The script knows nothing of QEMU's words: it
 * connects to "ukl replay --stub TRACE", which becomes QEMU.
 *
 * One thread.  All memory is given back by the end of the process.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../model/model.h"
#include "../traces/reader.h"
#include "../traces/symbols.h"
#include "cmd.h"
#include "qemu.h"

static const char help[] =
	"usage: ukl replay [OPTION...] TRACE\n\n"
	"Runs the machine of a trace that was recorded with --replayable once more, under\n"
	"GDB and stopped at the instruction of an event. 'apropos ukl-' in GDB lists what\n"
	"can be done there.\n\n"
	"  --event N       stop at event N (default: before the first instruction)\n"
	"  --violation K   stop at the event of the K-th violation\n"
	"  --ex COMMAND    then have GDB execute this (may be repeated)\n"
	"  --batch         and end\n"
	"  --vmlinux FILE  the kernel with its symbols, if it has been moved\n"
	"  --console FILE  what the guest prints goes there\n"
	"  --gdb FILE      the debugger (default: gdb)\n"
	"  --record DIR    no GDB: record the replay, for comparison\n"
	"  --stub          no GDB: be a server for it on standard input and output\n"
	"  --help          show this text\n\n"
	"exit status: GDB's, or 2 for trouble\n";

struct replay {
	const char *trace, *vmlinux, *gdb, *record, *console;
	uint64_t event, violation;
	bool have_event, stub, batch;
	struct ukl_words commands;	/* for GDB */
	struct ukl_words machine;	/* QEMU's, as it was recorded */
	struct ukl_reader *reader;
	char build[PATH_MAX];		/* the directory of this program */
};

static int trouble(const char *format, const char *what, const char *remedy)
{
	fputs("ukl: replay: ", stderr);
	fprintf(stderr, format, what);
	fprintf(stderr, "; %s\n", remedy);
	return UKL_EXIT_TROUBLE;
}

/* --- the trace ------------------------------------------------------------ */

static const char *env(const struct replay *r, const char *key)
{
	const char *value = ukl_env_get(ukl_reader_env(r->reader), key);

	return value ? value : "";
}

/* The file beside the trace. */
static char *beside(const struct replay *r, const char *name)
{
	return ukl_text("%s/%s", r->trace, name);
}

static int lost(const struct replay *r)
{
	return trouble("%s has lost what was in its directory " UKL_REPLAY_DIR, r->trace,
		       "record it again, or copy all of the trace");
}

static int check_replayable(struct replay *r)
{
	if (strcmp(env(r, UKL_ENV_COUNT), "exact"))
		return trouble("%s cannot be replayed", r->trace,
			       "record it with --replayable");
	if (access(beside(r, UKL_REPLAY_LOG), R_OK) ||
	    ukl_words_load(&r->machine, beside(r, UKL_REPLAY_WORDS)) || !r->machine.n)
		return lost(r);
	return 0;
}

/* What is booted must be what was booted. */
static int check_sums(struct replay *r)
{
	FILE *file = fopen(beside(r, UKL_REPLAY_SUMS), "r");
	unsigned int then, now, n = 0;
	char path[PATH_MAX];

	for (; file && fscanf(file, "%x %4095[^\n]\n", &then, path) == 2; n++)
		if (ukl_sum(path, &now) || now != then)
			return trouble("%s is not what was recorded any more", path,
				       "record again, or bring the old file back");
	if (file)
		fclose(file);
	return n ? 0 : lost(r);
}

static int check_qemu(struct replay *r)
{
	int major, minor;
	char now[256];

	if (ukl_qemu_version("replay", r->machine.word[0], now, sizeof(now), &major,
			     &minor))
		return UKL_EXIT_TROUBLE;
	if (strcmp(now, env(r, UKL_ENV_QEMU)))
		return trouble("the run was recorded by another QEMU, %s",
			       env(r, UKL_ENV_QEMU), "no other can replay it");
	return 0;
}

/* vmlinux: another one than was recorded has other addresses. */
static int check_vmlinux(struct replay *r)
{
	struct ukl_symbols *symbols;
	struct ukl_error err;
	int differs;

	if (!r->vmlinux)
		r->vmlinux = env(r, UKL_ENV_VMLINUX);
	if (ukl_symbols_open(&symbols, r->vmlinux, &err))
		return ukl_cmd_fail(&err);
	differs = strcmp(ukl_symbols_build_id(symbols), env(r, UKL_ENV_BUILD_ID));
	ukl_symbols_close(symbols);
	if (differs)
		return trouble("%s is not the kernel that was recorded", r->vmlinux,
			       "name the right one with --vmlinux");
	return 0;
}

/* --- the event ------------------------------------------------------------ */

static int check_event(struct replay *r)
{
	const struct ukl_event *ev;

	do
		ev = ukl_reader_next(r->reader);
	while (ev && ev->order < r->event);
	if (ev)
		return 0;
	return trouble("there is no event %s",
		       ukl_text("%" PRIu64 " in %s", r->event, r->trace),
		       "'ukl stats' tells how many it has");
}

struct search {
	uint64_t left;		/* violations until the one wanted */
	uint64_t order;		/* its event */
};

static void on_violation(void *arg, const struct ukl_violation *v)
{
	struct search *search = arg;

	if (search->left && !--search->left)
		search->order = v->view->ev->order;
}

static int find_violation(struct replay *r)
{
	struct search search = { .left = r->violation };
	struct ukl_model_options o = { .cpus = ukl_reader_streams(r->reader),
				       .report = on_violation, .arg = &search };
	const struct ukl_event *ev;
	struct ukl_layout layout;
	struct ukl_model *model;
	struct ukl_error err;

	if (ukl_env_get_layout(ukl_reader_env(r->reader), &layout, &err))
		return ukl_cmd_fail(&err);
	model = ukl_need(ukl_model_create(&layout, &o));
	while (search.left && (ev = ukl_reader_next(r->reader)))
		ukl_model_step(model, ev);
	ukl_model_destroy(model);
	if (search.left)
		return trouble("%s has not so many violations", r->trace,
			       "'ukl check' shows those it has");
	r->event = search.order;
	r->have_event = true;
	return 0;
}

/* --- QEMU ----------------------------------------------------------------- */

/* A disk for the snapshots that QEMU goes back to, gone with the process. */
static int add_snapshots(struct ukl_words *w)
{
	int fd = memfd_create("snapshots", 0);
	char *path = ukl_text("/proc/self/fd/%d", fd), said[512];
	char *argv[] = { ukl_text("qemu-img"), ukl_text("create"), ukl_text("-q"),
			 ukl_text("-fqcow2"), path, ukl_text("1G"), NULL };

	if (fd < 0 || ukl_capture(argv, said, sizeof(said)))
		return trouble("%s cannot make a disk for snapshots", "qemu-img",
			       "install Debian's qemu-utils");
	ukl_words_add(w, ukl_text("-drive"));
	ukl_words_add(w, ukl_text("file=%s,format=qcow2,if=none,id=snapshots", path));
	return 0;
}

static int add_recorder(const struct replay *r, struct ukl_words *w)
{
	static const char *const copied[] = { "app", "qemu", "tool", "writers", "from",
					      "edges" };
	char version[256];
	int api = ukl_qemu_plugin_api("replay", w->word[0], version, sizeof(version));
	char *so, *arg;

	if (api < 0)
		return -api;
	so = ukl_text("%s/traces/recorder-v%d.so", r->build, api);
	if (access(so, R_OK))
		return trouble("the recorder %s cannot be read", so,
			       "build it with 'make recorder'");
	arg = ukl_text("%s,clock=exact,vmlinux=%s,out=%s", ukl_commas(so),
		       ukl_commas(r->vmlinux), ukl_commas(r->record));
	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
		arg = ukl_text("%s,%s=%s", arg, copied[i],
			       ukl_commas(env(r, copied[i])));
	ukl_words_pair(w, "-plugin", arg);
	ukl_words_pair(w, "-drive", "driver=null-co,if=none,id=snapshots");
	return 0;
}

static int run_qemu(struct replay *r)
{
	char *log = ukl_commas(beside(r, UKL_REPLAY_LOG));
	struct ukl_words *w = &r->machine;
	int status;

	ukl_words_add(w, ukl_text("-icount"));
	ukl_words_add(w, ukl_text("rr=replay,rrfile=%s", log));
	ukl_words_add(w, ukl_text("-chardev"));
	ukl_words_add(w, ukl_text("file,mux=on,id=console,path=%s",
				  ukl_commas(r->console)));
	if (r->stub) {
		ukl_words_add(w, ukl_text("-S"));
		ukl_words_pair(w, "-gdb", "stdio");
	}
	status = r->stub ? add_snapshots(w) : add_recorder(r, w);
	if (status)
		return status;
	execvp(w->word[0], w->word);
	return trouble("%s cannot be run", w->word[0], UKL_INSTALL_QEMU);
}

/* --- GDB ------------------------------------------------------------------ */

static int run_gdb(struct replay *r)
{
	struct ukl_words w = { NULL, 0, 0 };

	ukl_words_pair(&w, r->gdb, "-q");
	if (r->batch)
		ukl_words_pair(&w, "-nx", "-batch");
	ukl_words_add(&w, ukl_text("%s", r->vmlinux));
	ukl_words_add(&w, ukl_text("-ex"));
	ukl_words_add(&w, ukl_text("source %s/../gdb-scripts/ukl-gdb.py", r->build));
	ukl_words_add(&w, ukl_text("-ex"));
	ukl_words_add(&w, ukl_text("ukl-replay '%s'", r->trace));
	if (r->have_event) {
		ukl_words_add(&w, ukl_text("-ex"));
		ukl_words_add(&w, ukl_text("ukl-goto %" PRIu64, r->event));
	}
	for (size_t i = 0; i < r->commands.n; i++)
		ukl_words_pair(&w, "-ex", r->commands.word[i]);
	setenv("UKL", ukl_text("%s/ukl", r->build), 1);
	setenv("UKL_CONSOLE", r->console, 1);
	fflush(NULL);
	execvp(w.word[0], w.word);
	return trouble("%s cannot be run", r->gdb, "install Debian's gdb");
}

/* --- the command line ----------------------------------------------------- */

enum option_key {
	OPT_HELP = 256, OPT_EVENT, OPT_VIOLATION, OPT_EX, OPT_BATCH, OPT_VMLINUX,
	OPT_CONSOLE, OPT_GDB, OPT_RECORD, OPT_STUB,
};

static const struct option options[] = {
	{ "help", no_argument, NULL, OPT_HELP },
	{ "event", required_argument, NULL, OPT_EVENT },
	{ "violation", required_argument, NULL, OPT_VIOLATION },
	{ "ex", required_argument, NULL, OPT_EX },
	{ "batch", no_argument, NULL, OPT_BATCH },
	{ "vmlinux", required_argument, NULL, OPT_VMLINUX },
	{ "console", required_argument, NULL, OPT_CONSOLE },
	{ "gdb", required_argument, NULL, OPT_GDB },
	{ "record", required_argument, NULL, OPT_RECORD },
	{ "stub", no_argument, NULL, OPT_STUB },
	{ NULL, 0, NULL, 0 }
};

/* 0, an exit status, or -1 if getopt_long() was not content. */
static int parse_option(struct replay *r, int key)
{
	switch (key) {
	case OPT_EVENT:
		r->have_event = true;
		return ukl_cmd_number("replay", "event", optarg, &r->event);
	case OPT_VIOLATION:
		if (ukl_cmd_number("replay", "violation", optarg, &r->violation))
			return UKL_EXIT_TROUBLE;
		return r->violation ? 0 : ukl_cmd_usage("replay", "--violation: the"
							" first is number 1");
	case OPT_EX:
		ukl_words_add(&r->commands, optarg);
		return 0;
	case OPT_BATCH:		r->batch = true; return 0;
	case OPT_VMLINUX:	r->vmlinux = optarg; return 0;
	case OPT_CONSOLE:	r->console = optarg; return 0;
	case OPT_GDB:		r->gdb = optarg; return 0;
	case OPT_RECORD:	r->record = optarg; return 0;
	case OPT_STUB:		r->stub = true; return 0;
	}
	return -1;
}

/* GDB would say all this, too, but in the midst of its own words. */
static int check_all(struct replay *r)
{
	static int (*const check[])(struct replay *r) = {
		check_replayable, check_sums, check_qemu, check_vmlinux,
	};
	int status = 0;

	for (size_t i = 0; i < sizeof(check) / sizeof(check[0]) && !status; i++)
		status = check[i](r);
	if (!status && r->have_event)
		status = check_event(r);
	if (!status && r->violation)
		status = find_violation(r);
	return status;
}

static int run(struct replay *r)
{
	struct ukl_error err;
	int status;

	if (ukl_build_dir(r->build, sizeof(r->build)))
		return trouble("%s cannot be read", "/proc/self/exe", "mount /proc");
	if (ukl_reader_open(&r->reader, r->trace, &err))
		return ukl_cmd_fail(&err);
	status = check_all(r);
	if (status)
		return status;
	return r->stub || r->record ? run_qemu(r) : run_gdb(r);
}

int ukl_cmd_replay(int argc, char **argv)
{
	struct replay r = { .gdb = "gdb", .console = "/dev/null" };
	int key, status;

	opterr = 0;
	while ((key = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (key == OPT_HELP) {
			fputs(help, stdout);
			return 0;
		}
		status = parse_option(&r, key);
		if (status)
			return status > 0 ? status :
					    ukl_cmd_bad_option("replay", key, argv);
	}
	if (argc - optind != 1)
		return ukl_cmd_usage("replay", "give one trace");
	if (r.have_event && r.violation)
		return ukl_cmd_usage("replay", "give --event or --violation");
	if (r.stub && r.record)
		return ukl_cmd_usage("replay", "give --stub or --record");
	r.trace = argv[optind];
	return run(&r);
}
