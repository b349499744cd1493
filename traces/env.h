/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * env.h - what a trace says about the run that it records
 *
 * An ordered list of key/value strings.  A key is a C identifier; a value is any
 * string of bytes without NUL.  Setting a key again replaces its value in place.
 * The list owns copies of both.
 *
 * Thread rule: one thread at a time.
 */
#ifndef UKL_ENV_H
#define UKL_ENV_H

#include <stdbool.h>

#include "error.h"
#include "layout.h"

/* Keys with a fixed meaning; others may be added freely. */
#define UKL_ENV_CLOCK      "clock"	/* "insn" or "order"; required */
#define UKL_ENV_COUNT      "count"	/* of clock "insn": "blocks" or "exact" */
#define UKL_ENV_STREAMS    "streams"	/* decimal; set by the writer */
#define UKL_ENV_TOOL       "tool"	/* this project's version */
#define UKL_ENV_BUILD_ID   "build_id"	/* vmlinux's GNU build-id, hexadecimal */
#define UKL_ENV_VMLINUX    "vmlinux"	/* path at recording time */
#define UKL_ENV_APP        "app"	/* the linked application's name */
#define UKL_ENV_VARIANT    "variant"	/* transition switches, "base" if none */
#define UKL_ENV_WRITE      "write"	/* what readers see at once: "packets" or "events" */
#define UKL_ENV_MACHINE    "machine"	/* "user": no machine, one program's calls */
#define UKL_ENV_QEMU       "qemu"	/* QEMU's version */
#define UKL_ENV_PLUGIN_API "plugin_api"	/* decimal */
#define UKL_ENV_COMMAND    "command"	/* QEMU's command line */
#define UKL_ENV_REDUCED    "reduced"	/* what "ukl reduce" made it from */

#define UKL_ENV_MAX_ITEMS  512u
#define UKL_ENV_MAX_KEY    63u		/* bytes */
#define UKL_ENV_MAX_VALUE  65535u	/* bytes */

struct ukl_env_item {
	char *key;
	char *value;
};

struct ukl_env {
	unsigned int n;
	struct ukl_env_item *items;
};

void ukl_env_init(struct ukl_env *env);
void ukl_env_deinit(struct ukl_env *env);
int ukl_env_set(struct ukl_env *env, const char *key, const char *value,
		struct ukl_error *err);

/* Owned by env, good until the key is set again; NULL if there is none. */
const char *ukl_env_get(const struct ukl_env *env, const char *key);

/* A user-mode trace, which has nothing of a kernel. */
bool ukl_env_is_user(const struct ukl_env *env);

/*
 * The layout as "layout_<name>" entries.  _get names the first missing one; that of a
 * user-mode trace is all zero.
 */
int ukl_env_set_layout(struct ukl_env *env, const struct ukl_layout *layout,
		       struct ukl_error *err);
int ukl_env_get_layout(const struct ukl_env *env, struct ukl_layout *layout,
		       struct ukl_error *err);

int ukl_env_copy(struct ukl_env *to, const struct ukl_env *from, struct ukl_error *err);

#endif /* UKL_ENV_H */
