/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ukl_assemble.c - turns a text into a trace directory
 *
 *     ukl_assemble TEXT DIR
 *
 * For tests whose traces are written by hand.  "ukl dump --assemble DIR" prints
 * the same language, so any trace can be edited.  One item a line:
 *
 *     # a comment
 *     include "FILE"             as if its lines stood here; relative to this file
 *     env KEY "VALUE"            escapes \" \\ \n \OOO
 *     layout NAME VALUE          an address of layout.h; env "layout_NAME"
 *     streams N                  virtual CPUs, default 1
 *     packet BYTES               size at which a packet is written out
 *     set CPU %SLOT=VALUE ...    changes the state vector; the next event tells
 *     discard CPU N              says that N events were lost here
 *     flush CPU                  ends the packet here
 *     torn                       the trace is left as by a killed recorder
 *     TIME CPU SIDE CLASS ARG=VALUE ... %SLOT=VALUE ...
 *
 * The last is an event.  TIME is a number, or "+N" beyond the event before; "+"
 * is "+1".  SIDE is app, gate, kernel, user or unknown.  An ARG that is not given
 * is 0; a SLOT that is not given keeps its value on that CPU, 0 at first.  END
 * events are made by the writer, so "end" lines are skipped.
 *
 * VALUE is a number (42, 0x2a, -1), up to eight characters in single quotes (the
 * first in the lowest byte), or the NAME of a layout line above, and may be
 * followed by +NUMBER or -NUMBER: pc=gate_call, %ip=app_text_start+0x10.
 *
 * env, layout, streams and packet stand before the first event.  The clock is
 * "order" unless the text sets it.  Exit status: 0, or 2 with a message that
 * names file and line.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../traces/env.h"
#include "../../traces/vocabulary.h"
#include "../../traces/writer.h"

#define MAX_WORDS   64
#define MAX_DEPTH   8

struct source {
	const char *path;
	unsigned int line, depth;
	char *word[MAX_WORDS];		/* of this line */
	int n_words;
};

static struct {
	const char *dir;
	struct ukl_env env;
	struct ukl_layout layout;
	bool known[UKL_LAYOUT_ITEMS];	/* layout lines seen */
	struct ukl_writer *writer;	/* from the first event on */
	unsigned int streams, packet;
	bool torn;
	uint64_t time;
	uint64_t state[UKL_MAX_STREAMS][UKL_STATE_SLOTS];
} a = { .streams = 1 };

__attribute__((format(printf, 2, 3), noreturn))
static void die(const struct source *s, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "ukl_assemble: %s:%u: ", s->path, s->line);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

static void check(int ret, const struct ukl_error *err)
{
	if (!ret)
		return;
	ukl_error_print(stderr, err);
	exit(2);
}

/* --- words --------------------------------------------------------------- */

/* Cuts the line in place; a quoted text is one word, with its quotes. */
static void split(struct source *s, char *p)
{
	s->n_words = 0;
	for (;;) {
		char quote = 0;

		while (isspace((unsigned char)*p))
			p++;
		if (!*p || *p == '#')
			return;
		if (s->n_words == MAX_WORDS)
			die(s, "more than %d words", MAX_WORDS);
		s->word[s->n_words++] = p;
		for (; *p && (quote || !isspace((unsigned char)*p)); p++) {
			if (quote && *p == '\\' && p[1])
				p++;
			else if (*p == quote)
				quote = 0;
			else if (!quote && (*p == '"' || *p == '\''))
				quote = *p;
		}
		if (quote)
			die(s, "a %c is missing", quote);
		if (*p)
			*p++ = '\0';
	}
}

static const char *word(const struct source *s, int i, const char *what)
{
	if (i >= s->n_words)
		die(s, "%s expected after \"%s\"", what, s->word[s->n_words - 1]);
	return s->word[i];
}

static bool parse_number(const char *text, const char **end, uint64_t *value)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	*value = strtoull(text, (char **)end, hex ? 16 : 10);
	return !errno;
}

static uint64_t number(const struct source *s, const char *text)
{
	const char *end;
	uint64_t value;

	if (!parse_number(text, &end, &value) || *end)
		die(s, "\"%s\" is not a number", text);
	return value;
}

static uint64_t characters(const struct source *s, const char *text, const char **end)
{
	uint64_t value = 0;
	const char *p = text + 1;

	for (int i = 0; *p && *p != '\''; p++, i++) {
		if (i == 8)
			die(s, "%s: a word holds eight characters", text);
		value |= (uint64_t)(unsigned char)*p << (8 * i);
	}
	*end = p + 1;
	return value;
}

static uint64_t layout_name(const struct source *s, const char *text, const char **end)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
	char name[64];
	int item;

	snprintf(name, sizeof(name), "%.*s", (int)len, text);
	item = ukl_layout_find(name);
	if (item < 0)
		die(s, "\"%s\" is neither a number nor a name of the layout", text);
	if (!a.known[item])
		die(s, "there is no line \"layout %s VALUE\" above", name);
	*end = text + len;
	return ukl_layout_get(&a.layout, item);
}

static uint64_t value_of(const struct source *s, const char *text)
{
	const char *p = text;
	uint64_t value = 0, more;
	char sign;

	if (*p == '\'')
		value = characters(s, p, &p);
	else if (*p != '-' && !parse_number(p, &p, &value))
		value = layout_name(s, p, &p);
	sign = *p;
	if (sign == '+' || sign == '-') {
		if (!parse_number(p + 1, &p, &more))
			die(s, "\"%s\" is not a value", text);
		value = sign == '+' ? value + more : value - more;
	}
	if (*p)
		die(s, "\"%s\" is not a value", text);
	return value;
}

/* --- the writer ---------------------------------------------------------- */

static void open_writer(void)
{
	struct ukl_error err;

	if (a.writer)
		return;
	if (!ukl_env_get(&a.env, UKL_ENV_CLOCK))
		check(ukl_env_set(&a.env, UKL_ENV_CLOCK, "order", &err), &err);
	check(ukl_writer_open(&a.writer, a.dir, &a.env, a.streams, &err), &err);
	if (a.packet)
		ukl_writer_packet_size(a.writer, a.packet);
}

static void before_events(const struct source *s)
{
	if (a.writer)
		die(s, "%s must stand before the first event", s->word[0]);
}

static unsigned int cpu_of(const struct source *s, const char *text)
{
	uint64_t cpu = number(s, text);

	if (cpu >= a.streams)
		die(s, "there is no CPU %s: the trace has %u (see \"streams\")", text,
		    a.streams);
	return (unsigned int)cpu;
}

/* --- lines --------------------------------------------------------------- */

/* Takes the quotes and escapes off, in place. */
static char *unquote(const struct source *s, char *text)
{
	char *in = text + 1, *out = text;

	if (*text != '"')
		die(s, "%s: a text in double quotes expected", text);
	while (*in && *in != '"') {
		if (*in != '\\') {
			*out++ = *in++;
		} else if (in[1] >= '0' && in[1] <= '3') {
			*out++ = (char)strtol((char[]){ in[1], in[2], in[3], 0 },
					      NULL, 8);
			in += 4;
		} else {
			*out++ = in[1] == 'n' ? '\n' : in[1];
			in += 2;
		}
	}
	*out = '\0';
	return text;
}

static void do_file(const char *path, unsigned int depth);

static void do_include(struct source *s)
{
	const char *slash = strrchr(s->path, '/');
	char path[4096];

	word(s, 1, "a file name");
	snprintf(path, sizeof(path), "%.*s%s",
		 slash ? (int)(slash - s->path + 1) : 0, s->path,
		 unquote(s, s->word[1]));
	if (s->depth == MAX_DEPTH)
		die(s, "more than %d files deep", MAX_DEPTH);
	do_file(path, s->depth + 1);
}

static void do_env(struct source *s)
{
	struct ukl_error err;

	before_events(s);
	word(s, 2, "a key and a value");
	check(ukl_env_set(&a.env, s->word[1], unquote(s, s->word[2]), &err), &err);
}

static void do_layout(struct source *s)
{
	const char *name = word(s, 1, "a name");
	int item = ukl_layout_find(name);
	char key[80], text[24];
	struct ukl_error err;

	before_events(s);
	if (item < 0)
		die(s, "\"%s\" is not in layout.h", name);
	*ukl_layout_value(&a.layout, item) = value_of(s, word(s, 2, "a value"));
	a.known[item] = true;
	snprintf(key, sizeof(key), "layout_%s", name);
	snprintf(text, sizeof(text), "0x%" PRIx64, ukl_layout_get(&a.layout, item));
	check(ukl_env_set(&a.env, key, text, &err), &err);
}

static void do_streams(struct source *s)
{
	uint64_t n = number(s, word(s, 1, "a number"));

	before_events(s);
	if (n < 1 || n > UKL_MAX_STREAMS)
		die(s, "a trace has 1 to %u streams", UKL_MAX_STREAMS);
	a.streams = (unsigned int)n;
}

static void do_packet(struct source *s)
{
	before_events(s);
	a.packet = (unsigned int)number(s, word(s, 1, "a number of bytes"));
}

/* "%SLOT=VALUE" */
static void set_slot(struct source *s, unsigned int cpu, char *text)
{
	char *equals = strchr(text, '=');
	int slot;

	if (!equals)
		die(s, "%s: \"=\" expected", text);
	*equals = '\0';
	slot = ukl_slot_find(text + 1);
	if (slot < 0)
		die(s, "there is no slot \"%s\"", text);
	a.state[cpu][slot] = value_of(s, equals + 1);
}

static void do_set(struct source *s)
{
	unsigned int cpu = cpu_of(s, word(s, 1, "a CPU"));

	for (int i = 2; i < s->n_words; i++) {
		if (s->word[i][0] != '%')
			die(s, "%s: %%SLOT=VALUE expected", s->word[i]);
		set_slot(s, cpu, s->word[i]);
	}
}

static void do_discard(struct source *s)
{
	unsigned int cpu = cpu_of(s, word(s, 1, "a CPU"));

	open_writer();
	ukl_writer_discard(a.writer, cpu, number(s, word(s, 2, "a number")));
}

static void do_flush(struct source *s)
{
	unsigned int cpu = cpu_of(s, word(s, 1, "a CPU"));

	open_writer();
	ukl_writer_flush(a.writer, cpu);
}

static void do_torn(struct source *s)
{
	(void)s;
	a.torn = true;
}

/* "ARG=VALUE" */
static void set_arg(struct source *s, int cls, uint64_t *arg, char *text)
{
	char *equals = strchr(text, '=');
	int i;

	if (!equals)
		die(s, "%s: \"=\" expected", text);
	*equals = '\0';
	i = ukl_arg_find((enum ukl_class)cls, text);
	if (i < 0)
		die(s, "%s has no argument \"%s\" (a slot is written %%%s)",
		    ukl_class_info[cls].name, text, text);
	arg[i] = value_of(s, equals + 1);
}

static uint64_t time_of(const struct source *s, const char *text)
{
	uint64_t now;

	if (text[0] == '+')
		now = a.time + (text[1] ? number(s, text + 1) : 1);
	else
		now = number(s, text);
	a.time = now;
	return now;
}

static void do_event(struct source *s)
{
	uint64_t now = time_of(s, s->word[0]), arg[UKL_MAX_ARGS] = { 0 };
	unsigned int cpu = cpu_of(s, word(s, 1, "a CPU"));
	int side = ukl_side_find(word(s, 2, "a side"));
	int cls = ukl_class_find(word(s, 3, "an event class"));

	if (side < 0)
		die(s, "\"%s\" is not a side", s->word[2]);
	if (cls < 0)
		die(s, "\"%s\" is not an event class", s->word[3]);
	if (cls == UKL_EV_END)
		return;
	for (int i = 4; i < s->n_words; i++) {
		if (s->word[i][0] == '%')
			set_slot(s, cpu, s->word[i]);
		else
			set_arg(s, cls, arg, s->word[i]);
	}
	open_writer();
	ukl_writer_event(a.writer, cpu, now, (enum ukl_class)cls, (enum ukl_side)side,
			 arg, UINT32_MAX, a.state[cpu]);
}

static const struct {
	const char *name;
	void (*run)(struct source *s);
} directive[] = {
	{ "include", do_include }, { "env", do_env }, { "layout", do_layout },
	{ "streams", do_streams }, { "packet", do_packet }, { "set", do_set },
	{ "discard", do_discard }, { "flush", do_flush }, { "torn", do_torn },
};

static void do_line(struct source *s)
{
	const char *first = s->word[0];

	if (isdigit((unsigned char)*first) || *first == '+') {
		do_event(s);
		return;
	}
	for (size_t i = 0; i < sizeof(directive) / sizeof(directive[0]); i++)
		if (!strcmp(directive[i].name, first)) {
			directive[i].run(s);
			return;
		}
	die(s, "\"%s\" begins no line of this language", first);
}

static void do_file(const char *path, unsigned int depth)
{
	struct source s = { .path = path, .depth = depth };
	FILE *in = strcmp(path, "-") ? fopen(path, "r") : stdin;
	char *line = NULL;
	size_t size = 0;

	if (!in) {
		fprintf(stderr, "ukl_assemble: %s: %s\n", path, strerror(errno));
		exit(2);
	}
	while (getline(&line, &size, in) >= 0) {
		s.line++;
		split(&s, line);
		if (s.n_words)
			do_line(&s);
	}
	free(line);
	if (in != stdin)
		fclose(in);
}

int main(int argc, char **argv)
{
	struct ukl_error err;

	if (argc != 3) {
		fprintf(stderr, "usage: ukl_assemble TEXT DIR\n");
		return 2;
	}
	a.dir = argv[2];
	ukl_env_init(&a.env);
	do_file(argv[1], 1);
	open_writer();
	if (a.torn) {
		for (unsigned int i = 0; i < a.streams; i++)
			ukl_writer_flush(a.writer, i);
		ukl_writer_abandon(a.writer);
	} else {
		check(ukl_writer_close(a.writer, &err), &err);
	}
	ukl_env_deinit(&a.env);
	return 0;
}
