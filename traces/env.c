/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * env.c - see env.h
 */
#include "env.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "vocabulary.h"

#define LAYOUT_PREFIX "layout_"

void ukl_env_init(struct ukl_env *env)
{
	env->n = 0;
	env->items = NULL;
}

void ukl_env_deinit(struct ukl_env *env)
{
	for (unsigned int i = 0; i < env->n; i++) {
		free(env->items[i].key);
		free(env->items[i].value);
	}
	free(env->items);
	ukl_env_init(env);
}

/*
 * A trace has some seventy entries; a walk keeps them in the order of their
 * setting, which is the order a person sees in the metadata.
 */
static struct ukl_env_item *find(const struct ukl_env *env, const char *key)
{
	for (unsigned int i = 0; i < env->n; i++)
		if (!strcmp(env->items[i].key, key))
			return &env->items[i];
	return NULL;
}

/* A key must be a TSDL identifier, or the metadata could not be read back. */
static bool key_valid(const char *key)
{
	size_t len = strlen(key);

	if (!len || len > UKL_ENV_MAX_KEY || isdigit((unsigned char)key[0]))
		return false;
	for (const char *p = key; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_')
			return false;
	return true;
}

/* Whatever is accepted here can be written and read back unchanged. */
static int check(const struct ukl_env *env, const char *key, const char *value,
		 struct ukl_error *err)
{
	if (!key_valid(key))
		return ukl_error_set(err, UKL_ERR_USAGE, NULL, UKL_NOWHERE,
				     "\"%.80s\" is not a name for an env entry: use up"
				     " to %u letters, digits and underscores",
				     key, UKL_ENV_MAX_KEY);
	if (strlen(value) > UKL_ENV_MAX_VALUE)
		return ukl_error_set(err, UKL_ERR_USAGE, NULL, UKL_NOWHERE,
				     "the value of env entry %s has more than %u bytes",
				     key, UKL_ENV_MAX_VALUE);
	if (!find(env, key) && env->n >= UKL_ENV_MAX_ITEMS)
		return ukl_error_set(err, UKL_ERR_USAGE, NULL, UKL_NOWHERE,
				     "more than %u env entries", UKL_ENV_MAX_ITEMS);
	return 0;
}

/* Nothing to name: the caller knows what it was doing. */
static int no_memory(struct ukl_error *err)
{
	return ukl_error_set(err, UKL_ERR_NOMEM, NULL, UKL_NOWHERE, "out of memory");
}

/* Takes over value. */
static int append(struct ukl_env *env, const char *key, char *value,
		  struct ukl_error *err)
{
	struct ukl_env_item *items;
	char *own_key = strdup(key);

	items = realloc(env->items, (env->n + 1) * sizeof(*items));
	if (items)
		env->items = items;
	if (!items || !own_key) {
		free(own_key);
		free(value);
		return no_memory(err);
	}
	items[env->n].key = own_key;
	items[env->n].value = value;
	env->n++;
	return 0;
}

/* The old value stays until the new one is safe. */
int ukl_env_set(struct ukl_env *env, const char *key, const char *value,
		struct ukl_error *err)
{
	struct ukl_env_item *item;
	char *own;
	int ret = check(env, key, value, err);

	if (ret)
		return ret;
	own = strdup(value);
	if (!own)
		return no_memory(err);
	item = find(env, key);
	if (!item)
		return append(env, key, own, err);
	free(item->value);
	item->value = own;
	return 0;
}

const char *ukl_env_get(const struct ukl_env *env, const char *key)
{
	const struct ukl_env_item *item = find(env, key);

	return item ? item->value : NULL;
}

bool ukl_env_is_user(const struct ukl_env *env)
{
	const char *machine = ukl_env_get(env, UKL_ENV_MACHINE);

	return machine && !strcmp(machine, "user");
}

/*
 * Strings, as TSDL integers are signed 64-bit in some readers and addresses are
 * not.
 */
int ukl_env_set_layout(struct ukl_env *env, const struct ukl_layout *layout,
		       struct ukl_error *err)
{
	char key[UKL_ENV_MAX_KEY + 1], value[24];
	int ret = 0;

	for (int i = 0; i < UKL_LAYOUT_ITEMS && !ret; i++) {
		snprintf(key, sizeof(key), LAYOUT_PREFIX "%s", ukl_layout_item[i].name);
		snprintf(value, sizeof(value), "0x%" PRIx64, ukl_layout_get(layout, i));
		ret = ukl_env_set(env, key, value, err);
	}
	return ret;
}

/* strtoull() would take signs and spaces. */
static bool parse_hex(const char *text, uint64_t *value)
{
	char *end;

	if (strncmp(text, "0x", 2) || !isxdigit((unsigned char)text[2]))
		return false;
	errno = 0;
	*value = strtoull(text, &end, 16);
	return !*end && !errno;
}

/* All or nothing: half a layout would make the model judge by zeros. */
int ukl_env_get_layout(const struct ukl_env *env, struct ukl_layout *layout,
		       struct ukl_error *err)
{
	struct ukl_layout found = { 0 };
	char key[UKL_ENV_MAX_KEY + 1];

	for (int i = 0; i < UKL_LAYOUT_ITEMS && !ukl_env_is_user(env); i++) {
		const char *text;

		snprintf(key, sizeof(key), LAYOUT_PREFIX "%s", ukl_layout_item[i].name);
		text = ukl_env_get(env, key);
		if (!text)
			return ukl_error_set(err, UKL_ERR_FORMAT, NULL, UKL_NOWHERE,
					     "the trace's env lacks \"%s\", so no"
					     " address can be judged: record it again", key);
		if (!parse_hex(text, ukl_layout_value(&found, i)))
			return ukl_error_set(err, UKL_ERR_FORMAT, NULL, UKL_NOWHERE,
					     "env entry %s is \"%.40s\", not a"
					     " hexadecimal number", key, text);
	}
	*layout = found;
	return 0;
}

/* Entries already in to that from does not have are kept. */
int ukl_env_copy(struct ukl_env *to, const struct ukl_env *from, struct ukl_error *err)
{
	int ret = 0;

	for (unsigned int i = 0; i < from->n && !ret; i++)
		ret = ukl_env_set(to, from->items[i].key, from->items[i].value, err);
	return ret;
}
