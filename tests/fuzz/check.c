/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check.c - fuzz target: "ukl check" from the packets to what is printed
 *
 * A byte with the format, 4 for --verbose, 8 for colours, 16 for --max-violations 0;
 * then the trace, see fuzz_trace().  The trace is always a valid one, so the verdict is
 * never trouble; it is the same in each format; and what programs read is well formed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../checker/cmd.h"
#include "../../checker/utf8.h"
#include "fuzz.h"

enum { FORMAT = 3, VERBOSE = 4, COLOR = 8, NO_STORY = 16 };

/* --- JSON ---------------------------------------------------------------- */

static const char *json_value(const char *p);

static const char *json_string(const char *p)
{
	FUZZ_EXPECT(*p == '"');
	for (p++; *p != '"'; p++) {
		FUZZ_EXPECT((unsigned char)*p >= ' ');
		if (*p == '\\')
			FUZZ_EXPECT(strchr("\"\\/bfnrtu", *++p) && *p);
	}
	return p + 1;
}

/* "key": value, or in an array a value. */
static const char *json_member(const char *p, char end)
{
	if (end == ']')
		return json_value(p);
	p = json_string(p);
	FUZZ_EXPECT(p[0] == ':' && p[1] == ' ');
	return json_value(p + 2);
}

static const char *json_members(const char *p, char end)
{
	p++;
	while (*p != end) {
		p = json_member(p, end);
		if (p[0] == ',' && p[1] == ' ')
			p += 2;
		else
			FUZZ_EXPECT(*p == end);
	}
	return p + 1;
}

static const char *json_value(const char *p)
{
	size_t n = strspn(p, "0123456789");

	if (*p == '{')
		return json_members(p, '}');
	if (*p == '[')
		return json_members(p, ']');
	if (*p == '"')
		return json_string(p);
	if (!n)
		n = !strncmp(p, "true", 4) ? 4 : !strncmp(p, "false", 5) ? 5 :
		    !strncmp(p, "null", 4) ? 4 : 0;
	FUZZ_EXPECT(n);
	return p + n;
}

static void json_lines(const char *p)
{
	while (*p) {
		FUZZ_EXPECT(*p == '{');
		p = json_value(p);
		FUZZ_EXPECT(*p++ == '\n');
	}
}

/* --- the others ---------------------------------------------------------- */

/* Text, whatever was in the trace. */
static void is_text(const char *p)
{
	while (*p) {
		size_t n = ukl_utf8_length((const unsigned char *)p);

		FUZZ_EXPECT(n && (*p == '\n' || *p == '\033' || (unsigned char)*p >= ' '));
		p += n;
	}
}

/* Every tag that is opened is closed. */
static void xml(const char *p)
{
	int depth = 0;

	for (p = strchr(p, '\n'); (p = strchr(p, '<')); p++) {
		const char *end = strchr(p, '>');

		FUZZ_EXPECT(end);
		if (p[1] == '/')
			depth--;
		else if (end[-1] != '/')
			depth++;
		FUZZ_EXPECT(depth >= 0);
	}
	FUZZ_EXPECT(!depth);
}

static const struct {
	const char *option;
	void (*look)(const char *text);
} formats[] = {
	{ "--format=text", is_text }, { "--format=json", json_lines },
	{ "--format=ktap", is_text }, { "--format=junit", xml },
};

static struct fuzz_run check(unsigned int how, const char *trace)
{
	return fuzz_verb(ukl_cmd_check, (const char *[]){
		"check", formats[how & FORMAT].option,
		how & COLOR ? "--color=always" : "--color=never",
		how & NO_STORY ? "--max-violations=0" : "--max-violations=1000",
		trace, how & VERBOSE ? "--verbose" : NULL, NULL });
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, data + size };
	unsigned int how = fuzz_byte(&in);
	const char *trace = fuzz_trace(&in);
	struct fuzz_run run = check(how, trace), quiet;

	FUZZ_EXPECT(run.status == UKL_EXIT_CONFORMS || run.status == UKL_EXIT_VIOLATION ||
		    run.status == UKL_EXIT_INCONCLUSIVE);
	FUZZ_EXPECT(*run.out && !*run.err);
	is_text(run.out);
	formats[how & FORMAT].look(run.out);
	quiet = fuzz_verb(ukl_cmd_check, (const char *[]){ "check", "--quiet", trace, NULL });
	FUZZ_EXPECT(quiet.status == run.status && !*quiet.out && !*quiet.err);
	return 0;
}
