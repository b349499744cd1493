// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * plugin.c - the recorder as QEMU sees it: arguments, start and end
 *
 *   -plugin recorder-v4.so,vmlinux=FILE,out=DIR[,OPTION=VALUE...]
 *
 *   vmlinux=FILE            the kernel that the guest boots, with its symbols
 *   out=DIR                 the trace's directory
 *   clock=auto|insn|exact|order   auto: insn with one virtual CPU, order with more;
 *                           exact: insn, and counts as icount does (slower)
 *   tcg=auto|multi|single   threads of TCG with more than one virtual CPU
 *   writers=declared|prove  prove: watch every store of the kernel, not only the
 *                           declared writers of ukl_mode
 *   from=boot|app           app: write nothing before the first UKL thread
 *   edges=branches|all      all: follow the application's RET instructions too
 *   write=packets|events    events: each at once, for who reads along (slower)
 *   app=, variant=, qemu=, tool=   copied into the trace's environment
 *
 * With qemu-user there is no kernel and nothing to choose: out=, app=, qemu=, tool=.
 *
 * Promise: a wrong argument stops QEMU before the guest starts, with a sentence;
 * from then on nothing that happens to the trace reaches the guest.
 */
#define _GNU_SOURCE		/* gettid */
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "recorder.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = RECORDER_API;

struct recorder recorder;

void recorder_say(const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fprintf(stderr, "ukl: recorder: %s\n", line);
}

struct options {
	const char *vmlinux, *out, *clock, *tcg, *writers, *from, *edges,
		*write;
	const char *app, *variant, *qemu, *tool;
	const char *of_kernel;		/* the last argument about a kernel */
};

enum { MAX_WORDS = 4 };

/* An argument's name, whether it is about a kernel, where it goes, words it allows. */
static const struct {
	const char *name;
	bool kernel;
	size_t offset;
	const char *allowed[MAX_WORDS];
} option[] = {
#define OPTION(name, kernel, ...) \
	{ #name, kernel, offsetof(struct options, name), { __VA_ARGS__ } }
	OPTION(vmlinux, true, NULL),
	OPTION(out, false, NULL),
	OPTION(clock, true, "auto", "insn", "exact", "order"),
	OPTION(tcg, true, "auto", "multi", "single"),
	OPTION(writers, true, "declared", "prove"),
	OPTION(from, true, "boot", "app"),
	OPTION(edges, true, "branches", "all"),
	OPTION(write, true, "packets", "events"),
	OPTION(app, false, NULL),
	OPTION(variant, true, NULL),
	OPTION(qemu, false, NULL),
	OPTION(tool, false, NULL),
};

static int check_word(unsigned int i, const char *value)
{
	const char *const *allowed = option[i].allowed;

	char words[64] = "";

	if (!allowed[0])
		return 0;
	for (int k = 0; k < MAX_WORDS && allowed[k]; k++) {
		if (!strcmp(value, allowed[k]))
			return 0;
		strcat(strcat(words, k ? ", " : ""), allowed[k]);
	}
	recorder_say("%s=%s is not possible; use one of %s", option[i].name, value,
		     words);
	return -1;
}

static int parse_argument(struct options *o, const char *argument)
{
	size_t len = strcspn(argument, "=");
	const char *value = argument[len] ? argument + len + 1 : "";

	for (unsigned int i = 0; i < sizeof(option) / sizeof(option[0]); i++) {
		if (strlen(option[i].name) != len ||
		    strncmp(option[i].name, argument, len))
			continue;
		*(const char **)((char *)o + option[i].offset) = value;
		if (option[i].kernel)
			o->of_kernel = option[i].name;
		return check_word(i, value);
	}
	recorder_say("the argument '%s' is unknown; the head of"
		     " traces/recorder/plugin.c lists those there are", argument);
	return -1;
}

static int parse_arguments(struct options *o, int argc, char **argv)
{
	*o = (struct options){ .clock = "auto", .tcg = "auto", .writers = "declared",
			       .from = "boot", .edges = "branches", .variant = "base",
			       .write = "packets",
			       .app = "", .qemu = "", .tool = "", .vmlinux = "",
			       .out = "" };
	for (int i = 0; i < argc; i++)
		if (parse_argument(o, argv[i]))
			return -1;
	return 0;
}

static int check_given(const struct options *o, const qemu_info_t *info)
{
	const char *missing = !*o->out ? "out" : "vmlinux";

	if (*o->out && (*o->vmlinux || !info->system_emulation))
		return 0;
	recorder_say("no %s was given; add ,%s=... to the -plugin option",
		     *o->out ? "vmlinux" : "trace directory", missing);
	return -1;
}

static int check_machine(const struct options *o, const qemu_info_t *info)
{
	if (strcmp(info->target_name, "x86_64")) {
		recorder_say("this is QEMU for %s; use qemu-system-x86_64",
			     info->target_name);
		return -1;
	}
	if (!info->system_emulation) {
		if (o->of_kernel)
			recorder_say("%s= is about a kernel, and a program alone has"
				     " none; leave it out", o->of_kernel);
		return o->of_kernel ? -1 : 0;
	}
	if (info->system.max_vcpus > (int)MAX_CPUS) {
		recorder_say(
			"the machine has %d virtual CPUs, a trace holds at most %u;"
			" use a smaller -smp",
			info->system.max_vcpus, MAX_CPUS);
		return -1;
	}
	if (info->system.max_vcpus > 1 && strcmp(o->clock, "auto") &&
	    strcmp(o->clock, "order")) {
		recorder_say("clock=%s needs a machine with one virtual CPU, this one"
			     " has %d; use clock=order", o->clock,
			     info->system.max_vcpus);
		return -1;
	}
	return 0;
}

static void set_modes(const struct options *o, const qemu_info_t *info)
{
	recorder.n_cpus = (unsigned int)info->system.max_vcpus;
	if (recorder.n_cpus > 1)
		recorder.threads = strcmp(o->tcg, "single") ? TCG_MULTI : TCG_SINGLE;
	recorder.detect_threads = !strcmp(o->tcg, "auto");
	recorder.insn_clock = recorder.n_cpus == 1 && strcmp(o->clock, "order");
	recorder.exact_clock = !strcmp(o->clock, "exact");
	recorder.prove_writers = !strcmp(o->writers, "prove");
	recorder.ret_edges = !strcmp(o->edges, "all");
	recorder.write_events = !strcmp(o->write, "events");
	atomic_init(&recorder.started, strcmp(o->from, "app") != 0);
	for (unsigned int i = 0; i < recorder.n_cpus; i++)
		recorder.cpu[i].number = i;
}

/* QEMU's own command line, its words separated by blanks. */
static void set_command(struct ukl_env *env)
{
	char line[16384];
	FILE *file = fopen("/proc/self/cmdline", "r");
	size_t len = file ? fread(line, 1, sizeof(line) - 1, file) : 0;

	if (file)
		fclose(file);
	for (size_t i = 0; i < len; i++)
		if (!line[i])
			line[i] = ' ';
	while (len && line[len - 1] == ' ')
		len--;
	line[len] = 0;
	ukl_env_set(env, UKL_ENV_COMMAND, line, NULL);
}

static int set_pairs(struct ukl_env *env, const char *const pairs[][2], size_t n,
		     struct ukl_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (ukl_env_set(env, pairs[i][0], pairs[i][1], err))
			return (int)err->code;
	return 0;
}

static int fill_env_kernel(struct ukl_env *env, const struct options *o,
			   struct ukl_error *err)
{
	const char *const pairs[][2] = {
		{ UKL_ENV_COUNT, recorder.exact_clock ? "exact" : "blocks" },
		{ UKL_ENV_BUILD_ID, ukl_symbols_build_id(recorder.symbols) },
		{ UKL_ENV_VMLINUX, o->vmlinux },
		{ UKL_ENV_VARIANT, o->variant },
		{ "writers", o->writers },
		{ "from", o->from },
		{ "edges", o->edges },
		{ UKL_ENV_WRITE, o->write },
	};
	int code = set_pairs(env, pairs, sizeof(pairs) / sizeof(pairs[0]), err);

	return code ? code : ukl_env_set_layout(env, &recorder.layout, err);
}

static int fill_env(struct ukl_env *env, const struct options *o, struct ukl_error *err)
{
	char api[12];
	const char *const pairs[][2] = {
		{ UKL_ENV_CLOCK, recorder.insn_clock ? "insn" : "order" },
		{ UKL_ENV_TOOL, o->tool },
		{ UKL_ENV_APP, o->app },
		{ UKL_ENV_QEMU, o->qemu },
		{ UKL_ENV_PLUGIN_API, api },
	};
	int code;

	snprintf(api, sizeof(api), "%d", RECORDER_API);
	code = set_pairs(env, pairs, sizeof(pairs) / sizeof(pairs[0]), err);
	set_command(env);
	if (code)
		return code;
	return recorder.program ? ukl_env_set(env, UKL_ENV_MACHINE, "user", err) :
				  fill_env_kernel(env, o, err);
}

static int open_trace(const struct options *o, struct ukl_error *err)
{
	struct ukl_env env;
	int code;

	ukl_env_init(&env);
	code = fill_env(&env, o, err);
	if (!code)
		code = ukl_writer_open(&recorder.writer, o->out, &env, recorder.n_cpus,
				       err);
	ukl_env_deinit(&env);
	return code;
}

static uint64_t address_of(const char *name)
{
	const struct ukl_symbol *symbol = ukl_symbols_find(recorder.symbols, name);

	return symbol ? symbol->addr : 0;
}

static int open_all(const struct options *o, struct ukl_error *err)
{
	int code = ukl_symbols_open(&recorder.symbols, o->vmlinux, err);

	if (!code)
		code = ukl_layout_read(&recorder.layout, recorder.symbols, err);
	if (code)
		return code;
	recorder.entry_start = address_of("__entry_text_start");
	recorder.entry_end = address_of("__entry_text_end");
	code = sites_init(recorder.symbols, err);
	if (!code)
		code = opcodes_init(err);
	return code ? code : open_trace(o, err);
}

/*
 * Each virtual CPU says hello on the thread that is going to run it.  With one
 * thread for all, which all do before the first instruction, QEMU tells callbacks
 * wrong indices and its inline operations crash: see TCG_SINGLE.
 */
static void detect_threads(unsigned int vcpu)
{
	static _Atomic pid_t first;
	pid_t none = 0, self = gettid();

	if (!atomic_compare_exchange_strong(&first, &none, self) && none == self &&
	    vcpu && recorder.detect_threads)
		recorder.threads = TCG_SINGLE;
}

ON_VCPU(vcpu_started, vcpu)
{
	struct cpu *io = &recorder.cpu[vcpu % MAX_CPUS];

	detect_threads(vcpu);

	if (!io->regs) {
		io->regs = g_byte_array_sized_new(1024);
		io->mem = g_byte_array_sized_new(8192);
	}
	if (guest_init_registers())
		atomic_store(&recorder.live, false);
}

#ifdef HAVE_DISCONTINUITIES
/* QEMU's own word for it: an interrupt or exception leads to address to. */
static void delivered(unsigned int vcpu, qemu_plugin_discon type, uint64_t from,
		      uint64_t to, void *data)
{
	(void)type;
	(void)from;
	(void)data;
	recorder.cpu[vcpu % MAX_CPUS].delivered += kernel_half(to);
}
#endif

/*
 * Where QEMU counts what it delivers, that must be what was recorded.  On each
 * virtual CPU one may be under way whose handler has not begun.
 */
static void compare_counts(void)
{
	uint64_t said = 0, seen = 0;

	for (unsigned int i = 0; i < recorder.n_cpus; i++) {
		said += recorder.cpu[i].delivered;
		seen += recorder.cpu[i].handled;
	}
	if (said && (said < seen || said > seen + recorder.n_cpus))
		recorder_say("QEMU delivered %llu interrupts and exceptions to the kernel,"
			     " but %llu were recorded; please report this",
			     (unsigned long long)said, (unsigned long long)seen);
}

/*
 * No callback starts any more.  Those that have started on other threads take
 * less than a microsecond; if one does not end within a second, something is badly
 * wrong and the trace is left as it is.
 */
static bool callbacks_ended(void)
{
	time_t deadline = time(NULL) + 2;
	bool was_live = atomic_exchange(&recorder.live, false);

	for (unsigned int i = 0; i < recorder.n_cpus; i++)
		while (atomic_load(&recorder.cpu[i].busy)) {
			if (time(NULL) > deadline)
				return false;
			sched_yield();
		}
	return was_live;
}

ON_EXIT(guest_ended)
{
	struct ukl_error err;

	if (!callbacks_ended()) {
		ukl_writer_abandon(recorder.writer);
		return;
	}
	if (!ukl_writer_events(recorder.writer))
		recorder_say("nothing was recorded; check that the guest boots %s and"
			     " has nokaslr on its command line",
			     ukl_symbols_path(recorder.symbols));
	compare_counts();
	if (ukl_writer_close(recorder.writer, &err))
		ukl_error_print(stderr, &err);
}

void recorder_check_kernel(struct cpu *io)
{
	static atomic_bool done;
	const struct ukl_symbol *notes;
	uint8_t file[64], guest[64];

	if (atomic_load_explicit(&done, memory_order_relaxed))
		return;
	atomic_store(&done, true);
	notes = ukl_symbols_find(recorder.symbols, "__start_notes");
	if (!notes ||
	    ukl_symbols_bytes(recorder.symbols, notes->addr, file, 64) != 64 ||
	    !guest_read(io, notes->addr, guest, 64) || !memcmp(file, guest, 64))
		return;
	recorder_say("the guest does not run %s: its build-id is another one; the trace"
		     " stops here. Give the vmlinux of the kernel that is booted",
		     ukl_symbols_path(recorder.symbols));
	atomic_store(&recorder.live, false);
}

static int install_user(qemu_plugin_id_t id, const struct options *o)
{
	struct ukl_error err;
	int code;

	recorder.program = strdup(o->app);
	recorder.n_cpus = USER_STREAMS;
	code = open_trace(o, &err);
	if (!code)
		code = user_start(id, &err);
	if (code)
		ukl_error_print(stderr, &err);
	return code ? -1 : 0;
}

static int install_system(qemu_plugin_id_t id, const struct options *o,
			  const qemu_info_t *info)
{
	struct ukl_error err;

	set_modes(o, info);
	recorder.board = qemu_plugin_scoreboard_new(sizeof(struct board));
	recorder.insns = (qemu_plugin_u64){ recorder.board,
					    offsetof(struct board, insns) };
	recorder.in_app = (qemu_plugin_u64){ recorder.board,
					     offsetof(struct board, in_app) };
	if (open_all(o, &err)) {
		ukl_error_print(stderr, &err);
		return -1;
	}
	atomic_store(&recorder.live, true);
	REGISTER_VCPU_INIT(id, vcpu_started);
	REGISTER_TB_TRANS(id, instrument_block);
#ifdef HAVE_DISCONTINUITIES
	qemu_plugin_register_vcpu_discon_cb(id, QEMU_PLUGIN_DISCON_INTERRUPT, delivered,
					    NULL);
#endif
	qemu_plugin_register_atexit_cb(id, guest_ended, NULL);
	return 0;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info,
					   int argc, char **argv)
{
	struct options o;

	if (parse_arguments(&o, argc, argv) || check_machine(&o, info) ||
	    check_given(&o, info))
		return -1;
	return info->system_emulation ? install_system(id, &o, info) :
					install_user(id, &o);
}
