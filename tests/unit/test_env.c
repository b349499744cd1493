/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_env.c - the environment, and the metadata that carries it
 */
#include <stdlib.h>
#include <string.h>

#include "../../traces/metadata.h"
#include "../../traces/vocabulary.h"
#include "unit.h"

static const uint8_t some_uuid[16] = { 0x12, 0x34, 0xab, 0xff, 1, 2, 3, 4, 5 };

static void set_and_get(void)
{
	struct ukl_env env;

	ukl_env_init(&env);
	CU_ASSERT_EQUAL(ukl_env_set(&env, "app", "echo", NULL), 0);
	CU_ASSERT_EQUAL(ukl_env_set(&env, "qemu", "10.0", NULL), 0);
	CU_ASSERT_EQUAL(ukl_env_set(&env, "app", "count", NULL), 0);
	CU_ASSERT_EQUAL(env.n, 2);
	CU_ASSERT_STRING_EQUAL(ukl_env_get(&env, "app"), "count");
	CU_ASSERT_STRING_EQUAL(env.items[0].key, "app");
	CU_ASSERT_PTR_NULL(ukl_env_get(&env, "ap"));
	ukl_env_deinit(&env);
}

static void bad_keys(void)
{
	static const char *const bad[] = { "", "9lives", "a b", "a\"", "a;b" };
	char longest[80];
	struct ukl_error err;
	struct ukl_env env;

	ukl_env_init(&env);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(ukl_env_set(&env, bad[i], "", &err), UKL_ERR_USAGE);
	memset(longest, 'a', sizeof(longest));
	longest[UKL_ENV_MAX_KEY + 1] = '\0';
	CU_ASSERT_EQUAL(ukl_env_set(&env, longest, "", &err), UKL_ERR_USAGE);
	longest[UKL_ENV_MAX_KEY] = '\0';
	CU_ASSERT_EQUAL(ukl_env_set(&env, longest, "", &err), 0);
	CU_ASSERT_EQUAL(env.n, 1);
	ukl_env_deinit(&env);
}

static void layout(void)
{
	struct ukl_layout in, out;
	struct ukl_error err;
	struct ukl_env env;

	for (int i = 0; i < UKL_LAYOUT_ITEMS; i++)
		*ukl_layout_value(&in, i) = UINT64_MAX - (uint64_t)i * 0x123456789;
	ukl_env_init(&env);
	CU_ASSERT_EQUAL(ukl_env_get_layout(&env, &out, &err), UKL_ERR_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "layout_app_text_start"));
	CU_ASSERT_EQUAL(ukl_env_set_layout(&env, &in, &err), 0);
	CU_ASSERT_EQUAL(ukl_env_get_layout(&env, &out, &err), 0);
	CU_ASSERT_EQUAL(memcmp(&in, &out, sizeof(in)), 0);
	ukl_env_set(&env, "layout_gate_jump", "0x1g", NULL);
	CU_ASSERT_EQUAL(ukl_env_get_layout(&env, &out, &err), UKL_ERR_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "layout_gate_jump"));
	ukl_env_deinit(&env);
}

/* --- metadata ------------------------------------------------------------ */

static char *sample_text(void)
{
	struct ukl_env env;
	char *text, all[256];

	for (int i = 0; i < 255; i++)
		all[i] = (char)(i + 1);
	all[255] = '\0';
	unit_env(&env);
	ukl_env_set(&env, "every_byte", all, NULL);
	ukl_env_set(&env, "empty", "", NULL);
	ukl_env_set(&env, "tricky", "\"};\n\\\n", NULL);
	text = ukl_metadata_text(&env, some_uuid);
	ukl_env_deinit(&env);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	return text;
}

static int parse(const char *text, size_t len, struct ukl_env *env,
		 struct ukl_error *err)
{
	uint8_t uuid[16];
	/* On the heap and without NUL, so that a sanitizer sees any overrun. */
	char *copy = malloc(len ? len : 1);
	int ret;

	memcpy(copy, text, len);
	ukl_env_init(env);
	ret = ukl_metadata_parse(copy, len, "metadata", env, uuid, err);
	if (!ret)
		CU_ASSERT_EQUAL(memcmp(uuid, some_uuid, 16), 0);
	free(copy);
	return ret;
}

static void metadata_round_trip(void)
{
	char *text = sample_text(), *again;
	struct ukl_error err;
	struct ukl_env env;

	CU_ASSERT_EQUAL(parse(text, strlen(text), &env, &err), 0);
	CU_ASSERT_EQUAL(env.n, 4);
	CU_ASSERT_EQUAL(strlen(ukl_env_get(&env, "every_byte")), 255);
	CU_ASSERT_STRING_EQUAL(ukl_env_get(&env, "tricky"), "\"};\n\\\n");
	again = ukl_metadata_text(&env, some_uuid);
	CU_ASSERT_STRING_EQUAL(again, text);
	free(again);
	free(text);
	ukl_env_deinit(&env);
}

static void metadata_cut(void)
{
	char *text = sample_text();
	size_t len = strlen(text);
	struct ukl_error err;
	struct ukl_env env;

	for (size_t cut = 0; cut < len; cut++) {
		CU_ASSERT_NOT_EQUAL(parse(text, cut, &env, &err), 0);
		ukl_env_deinit(&env);
	}
	free(text);
}

/* Octal beyond a byte, an escape nobody knows, a second trace behind the first. */
static void metadata_odd(void)
{
	static const char *const odd[] = { "\\777", "\\000", "\\q", "\\12" };
	char *text = sample_text(), *value = strstr(text, "order");
	size_t len = strlen(text);
	struct ukl_error err;
	struct ukl_env env;

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		memcpy(value, odd[i], strlen(odd[i]));
		CU_ASSERT_EQUAL(parse(text, len, &env, &err), UKL_ERR_FORMAT);
		ukl_env_deinit(&env);
		memcpy(value, "order", 5);
	}
	memcpy(value, "\\101r", 5);
	CU_ASSERT_EQUAL(parse(text, len, &env, &err), 0);
	CU_ASSERT_STRING_EQUAL(ukl_env_get(&env, "clock"), "Ar");
	ukl_env_deinit(&env);
	text = realloc(text, len + 2);
	strcpy(text + len, "\n");
	CU_ASSERT_EQUAL(parse(text, len + 1, &env, &err), UKL_ERR_VERSION);
	CU_ASSERT_EQUAL(err.offset, len);
	ukl_env_deinit(&env);
	free(text);
}

/* The env block may say anything, the rest not one byte else. */
static void metadata_changed(void)
{
	char *text = sample_text();
	size_t len = strlen(text), fixed = (size_t)(strstr(text, "trace {") - text);
	size_t uuid = (size_t)(strstr(text, "uuid = \"") - text);
	struct ukl_error err;
	struct ukl_env env;

	for (size_t i = 0; i < len; i++) {
		int ret;

		text[i] ^= 0x21;
		ret = parse(text, len, &env, &err);
		if ((i >= fixed && i < uuid) || i >= uuid + 8 + 36)
			CU_ASSERT_NOT_EQUAL(ret, 0);
		text[i] ^= 0x21;
		ukl_env_deinit(&env);
		if (i > uuid && i < uuid + 8 + 36)
			i = uuid + 8 + 36;	/* a uuid may be any */
	}
	free(text);
}

static void metadata_version(void)
{
	char *text = sample_text(), *major = strstr(text, "ukl_major = 1");
	struct ukl_error err;
	struct ukl_env env;

	CU_ASSERT_PTR_NOT_NULL_FATAL(major);
	major[12] = '7';
	CU_ASSERT_EQUAL(parse(text, strlen(text), &env, &err), UKL_ERR_VERSION);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "7."));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "record it again"));
	free(text);
	ukl_env_deinit(&env);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{ "set, replace and get", set_and_get },
		{ "names that TSDL cannot hold are refused", bad_keys },
		{ "the layout goes in and comes out", layout },
		{ "metadata comes back as written, every byte", metadata_round_trip },
		{ "metadata cut anywhere is refused", metadata_cut },
		{ "metadata changed anywhere is noticed", metadata_changed },
		{ "odd escapes and trailing text are refused", metadata_odd },
		{ "another version gets a clear sentence", metadata_version },
		{ NULL, NULL }
	};

	return unit_main("env", tests);
}
