/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.c - see fuzz.h
 */
#define _GNU_SOURCE			/* nftw, mkdtemp */
#include "fuzz.h"

#include <ftw.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../model/model.h"
#include "../../traces/metadata.h"
#include "../../traces/packet.h"
#include "../../traces/vocabulary.h"
#include "../../traces/writer.h"

static char dir[4096];

void fuzz_broken(const char *file, int line, const char *promise)
{
	dprintf(STDERR_FILENO, "%s:%d: not so: %s\n", file, line, promise);
	abort();
}

/* --- input --------------------------------------------------------------- */

size_t fuzz_left(const struct fuzz_input *in)
{
	return (size_t)(in->end - in->p);
}

void fuzz_take(struct fuzz_input *in, void *to, size_t size)
{
	size_t n = size < fuzz_left(in) ? size : fuzz_left(in);

	memset(to, 0, size);
	if (n)
		memcpy(to, in->p, n);
	in->p += n;
}

uint8_t fuzz_byte(struct fuzz_input *in)
{
	uint8_t byte;

	fuzz_take(in, &byte, 1);
	return byte;
}

/* --- files --------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void remove_dir(void)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_dir(void)
{
	const char *base = getenv("TMPDIR");

	if (*dir)
		return dir;
	snprintf(dir, sizeof(dir), "%s/ukl-fuzz-XXXXXX",
		 base ? base : access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	FUZZ_EXPECT(mkdtemp(dir));
	atexit(remove_dir);
	return dir;
}

const char *fuzz_path(const char *name)
{
	static char path[4][sizeof(dir) + 64];
	static int next;

	next = (next + 1) % 4;
	snprintf(path[next], sizeof(path[next]), "%s/%s", fuzz_dir(), name);
	return path[next];
}

void fuzz_file(const char *name, const void *data, size_t size)
{
	FILE *out = fopen(fuzz_path(name), "wbe");

	FUZZ_EXPECT(out && fwrite(data, 1, size, out) == size);
	FUZZ_EXPECT(!fclose(out));
}

/* --- the base of the fixtures -------------------------------------------- */

/* The assembler's output for it, taken in when this is compiled. */
__asm__(".section .rodata\n"
	"fuzz_base: .incbin \"" FUZZ_BASE "\"\n"
	"fuzz_base_end: .byte 0\n"
	".previous");
extern const char fuzz_base[], fuzz_base_end[];

const char *fuzz_metadata(size_t *size)
{
	*size = (size_t)(fuzz_base_end - fuzz_base);
	return fuzz_base;
}

const struct ukl_env *fuzz_env(void)
{
	static struct ukl_env env;
	uint8_t uuid[16];
	size_t size;
	const char *text = fuzz_metadata(&size);

	if (!env.n)
		FUZZ_EXPECT(!ukl_metadata_parse(text, size, "base", &env, uuid, NULL));
	return &env;
}

/* --- verbs --------------------------------------------------------------- */

static FILE *swap(FILE **stream, FILE *with)
{
	FILE *was = *stream;

	*stream = with;
	return was;
}

/* getopt_long() takes the words apart and remembers where it was. */
static int call(int (*verb)(int argc, char **argv), const char *const *argv)
{
	char *own[16] = { NULL }, *given[16];
	int n = 0, status;

	for (; argv[n]; n++)
		own[n] = strdup(argv[n]);
	memcpy(given, own, sizeof(own));
	optind = 0;
	status = verb(n, given);
	while (n--)
		free(own[n]);
	return status;
}

struct fuzz_run fuzz_verb(int (*verb)(int argc, char **argv), const char *const *argv)
{
	static struct fuzz_run runs[3];
	static int next;
	struct fuzz_run *run = &runs[next];
	size_t out_size, err_size;
	FILE *out, *err;

	next = (next + 1) % 3;
	free(run->out);
	free(run->err);
	out = swap(&stdout, open_memstream(&run->out, &out_size));
	err = swap(&stderr, open_memstream(&run->err, &err_size));
	run->status = call(verb, argv);
	FUZZ_EXPECT(!fclose(swap(&stdout, out)));
	FUZZ_EXPECT(!fclose(swap(&stderr, err)));
	return *run;
}

/* --- the model ----------------------------------------------------------- */

/*
 * The linker sends the verbs here.  Few tasks: so most inputs make some give way, and
 * no time is spent on pages.
 */
struct ukl_model *__real_ukl_model_create(const struct ukl_layout *layout,
					  const struct ukl_model_options *options);
struct ukl_model *__wrap_ukl_model_create(const struct ukl_layout *layout,
					  const struct ukl_model_options *options);
struct ukl_model *__wrap_ukl_model_create(const struct ukl_layout *layout,
					  const struct ukl_model_options *options)
{
	struct ukl_model_options small = *options;

	small.tasks = 16;
	return __real_ukl_model_create(layout, &small);
}

/* --- traces -------------------------------------------------------------- */

struct making {
	struct ukl_writer *writer;
	unsigned int cpus;
	uint64_t time;
	uint64_t state[4][UKL_STATE_SLOTS];
};

/* END is the writer's to make. */
static bool is_class(unsigned int id)
{
	return id < UKL_CLASSES && ukl_class_info[id].name && id != UKL_EV_END;
}

/* Any sixteen bytes are an event's head. */
static void put_event(struct making *m, struct fuzz_input *in)
{
	uint64_t arg[UKL_MAX_ARGS] = { 0 };
	struct ukl_event_header head;
	unsigned int cls, cpu;

	fuzz_take(in, &head, sizeof(head));
	cls = is_class(head.id) ? head.id : UKL_EV_GATE_IN;
	cpu = (head.side >> 4) % m->cpus;
	if (head.timestamp > m->time)
		m->time = head.timestamp;
	fuzz_take(in, arg, 8 * ukl_class_info[cls].n_args);
	for (uint32_t left = head.state_mask; left; left &= left - 1)
		fuzz_take(in, &m->state[cpu][__builtin_ctz(left)], 8);
	ukl_writer_event(m->writer, cpu, m->time, (enum ukl_class)cls,
			 (enum ukl_side)((head.side & 0xf) % UKL_SIDES), arg, UINT32_MAX,
			 m->state[cpu]);
}

const char *fuzz_trace(struct fuzz_input *in)
{
	struct making m = { .cpus = 1 + fuzz_byte(in) % 4 };
	unsigned int packet = 64 * fuzz_byte(in);
	const char *path = fuzz_path("trace");

	FUZZ_EXPECT(!ukl_writer_open(&m.writer, path, fuzz_env(), m.cpus, NULL));
	if (packet)
		ukl_writer_packet_size(m.writer, packet);
	while (fuzz_left(in))
		put_event(&m, in);
	FUZZ_EXPECT(!ukl_writer_close(m.writer, NULL));
	return path;
}
