/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * coverage.c - see coverage.h
 */
#define _GNU_SOURCE
#include "coverage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER "ukl-coverage 1"

static struct ukl_coverage *make(const char *variant)
{
	struct ukl_coverage *cov = calloc(1, sizeof(*cov));

	if (!cov)
		return NULL;
	cov->variant = strdup(variant);
	cov->inv = calloc(ukl_invariant_count(), sizeof(*cov->inv));
	if (cov->variant && cov->inv)
		return cov;
	ukl_coverage_free(cov);
	return NULL;
}

struct ukl_coverage *ukl_coverage_get(struct ukl_coverage **list, const char *variant,
				      struct ukl_error *err)
{
	for (; *list; list = &(*list)->next) {
		if (!strcmp((*list)->variant, variant))
			return *list;
	}
	if (!ukl_variant_set(variant)) {
		ukl_error_set(err, UKL_ERR_FORMAT, "", UKL_NOWHERE,
			      "\"%.64s\" is not a variant of the kernel", variant);
		return NULL;
	}
	*list = make(variant);
	if (!*list)
		ukl_error_set(err, UKL_ERR_NOMEM, "", UKL_NOWHERE,
			      "not enough memory for the coverage");
	return *list;
}

void ukl_coverage_free(struct ukl_coverage *list)
{
	while (list) {
		struct ukl_coverage *next = list->next;

		free(list->variant);
		free(list->inv);
		free(list);
		list = next;
	}
}

void ukl_coverage_add(struct ukl_coverage *cov, const struct ukl_model *model,
		      uint64_t events)
{
	cov->runs++;
	cov->events += events;
	UKL_FOR_EDGES(from, kind, to)
		cov->edge[from][kind][to] += ukl_model_edge_count(model, from, kind, to);
	for (unsigned int i = 0; i < ukl_invariant_count(); i++) {
		for (unsigned int r = 0; r < UKL_RESULTS; r++)
			cov->inv[i][r] += ukl_model_count(model, i, r);
	}
}

/* --- reading --------------------------------------------------------------- */

struct reading {
	struct ukl_coverage **list, *cov;
	struct ukl_error *err;
};

static int find_name(const char *const *names, unsigned int n, const char *name)
{
	for (unsigned int i = 0; i < n; i++) {
		if (names[i] && !strcmp(names[i], name))
			return i;
	}
	return -1;
}

static bool read_edge(struct ukl_coverage *cov, const char *line)
{
	char from[32], kind[32], to[32];
	uint64_t n;
	int f, k, t;

	if (sscanf(line, "edge %31s %31s %31s %" SCNu64, from, kind, to, &n) != 4)
		return false;
	f = find_name(ukl_state_name, UKL_STATES, from);
	k = find_name(ukl_kind_id, UKL_KINDS, kind);
	t = find_name(ukl_state_name, UKL_STATES, to);
	if (f < 0 || k < 0 || t < 0)
		return false;
	cov->edge[f][k][t] += n;
	return true;
}

static bool read_invariant(struct ukl_coverage *cov, const char *line)
{
	uint64_t held, vacuous, violated;
	char id[64];
	int i;

	if (sscanf(line, "invariant %63s %" SCNu64 " %" SCNu64 " %" SCNu64, id, &held,
		   &vacuous, &violated) != 4)
		return false;
	i = ukl_invariant_find(id);
	if (i < 0)
		return false;
	cov->inv[i][UKL_HOLDS] += held;
	cov->inv[i][UKL_VACUOUS] += vacuous;
	cov->inv[i][UKL_VIOLATED] += violated;
	return true;
}

static bool read_line(struct reading *r, const char *line)
{
	char variant[64];
	uint64_t n;

	if (sscanf(line, "variant %63s", variant) == 1) {
		r->cov = ukl_coverage_get(r->list, variant, r->err);
		return r->cov;
	}
	if (!r->cov)
		return false;
	if (sscanf(line, "runs %" SCNu64, &n) == 1)
		r->cov->runs += n;
	else if (sscanf(line, "events %" SCNu64, &n) == 1)
		r->cov->events += n;
	else
		return read_edge(r->cov, line) || read_invariant(r->cov, line);
	return true;
}

static int read_lines(struct reading *r, FILE *in, const char *path)
{
	unsigned int number = 1;
	char line[256];

	if (!fgets(line, sizeof(line), in) || strcmp(line, HEADER "\n"))
		return ukl_error_set(r->err, UKL_ERR_FORMAT, path, UKL_NOWHERE,
				     "is not a coverage file: its first line is not"
				     " \"" HEADER "\"");
	while (fgets(line, sizeof(line), in)) {
		number++;
		if (!read_line(r, line))
			return ukl_error_set(r->err, UKL_ERR_FORMAT, path, UKL_NOWHERE,
					     "line %u says nothing to this version of the"
					     " model; remove the file and run its tests"
					     " again", number);
	}
	if (ferror(in))
		return ukl_error_errno(r->err, path, "cannot be read");
	return 0;
}

/* in is NULL if it could not be opened. */
static int load(struct ukl_coverage **list, FILE *in, const char *path,
		struct ukl_error *err)
{
	struct reading r = { .list = list, .err = err };
	int ret;

	if (!in)
		return ukl_error_errno(err, path, "cannot be opened");
	ret = read_lines(&r, in, path);
	fclose(in);
	return ret;
}

int ukl_coverage_load(struct ukl_coverage **list, const char *path,
		      struct ukl_error *err)
{
	return load(list, fopen(path, "re"), path, err);
}

int ukl_coverage_load_old(struct ukl_coverage **list, const char *path,
			  struct ukl_error *err)
{
	FILE *in = fopen(path, "re");

	return !in && errno == ENOENT ? 0 : load(list, in, path, err);
}

/* --- writing --------------------------------------------------------------- */

static void write_one(const struct ukl_coverage *cov, FILE *out)
{
	fprintf(out, "variant %s\nruns %" PRIu64 "\nevents %" PRIu64 "\n", cov->variant,
		cov->runs, cov->events);
	UKL_FOR_EDGES(from, kind, to) {
		if (cov->edge[from][kind][to])
			fprintf(out, "edge %s %s %s %" PRIu64 "\n", ukl_state_name[from],
				ukl_kind_id[kind], ukl_state_name[to],
				cov->edge[from][kind][to]);
	}
	for (unsigned int i = 0; i < ukl_invariant_count(); i++) {
		const uint64_t *n = cov->inv[i];

		if (n[UKL_HOLDS] || n[UKL_VACUOUS] || n[UKL_VIOLATED])
			fprintf(out, "invariant %s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
				ukl_invariant_at(i, NULL)->id, n[UKL_HOLDS],
				n[UKL_VACUOUS], n[UKL_VIOLATED]);
	}
}

static int write_all(const struct ukl_coverage *list, const char *path)
{
	FILE *out = fopen(path, "we");
	int bad;

	if (!out)
		return -1;
	fputs(HEADER "\n", out);
	for (; list; list = list->next)
		write_one(list, out);
	bad = ferror(out);
	return fclose(out) || bad ? -1 : 0;
}

int ukl_coverage_save(const struct ukl_coverage *list, const char *path,
		      struct ukl_error *err)
{
	char *part = NULL;
	int ret = 0;

	if (asprintf(&part, "%s.part", path) < 0)
		return ukl_error_set(err, UKL_ERR_NOMEM, path, UKL_NOWHERE,
				     "not enough memory for the file's name");
	if (write_all(list, part) || rename(part, path)) {
		ret = ukl_error_errno(err, path, "the coverage cannot be written");
		unlink(part);
	}
	free(part);
	return ret;
}
