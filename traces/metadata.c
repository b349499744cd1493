/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metadata.c - see metadata.h
 *
 * The parser understands exactly what the generator prints, byte by byte: the
 * constant parts are generated again and compared, only the env block and the
 * uuid are read.
 */
#include "metadata.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "vocabulary.h"
#include "whole.h"

#define SIGNATURE "/* CTF 1.8 */\n\n"
#define ENV_HEAD  "env {\n"
#define ENV_TAIL  "};\n\n"

#define TRACE_HEAD \
	"trace {\n" \
	"\tmajor = 1;\n" \
	"\tminor = 8;\n" \
	"\tbyte_order = le;\n" \
	"\tuuid = \""

#define INT(bits) "integer { size = " #bits "; align = " #bits "; signed = false; }"
#define HEX(bits) \
	"integer { size = " #bits "; align = " #bits "; signed = false; base = 16; }"

#define TRACE_TAIL \
	"\";\n" \
	"\tpacket.header := struct {\n" \
	"\t\t" HEX(32) " magic;\n" \
	"\t\t" INT(32) " stream_id;\n" \
	"\t\t" HEX(8) " uuid[16];\n" \
	"\t};\n" \
	"};\n\n"

/* The clock counts; a frequency is needed by TSDL and means nothing. */
#define CLOCK \
	"clock {\n" \
	"\tname = ukl;\n" \
	"\tdescription = \"see env.clock\";\n" \
	"\tfreq = 1000000000;\n" \
	"\toffset = 0;\n" \
	"};\n\n" \
	"typealias integer { size = 64; align = 64; signed = false;" \
	" map = clock.ukl.value; } := ukl_clock;\n" \
	"typealias " HEX(64) " := ukl_word;\n\n"

/*
 * CTF readers drop fields of an event header that they have no use for, so the
 * second half of struct ukl_event_header is called a context.  A context aligns
 * itself to its widest field, hence a mask that claims byte alignment.
 */
#define MASK "integer { size = 32; align = 8; signed = false; base = 16; }"

#define STREAM_HEAD \
	"stream {\n" \
	"\tid = 0;\n" \
	"\tpacket.context := struct {\n" \
	"\t\tukl_clock timestamp_begin;\n" \
	"\t\tukl_clock timestamp_end;\n" \
	"\t\t" INT(64) " content_size;\n" \
	"\t\t" INT(64) " packet_size;\n" \
	"\t\t" INT(64) " packet_seq_num;\n" \
	"\t\t" INT(64) " events_discarded;\n" \
	"\t\t" INT(32) " cpu_id;\n" \
	"\t\t" HEX(32) " crc32c;\n" \
	"\t\t" INT(32) " n_events;\n" \
	"\t\t" HEX(32) " flags;\n" \
	"\t};\n" \
	"\tevent.header := struct {\n" \
	"\t\tukl_clock timestamp;\n" \
	"\t\t" INT(16) " id;\n" \
	"\t};\n" \
	"\tevent.context := struct {\n" \
	"\t\t" INT(8) " n_state;\n" \
	"\t\tenum : " INT(8) " {\n"

#define STREAM_TAIL \
	"\t\t} side;\n" \
	"\t\t" MASK " state_mask;\n" \
	"\t};\n" \
	"};\n"

void ukl_uuid_text(const uint8_t uuid[16], char text[UKL_UUID_TEXT])
{
	for (int i = 0; i < 16; i++) {
		bool dash = i == 4 || i == 6 || i == 8 || i == 10;

		text += snprintf(text, 4, "%s%02x", dash ? "-" : "", uuid[i]);
	}
}

/* --- writing ------------------------------------------------------------- */

/* Control characters as three octal digits; UTF-8 passes. */
static void put_string(FILE *out, const char *value)
{
	fputc('"', out);
	for (const char *p = value; *p; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(out, "\\%c", *p);
		else if (*p == '\n')
			fputs("\\n", out);
		else if (iscntrl((unsigned char)*p))
			fprintf(out, "\\%03o", (unsigned char)*p);
		else
			fputc(*p, out);
	}
	fputc('"', out);
}

/* The version stands first, so that a reader of any age finds it. */
static void put_env(FILE *out, const struct ukl_env *env)
{
	fprintf(out, ENV_HEAD "\tukl_major = %d;\n\tukl_minor = %d;\n",
		UKL_TRACE_MAJOR, UKL_TRACE_MINOR);
	for (unsigned int i = 0; i < env->n; i++) {
		fprintf(out, "\t%s = ", env->items[i].key);
		put_string(out, env->items[i].value);
		fputs(";\n", out);
	}
	fputs(ENV_TAIL, out);
}

/* Every event ends in the words that its mask announces. */
static void put_class(FILE *out, unsigned int id, const struct ukl_class_info *info)
{
	fprintf(out, "\nevent {\n\tid = %u;\n\tname = \"%s\";\n\tstream_id = 0;\n"
		"\tfields := struct {\n", id, info->name);
	for (unsigned int i = 0; i < info->n_args; i++)
		fprintf(out, "\t\tukl_word %s;\n", info->arg[i]);
	fputs("\t\tukl_word state[stream.event.context.n_state];\n\t};\n};\n", out);
}

/* What the 32 slots are called is for people; state_mask tells which are there. */
static void put_slots(FILE *out)
{
	fputs("/* state_mask bits:", out);
	for (int i = 0; i < UKL_STATE_SLOTS; i++)
		fprintf(out, "%s%d %s", i % 8 ? ", " : i ? ",\n   " : "\n   ", i,
			ukl_slot_info[i].name);
	fputs(" */\n\n", out);
}

/* Changing what this prints is a new format version. */
static void put_fixed(FILE *out)
{
	fputs(CLOCK, out);
	put_slots(out);
	fputs(STREAM_HEAD, out);
	for (int i = 0; i < UKL_SIDES; i++)
		fprintf(out, "\t\t\t\"%s\" = %d,\n", ukl_side_name[i], i);
	fputs(STREAM_TAIL, out);
	for (unsigned int i = 1; i < UKL_CLASSES; i++)
		if (ukl_class_info[i].name)
			put_class(out, i, &ukl_class_info[i]);
}

/* env NULL: only the fixed part. */
static char *text_of(const struct ukl_env *env, const uint8_t uuid[16])
{
	char *text = NULL, uuid_text[UKL_UUID_TEXT];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (env) {
		ukl_uuid_text(uuid, uuid_text);
		fputs(SIGNATURE, out);
		put_env(out, env);
		fprintf(out, TRACE_HEAD "%s" TRACE_TAIL, uuid_text);
	}
	put_fixed(out);
	close_text(out, &text);
	return text;
}

char *ukl_metadata_text(const struct ukl_env *env, const uint8_t uuid[16])
{
	return text_of(env, uuid);
}

/* --- reading ------------------------------------------------------------- */

/* All reading goes through this; no function below touches a byte beyond end. */
struct cursor {
	const char *start, *p, *end;
	const char *file;
	struct ukl_error *err;
};

__attribute__((format(printf, 2, 3)))
static int bad(const struct cursor *c, const char *format, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return ukl_error_set(c->err, UKL_ERR_FORMAT, c->file,
			     (uint64_t)(c->p - c->start), "%s", text);
}

/* Skips text if it is next. */
static bool take(struct cursor *c, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(c->end - c->p) < len || memcmp(c->p, text, len))
		return false;
	c->p += len;
	return true;
}

/* Up to six digits, which no version number will need. */
static bool take_number(struct cursor *c, unsigned int *value)
{
	const char *start = c->p;

	for (*value = 0; c->p < c->end && isdigit((unsigned char)*c->p); c->p++) {
		if (c->p - start >= 6)
			return false;
		*value = *value * 10 + (unsigned int)(*c->p - '0');
	}
	return c->p > start;
}

/* What ukl_env_set() accepts, and not a byte more. */
static int take_key(struct cursor *c, char key[UKL_ENV_MAX_KEY + 1])
{
	size_t n = 0;

	while (c->p < c->end && (isalnum((unsigned char)*c->p) || *c->p == '_')) {
		if (n >= UKL_ENV_MAX_KEY)
			return bad(c, "the name of an env entry is too long");
		key[n++] = *c->p++;
	}
	key[n] = '\0';
	return n ? 0 : bad(c, "an env entry was expected here");
}

/* After a backslash.  Returns the character, or -1. */
static int take_escape(struct cursor *c)
{
	int value = 0;

	if (c->p >= c->end)
		return -1;
	if (*c->p == '"' || *c->p == '\\')
		return *c->p++;
	if (*c->p == 'n') {
		c->p++;
		return '\n';
	}
	for (int i = 0; i < 3; i++, c->p++) {
		if (c->p >= c->end || *c->p < '0' || *c->p > '7')
			return -1;
		value = value * 8 + (*c->p - '0');
	}
	return value && value < 256 ? value : -1;
}

/* value has room for UKL_ENV_MAX_VALUE + 1 bytes. */
static int take_string(struct cursor *c, char *value)
{
	size_t n = 0;

	if (!take(c, "\""))
		return bad(c, "a string was expected here");
	while (c->p < c->end && *c->p != '"') {
		int ch = (unsigned char)*c->p++;

		if (ch == '\\')
			ch = take_escape(c);
		if (ch <= 0)
			return bad(c, "a character that an env entry cannot hold");
		if (n >= UKL_ENV_MAX_VALUE)
			return bad(c, "an env entry is longer than %u bytes",
				   UKL_ENV_MAX_VALUE);
		value[n++] = (char)ch;
	}
	value[n] = '\0';
	return take(c, "\"") ? 0 : bad(c, "a string without its end");
}

/* "\tKEY = "VALUE";\n", with the blanks as they are printed. */
static int parse_item(struct cursor *c, struct ukl_env *env, char *value)
{
	char key[UKL_ENV_MAX_KEY + 1];
	int ret;

	if (!take(c, "\t"))
		return bad(c, "the env block breaks off");
	ret = take_key(c, key);
	if (ret)
		return ret;
	if (!take(c, " = "))
		return bad(c, "env entry %s has no value", key);
	ret = take_string(c, value);
	if (ret)
		return ret;
	if (!take(c, ";\n"))
		return bad(c, "env entry %s does not end in a semicolon", key);
	if (ukl_env_get(env, key))
		return bad(c, "env entry %s stands there twice", key);
	return ukl_env_set(env, key, value, c->err);
}

/* One buffer for all values: they are limited, but too large for the stack. */
static int parse_env(struct cursor *c, struct ukl_env *env)
{
	char *value = malloc(UKL_ENV_MAX_VALUE + 1);
	int ret = 0;

	if (!value)
		return ukl_error_set(c->err, UKL_ERR_NOMEM, c->file, UKL_NOWHERE,
				     "out of memory");
	while (!ret && !take(c, ENV_TAIL))
		ret = parse_item(c, env, value);
	free(value);
	return ret;
}

/* First of all, as nothing behind it can be understood in another version. */
static int parse_version(struct cursor *c)
{
	unsigned int major, minor;

	if (!take(c, SIGNATURE) || !take(c, ENV_HEAD "\tukl_major = ") ||
	    !take_number(c, &major) || !take(c, ";\n\tukl_minor = ") ||
	    !take_number(c, &minor) || !take(c, ";\n"))
		return bad(c, "this is not the metadata of a UKL trace");
	if (major != UKL_TRACE_MAJOR || minor != UKL_TRACE_MINOR)
		return ukl_error_set(c->err, UKL_ERR_VERSION, c->file, UKL_NOWHERE,
				     "the trace has format %u.%u, this program reads"
				     " %d.%d: use the ukl that recorded it, or record"
				     " it again", major, minor, UKL_TRACE_MAJOR,
				     UKL_TRACE_MINOR);
	return 0;
}

static int hex_digit(char c)
{
	const char digits[] = "0123456789abcdef";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

/* Lower case only, as it is written. */
static int parse_uuid(struct cursor *c, uint8_t uuid[16])
{
	for (int i = 0; i < 16; i++) {
		int high, low;

		if ((i == 4 || i == 6 || i == 8 || i == 10) && !take(c, "-"))
			return bad(c, "the uuid is not well formed");
		if (c->end - c->p < 2)
			return bad(c, "the uuid breaks off");
		high = hex_digit(c->p[0]);
		low = hex_digit(c->p[1]);
		if (high < 0 || low < 0)
			return bad(c, "the uuid is not well formed");
		uuid[i] = (uint8_t)(high << 4 | low);
		c->p += 2;
	}
	return 0;
}

/* The rest must be what this program would have written. */
static int parse_fixed(struct cursor *c)
{
	char *text = text_of(NULL, NULL);
	size_t i = 0, len = (size_t)(c->end - c->p);

	if (!text)
		return ukl_error_set(c->err, UKL_ERR_NOMEM, c->file, UKL_NOWHERE,
				     "out of memory");
	while (i < len && text[i] && c->p[i] == text[i])
		i++;
	if (i == len && !text[i]) {
		free(text);
		return 0;
	}
	free(text);
	return ukl_error_set(c->err, UKL_ERR_VERSION, c->file,
			     (uint64_t)(c->p + i - c->start),
			     "the events are not described as in format %d.%d from"
			     " here: the file is damaged or was written by a ukl with"
			     " other events; use that one, or record again",
			     UKL_TRACE_MAJOR, UKL_TRACE_MINOR);
}

int ukl_metadata_parse(const char *text, size_t len, const char *file,
		       struct ukl_env *env, uint8_t uuid[16], struct ukl_error *err)
{
	struct cursor c = { text, text, text + len, file, err };
	int ret = parse_version(&c);

	if (!ret)
		ret = parse_env(&c, env);
	if (!ret && !take(&c, TRACE_HEAD))
		ret = bad(&c, "the trace block is missing or damaged");
	if (!ret)
		ret = parse_uuid(&c, uuid);
	if (!ret && !take(&c, TRACE_TAIL))
		ret = bad(&c, "the trace block is damaged");
	return ret ? ret : parse_fixed(&c);
}
