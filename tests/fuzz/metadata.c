/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metadata.c - fuzz target: the text beside a trace's streams
 *
 * A byte, then the text.  With an odd byte the part that is the same in all traces is
 * put behind it, which chance would never get right.  What is understood must be the
 * same when written and read again.
 */
#include <stdlib.h>
#include <string.h>

#include "../../traces/metadata.h"
#include "fuzz.h"

static void same_env(const struct ukl_env *a, const struct ukl_env *b)
{
	FUZZ_EXPECT(a->n == b->n);
	for (unsigned int i = 0; i < a->n; i++) {
		FUZZ_EXPECT(!strcmp(a->items[i].key, b->items[i].key));
		FUZZ_EXPECT(!strcmp(a->items[i].value, b->items[i].value));
	}
}

static void again(const struct ukl_env *env, const uint8_t uuid[16])
{
	char *text = ukl_metadata_text(env, uuid);
	uint8_t uuid_again[16];
	struct ukl_env env_again;

	ukl_env_init(&env_again);
	FUZZ_EXPECT(!ukl_metadata_parse(text, strlen(text), "again", &env_again, uuid_again,
					NULL));
	FUZZ_EXPECT(!memcmp(uuid, uuid_again, 16));
	same_env(env, &env_again);
	ukl_env_deinit(&env_again);
	free(text);
}

static void parse(const char *text, size_t size)
{
	struct ukl_error err = { .code = UKL_OK };
	struct ukl_layout layout;
	struct ukl_env env;
	uint8_t uuid[16];

	ukl_env_init(&env);
	if (!ukl_metadata_parse(text, size, "input", &env, uuid, &err)) {
		again(&env, uuid);
		ukl_env_get_layout(&env, &layout, &err);
	} else {
		FUZZ_EXPECT(err.code && *err.text);
		FUZZ_EXPECT(err.offset == UKL_NOWHERE || err.offset <= size);
	}
	ukl_env_deinit(&env);
}

/* Of the base, from "clock {" on. */
static const char *fixed_part(size_t *size)
{
	size_t all;
	const char *text = fuzz_metadata(&all), *p = strstr(text, "\nclock {\n") + 1;

	*size = all - (size_t)(p - text);
	return p;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t fixed_size = 0, head = size ? size - 1 : 0;
	const char *fixed = fixed_part(&fixed_size);
	char *text;

	if (!size || !(data[0] & 1))
		fixed_size = 0;
	text = malloc(head + fixed_size + 1);
	if (head)
		memcpy(text, data + 1, head);
	memcpy(text + head, fixed, fixed_size);
	/* Just as long as it is, so that a sanitizer sees what is read beyond. */
	text = realloc(text, head + fixed_size ? head + fixed_size : 1);
	parse(text, head + fixed_size);
	free(text);
	return 0;
}
