/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_explore.c - "ukl explore": what the model says of all that can happen
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../traces/vocabulary.h"
#include "cmd.h"
#include "event_text.h"
#include "explore.h"

static const char help[] =
	"usage: ukl explore [OPTION...]\n\n"
	"Has a small correct machine do everything that it can do in so many moves, and\n"
	"the model judge each sequence of events: none may violate anything, every state\n"
	"must be reached, every invariant judged. Then changes single events\n"
	"until every invariant has been violated.\n\n"
	"  --depth N          moves, 1 to 12 (6)\n"
	"  --verbose          also the change that violates each invariant\n"
	"  --emit MOVE,...    print this sequence for ukl_assemble instead\n"
	"  --moves            list the moves instead\n"
	"  --help             show this text\n\n"
	"exit status: 0 all is so; 1 a legal sequence violates an invariant or takes an\n"
	"edge that the model does not have; 2 trouble; 3 a state was not reached, or an\n"
	"invariant not judged or not violated\n";

#define WITNESS_DEPTH 6u	/* enough for all that is exercised, and quick */

struct explore {
	unsigned int depth;
	bool verbose;
	struct ukl_explorer x;
};

static int nomem(void)
{
	struct ukl_error err;

	ukl_error_set(&err, UKL_ERR_NOMEM, "", UKL_NOWHERE,
		      "not enough memory to explore");
	return ukl_cmd_fail(&err);
}

/* --- a sequence as text ---------------------------------------------------- */

static int find_move(const char *name, size_t len)
{
	for (unsigned int i = 0; i < UKL_MOVES; i++) {
		if (strlen(ukl_move_name[i]) == len &&
		    !strncasecmp(ukl_move_name[i], name, len))
			return i;
	}
	return -1;
}

static int parse_moves(struct ukl_sequence *sequence, const char *text)
{
	sequence->n = 0;
	for (;; text++) {
		size_t len = strcspn(text, ",");
		int move = find_move(text, len);

		if (move < 0)
			return ukl_cmd_usage("explore", "--emit: there is no move \"%.*s\"",
					     (int)len, text);
		if (sequence->n == UKL_EXPLORE_DEPTH)
			return ukl_cmd_usage("explore", "--emit: more than %u moves",
					     UKL_EXPLORE_DEPTH);
		sequence->move[sequence->n++] = move;
		text += len;
		if (!*text)
			return 0;
	}
}

static void emit_layout(void)
{
	struct ukl_layout layout = ukl_world_layout;

	for (unsigned int i = 0; i < UKL_LAYOUT_ITEMS; i++)
		printf("layout %s 0x%" PRIx64 "\n", ukl_layout_item[i].name,
		       *ukl_layout_value(&layout, i));
}

/* A slot is told when it differs from what was told last. */
static void emit_events(struct ukl_explorer *x)
{
	uint64_t told[UKL_STATE_SLOTS] = { 0 };

	for (unsigned int i = 0; i < x->n; i++) {
		struct ukl_event *ev = &x->event[i];
		uint32_t samples = ukl_class_info[ev->cls].samples;

		ev->changed = 0;
		for (unsigned int s = 0; s < UKL_STATE_SLOTS; s++) {
			if (!(samples >> s & 1) || ev->state[s] == told[s])
				continue;
			told[s] = ev->state[s];
			ev->changed |= 1u << s;
		}
		ukl_event_assemble(stdout, ev);
		putchar('\n');
	}
}

static void print_moves(const struct ukl_sequence *sequence)
{
	for (unsigned int i = 0; i < sequence->n; i++)
		printf("%s%s", i ? "," : "", ukl_move_name[sequence->move[i]]);
}

static int emit(struct ukl_explorer *x, const char *moves)
{
	struct ukl_sequence sequence;
	int ret = parse_moves(&sequence, moves);

	if (ret)
		return ret;
	if (!ukl_explore_events(x, &sequence))
		return ukl_cmd_usage("explore", "--emit: these moves cannot follow each"
				     " other");
	printf("# ukl explore --emit ");
	print_moves(&sequence);
	putchar('\n');
	emit_layout();
	emit_events(x);
	return UKL_EXIT_CONFORMS;
}

static int list_moves(void)
{
	for (unsigned int i = 0; i < UKL_MOVES; i++)
		printf("%-16s %s\n", ukl_move_name[i], ukl_move_text[i]);
	return UKL_EXIT_CONFORMS;
}

/* --- the report ------------------------------------------------------------ */

static bool visited(const struct ukl_model *m, unsigned int state)
{
	for (unsigned int from = 0; from < UKL_STATES; from++) {
		for (unsigned int kind = 0; kind < UKL_KINDS; kind++) {
			if (ukl_model_edge_count(m, from, kind, state))
				return true;
		}
	}
	return false;
}

static bool expected(unsigned int invariant)
{
	for (const struct ukl_idle *i = ukl_idle; i->id; i++) {
		if (!strcmp(i->id, ukl_invariant_at(invariant, NULL)->id))
			return false;
	}
	return true;
}

static unsigned int report_undeclared(const struct ukl_model *m)
{
	unsigned int n = 0;

	for (unsigned int from = 0; from < UKL_STATES; from++)
		for (unsigned int kind = 0; kind < UKL_KINDS; kind++)
			for (unsigned int to = 0; to < UKL_STATES; to++) {
				if (!ukl_model_edge_count(m, from, kind, to) ||
				    !ukl_edge_counts(from, kind, to) ||
				    ukl_edge_find(from, kind, to))
					continue;
				printf("  not an edge of the model: %s %s %s\n",
				       ukl_state_name[from], ukl_kind_id[kind],
				       ukl_state_name[to]);
				n++;
			}
	return n;
}

static unsigned int report_states(const struct ukl_model *m)
{
	unsigned int missed = 0;

	for (unsigned int s = UKL_IN_UNKNOWN + 1; s < UKL_STATES; s++) {
		if (visited(m, s))
			continue;
		missed++;
		printf("  state not reached: %s\n", ukl_state_name[s]);
	}
	printf("  %u of %u states reached\n", UKL_STATES - 1 - missed, UKL_STATES - 1);
	return missed;
}

static unsigned int report_judged(const struct ukl_model *m)
{
	unsigned int missed = 0, judged = 0;

	for (unsigned int i = 0; i < ukl_invariant_count(); i++) {
		if (ukl_model_count(m, i, UKL_HOLDS)) {
			judged++;
			continue;
		}
		missed += expected(i);
		printf("  never judged: %s\n", ukl_invariant_at(i, NULL)->id);
	}
	printf("  %u of %u invariants judged, none violated\n", judged,
	       ukl_invariant_count());
	return missed;
}

static void report_violation(const struct ukl_explorer *x)
{
	printf("  a legal sequence violates %s: ",
	       ukl_invariant_at(x->violating_invariant, NULL)->id);
	print_moves(&x->violating);
	putchar('\n');
}

static void print_change(struct ukl_explorer *x, unsigned int i)
{
	static const char *const how[] = {
		[UKL_CHANGE_DROP] = "missing", [UKL_CHANGE_TWICE] = "twice",
		[UKL_CHANGE_SWAP] = "behind the next",
		[UKL_CHANGE_REPEAT] = "and the rest, over and over again",
	};
	const struct ukl_change *c = &x->change[i];
	const struct ukl_class_info *info;

	ukl_explore_events(x, &c->sequence);
	info = &ukl_class_info[x->event[c->event].cls];
	printf("    %-22s event %u, %s", ukl_invariant_at(i, NULL)->id, c->event,
	       info->name);
	if (c->how == UKL_CHANGE_ARG)
		printf(" %s=0x%" PRIx64 "; ", info->arg[c->which], c->value);
	else if (c->how == UKL_CHANGE_SLOT)
		printf(" %%%s=0x%" PRIx64 "; ", ukl_slot_info[c->which].name, c->value);
	else
		printf(" %s; ", how[c->how]);
	print_moves(&c->sequence);
	putchar('\n');
}

static unsigned int report_changes(struct explore *e)
{
	unsigned int n = ukl_invariant_count(), missed = 0, found = 0, first = 0;

	for (unsigned int i = 0; i < n; i++) {
		found += e->x.change[i].found;
		first += e->x.change[i].first;
		if (!e->x.change[i].found) {
			printf("  no change found that violates %s%s\n",
			       ukl_invariant_at(i, NULL)->id, expected(i) ? "" :
			       ": its event is a violation by itself");
			missed += expected(i);
		} else if (e->verbose) {
			print_change(&e->x, i);
		}
	}
	printf("  %u of %u invariants violated by one change, %u of them first\n",
	       found, n, first);
	return missed;
}

static int explore(struct explore *e)
{
	struct ukl_explorer *x = &e->x;
	unsigned int missed;

	ukl_explore_witnesses(x, e->depth < WITNESS_DEPTH ? e->depth : WITNESS_DEPTH);
	if (e->depth > WITNESS_DEPTH)
		ukl_explore(x, e->depth);
	if (x->failed)
		return nomem();
	printf("depth %u: %" PRIu64 " sequences, %" PRIu64 " events\n", e->depth,
	       x->sequences, x->events);
	if (x->violated)
		report_violation(x);
	if (report_undeclared(x->model) || x->violated)
		return UKL_EXIT_VIOLATION;
	missed = report_states(x->model);
	missed += report_judged(x->model);
	ukl_explore_changes(x);
	missed += report_changes(e);
	return missed ? UKL_EXIT_INCONCLUSIVE : UKL_EXIT_CONFORMS;
}

/* --- the command line ------------------------------------------------------ */

static int parse_depth(struct explore *e, const char *text)
{
	char *end;
	unsigned long depth = strtoul(text, &end, 10);

	e->depth = depth;
	if (text[0] >= '0' && text[0] <= '9' && !*end && depth >= 1 &&
	    depth <= UKL_EXPLORE_DEPTH)
		return 0;
	return ukl_cmd_usage("explore", "--depth: \"%s\" is not a number from 1 to %u",
			     text, UKL_EXPLORE_DEPTH);
}

static int parse_and_run(struct explore *e, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "depth", required_argument, NULL, 'd' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "emit", required_argument, NULL, 'e' },
		{ "moves", no_argument, NULL, 'm' },
		{ NULL, 0, NULL, 0 }
	};
	const char *moves = NULL;
	int key;

	opterr = 0;
	while ((key = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (key == 'h') {
			fputs(help, stdout);
			return UKL_EXIT_CONFORMS;
		}
		if (key == 'm')
			return list_moves();
		if (key == 'd' && parse_depth(e, optarg))
			return UKL_EXIT_TROUBLE;
		if (key == 'e')
			moves = optarg;
		e->verbose |= key == 'v';
		if (key == ':' || key == '?')
			return ukl_cmd_bad_option("explore", key, argv);
	}
	if (optind < argc)
		return ukl_cmd_usage("explore", "\"%s\": there is nothing to name here",
				     argv[optind]);
	return moves ? emit(&e->x, moves) : explore(e);
}

int ukl_cmd_explore(int argc, char **argv)
{
	struct explore *e = calloc(1, sizeof(*e));
	int ret;

	if (!e)
		return nomem();
	e->depth = 6;
	ret = ukl_explorer_init(&e->x) ? nomem() : parse_and_run(e, argc, argv);
	ukl_explorer_deinit(&e->x);
	free(e);
	return ret;
}
