/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_diff.c - "ukl diff": where two runs of a program part
 *
 * Each task of one trace is followed beside its counterpart in the other; what one
 * side did first waits for the other, so the order among tasks is free.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "sequence.h"

static const char help[] =
	"usage: ukl diff [OPTION...] A B\n\n"
	"Follows the application's tasks through two traces and shows where they part.\n"
	"Compared are the transitions of each task: their kinds, system calls, vectors\n"
	"and signals. Interrupts and what they do, and task switches, are left out.\n"
	"One of A and B may be - for a tar archive of a trace on standard input.\n\n"
	"  --syscalls         compare system calls, arguments and results, by --rules; how\n"
	"                     far a task came that SIGKILL ended in both is no difference\n"
	"  --all              leave nothing out, for runs that are to be the same\n"
	"  --ring3 NAME       of B, take the ring-3 program of that name\n"
	"  --rules            show which arguments and results are compared, and how\n"
	"  --help             show this text\n\n"
	"exit status: 0 the same; 1 they part; 2 trouble; 3 inconclusive (a trace is not\n"
	"whole, or the program is not in it)\n";

#define CONTEXT 5u	/* steps shown before the parting, and behind it */

enum side { A, B, SIDES };

/* What one side did and the other not yet, oldest first. */
struct queue {
	struct ukl_item *item;
	size_t head, n, capacity;
};

/* A task of both. */
struct pair {
	enum side ahead;		/* whose the waiting items are */
	struct queue waiting;
	uint64_t common;		/* steps that were the same */
	struct ukl_item last[SIDES][CONTEXT];	/* of these */
	bool parted, cut;		/* cut: killed in both, sooner in one */
	struct ukl_item next[SIDES][CONTEXT];	/* the parting, and on */
	unsigned int n_next[SIDES];
	uint32_t pid[SIDES];
};

struct diff {
	const char *trace[SIDES];
	struct ukl_sequence_options opt;
	const char *ring3;
	struct ukl_sequence *seq[SIDES];
	struct ukl_family family;
	struct pair *pair;
	unsigned int n;
	uint64_t waiting[SIDES];	/* items in all queues */
	bool done[SIDES];
	uint64_t items[SIDES];
};

/* --- comparing ------------------------------------------------------------- */

static bool same(const struct diff *d, const struct ukl_item *a, const struct ukl_item *b)
{
	if (a->nr != b->nr)
		return false;
	if (d->opt.detail != UKL_DETAIL_CALLS)
		return a->kind == b->kind;
	if (a->call != b->call)
		return false;
	return a->call ? ukl_call_same_args(a->nr, a->arg, b->arg) :
			 ukl_call_same_result(a->nr, a->value, b->value);
}

static int enqueue(struct queue *q, const struct ukl_item *item)
{
	if (q->head == q->n)
		q->head = q->n = 0;
	if (q->n == q->capacity) {
		size_t capacity = q->capacity ? 2 * q->capacity : 16;
		struct ukl_item *larger = realloc(q->item, capacity * sizeof(*larger));

		if (!larger)
			return -1;
		q->item = larger;
		q->capacity = capacity;
	}
	q->item[q->n++] = *item;
	return 0;
}

static void show_next(struct pair *p, enum side side, const struct ukl_item *item)
{
	if (p->n_next[side] < CONTEXT)
		p->next[side][p->n_next[side]++] = *item;
}

/* From here on nothing is compared, only shown. */
static void part(struct diff *d, struct pair *p)
{
	struct queue *q = &p->waiting;

	p->parted = true;
	d->waiting[p->ahead] -= q->n - q->head;
	while (q->head < q->n)
		show_next(p, p->ahead, &q->item[q->head++]);
}

/* SIGKILL ends a task wherever it stands: in one run it may have come further. */
static enum ukl_end end_of(const struct diff *d, enum side side, const struct pair *p)
{
	return ukl_sequence_end(d->seq[side], (unsigned int)(p - d->pair));
}

static bool killed_in_both(const struct diff *d, const struct pair *p)
{
	enum ukl_end a = end_of(d, A, p), b = end_of(d, B, p);

	return a != UKL_END_OTHER && b != UKL_END_OTHER &&
	       (a == UKL_END_KILLED || b == UKL_END_KILLED);
}

/*
 * Nothing of the other side can come any more, so nothing waits for it; unless that may
 * have been killed, as this one may be yet.
 */
static int go_on_alone(struct diff *d, struct pair *p, enum side side,
		       const struct ukl_item *item)
{
	if (!ukl_sequence_whole(d->seq[!side]))
		return 0;
	if (end_of(d, !side, p) != UKL_END_OTHER) {
		d->waiting[side]++;
		return enqueue(&p->waiting, item);
	}
	part(d, p);
	show_next(p, side, item);
	return 0;
}

static int add(struct diff *d, struct pair *p, enum side side, const struct ukl_item *item)
{
	struct queue *q = &p->waiting;
	struct ukl_item *first = q->head < q->n ? &q->item[q->head] : NULL;

	p->pid[side] = item->pid;
	if (p->parted) {
		show_next(p, side, item);
	} else if (!first || p->ahead == side) {
		p->ahead = side;
		if (d->done[!side])
			return go_on_alone(d, p, side, item);
		d->waiting[side]++;
		return enqueue(q, item);
	} else if (same(d, first, item)) {
		p->last[p->ahead][p->common % CONTEXT] = *first;
		p->last[side][p->common++ % CONTEXT] = *item;
		q->head++;
		d->waiting[p->ahead]--;
	} else {
		part(d, p);
		show_next(p, side, item);
	}
	return 0;
}

/* The pair of that member of the family; NULL if memory is short. */
static struct pair *pair_of(struct diff *d, unsigned int member)
{
	struct pair *larger;

	if (member < d->n)
		return &d->pair[member];
	larger = realloc(d->pair, (member + 1) * sizeof(*larger));
	if (!larger)
		return NULL;
	memset(larger + d->n, 0, (member + 1 - d->n) * sizeof(*larger));
	d->pair = larger;
	d->n = member + 1;
	return &d->pair[member];
}

/* One more item of that side; 0, 1 at its end, or -1 if memory is short. */
static int advance(struct diff *d, enum side side)
{
	const struct ukl_item *item = ukl_sequence_next(d->seq[side]);
	struct pair *p;

	if (!item)
		return ukl_sequence_no_memory(d->seq[side]) ? -1 : 1;
	d->items[side]++;
	p = pair_of(d, item->member);
	return p ? add(d, p, side, item) : -1;
}

/* The side with less waiting goes first: so little is kept. */
static int compare(struct diff *d)
{
	while (!d->done[A] || !d->done[B]) {
		bool less = !d->done[B] && d->waiting[B] < d->waiting[A];
		enum side side = d->done[A] || less ? B : A;
		int ret = advance(d, side);

		if (ret < 0)
			return -1;
		d->done[side] = ret;
	}
	return 0;
}

/* --- telling --------------------------------------------------------------- */

static void put_item(const struct diff *d, const struct ukl_item *item)
{
	if (d->opt.detail != UKL_DETAIL_CALLS)
		printf("%s: ", ukl_kind_name[item->kind]);
	if (item->call)
		ukl_call_text(stdout, item->nr, item->arg);
	else if (item->result)
		ukl_call_result_text(stdout, item->nr, item->value);
	else if (item->in_call)
		ukl_call_name(stdout, item->nr);
	else
		printf("0x%" PRIx32, item->nr);
	putchar('\n');
}

static void put_common(const struct diff *d, const struct pair *p)
{
	uint64_t n = p->common < CONTEXT ? p->common : CONTEXT;

	for (uint64_t i = p->common - n; i < p->common; i++) {
		const struct ukl_item *a = &p->last[A][i % CONTEXT];

		printf("    A %-10" PRIu64 " B %-10" PRIu64 " ", a->order,
		       p->last[B][i % CONTEXT].order);
		put_item(d, a);
	}
}

static void put_next(const struct diff *d, const struct pair *p, enum side side)
{
	const char name[] = { 'A', 'B' };

	for (unsigned int i = 0; i < p->n_next[side]; i++) {
		printf("  %c %c %-10" PRIu64 " %-12s ", i ? ' ' : '>', name[side],
		       p->next[side][i].order, "");
		put_item(d, &p->next[side][i]);
	}
	if (!p->n_next[side])
		printf("  > %c %-10s %-12s has no more steps\n", name[side], "", "");
}

static void put_parting(const struct diff *d, unsigned int i)
{
	const struct pair *p = &d->pair[i];

	printf("task %u (pid %" PRIu32 " in A, %" PRIu32 " in B): %" PRIu64
	       " steps are the same, then they part\n", i + 1, p->pid[A], p->pid[B],
	       p->common);
	put_common(d, p);
	put_next(d, p, A);
	put_next(d, p, B);
	for (enum side s = A; s < SIDES; s++) {
		if (p->n_next[s])
			printf("  again: ukl dump --from %" PRIu64 " --lines %s\n",
			       p->common ? p->last[s][(p->common - 1) % CONTEXT].order :
					   p->next[s][0].order, d->trace[s]);
	}
	putchar('\n');
}

static void put_cut(const struct diff *d, unsigned int i)
{
	const struct pair *p = &d->pair[i];

	printf("task %u (pid %" PRIu32 " in A, %" PRIu32 " in B): %" PRIu64 " steps are the"
	       " same, then it was killed; in %s it came %zu further\n\n", i + 1, p->pid[A],
	       p->pid[B], p->common, p->ahead == A ? "A" : "B",
	       p->waiting.n - p->waiting.head);
}

/*
 * What still waits at the end: one side goes on where the other has ended, which is
 * only known of a trace that is whole.
 */
static void part_at_end(struct diff *d)
{
	for (unsigned int i = 0; i < d->n; i++) {
		struct pair *p = &d->pair[i];

		if (p->parted || p->waiting.head == p->waiting.n ||
		    !ukl_sequence_whole(d->seq[!p->ahead]))
			continue;
		p->cut = killed_in_both(d, p);
		if (!p->cut)
			part(d, p);
	}
}

static int inconclusive(const struct diff *d)
{
	for (enum side s = A; s < SIDES; s++) {
		if (ukl_sequence_whole(d->seq[s]) && d->items[s])
			continue;
		printf("inconclusive: %s %s\n", d->trace[s],
		       d->items[s] ? "is not whole" : "has no step of the program");
		return UKL_EXIT_INCONCLUSIVE;
	}
	return UKL_EXIT_CONFORMS;
}

static int verdict(struct diff *d)
{
	unsigned int parted = 0;
	uint64_t common = 0;

	/* Where nothing can be compared, nothing has parted. */
	if (!d->items[A] || !d->items[B])
		return inconclusive(d);
	part_at_end(d);
	printf("A = %s\nB = %s\n\n", d->trace[A], d->trace[B]);
	for (unsigned int i = 0; i < d->n; i++) {
		common += d->pair[i].common;
		if (d->pair[i].cut)
			put_cut(d, i);
		if (!d->pair[i].parted)
			continue;
		parted++;
		put_parting(d, i);
	}
	printf("%u task%s, %" PRIu64 " steps the same; %u part%s\n", d->n,
	       d->n == 1 ? "" : "s", common, parted, parted == 1 ? "s" : "");
	return parted ? UKL_EXIT_VIOLATION : inconclusive(d);
}

/* --- the work -------------------------------------------------------------- */

static int nomem(void)
{
	struct ukl_error err;

	ukl_error_set(&err, UKL_ERR_NOMEM, "", UKL_NOWHERE, "out of memory");
	return ukl_cmd_fail(&err);
}

static int open_both(struct diff *d, struct ukl_error *err)
{
	d->opt.family = &d->family;
	if (ukl_sequence_open(&d->seq[A], d->trace[A], &d->opt, err))
		return err->code;
	d->opt.ring3 = d->ring3;
	return ukl_sequence_open(&d->seq[B], d->trace[B], &d->opt, err);
}

static void release(struct diff *d)
{
	ukl_sequence_close(d->seq[A]);
	ukl_sequence_close(d->seq[B]);
	for (unsigned int i = 0; i < d->n; i++)
		free(d->pair[i].waiting.item);
	free(d->pair);
	free(d->family.member);
}

static int run(struct diff *d)
{
	struct ukl_error err;
	int ret;

	if (open_both(d, &err))
		ret = ukl_cmd_fail(&err);
	else if (compare(d))
		ret = nomem();
	else if (ukl_sequence_trouble(d->seq[A], &err) ||
		 ukl_sequence_trouble(d->seq[B], &err))
		ret = ukl_cmd_fail(&err);
	else
		ret = verdict(d);
	release(d);
	return ret;
}

/* --- the command line ------------------------------------------------------ */

enum option_key { OPT_HELP = 256, OPT_SYSCALLS, OPT_ALL, OPT_RING3, OPT_RULES };

static const struct option options[] = {
	{ "help", no_argument, NULL, OPT_HELP },
	{ "syscalls", no_argument, NULL, OPT_SYSCALLS },
	{ "all", no_argument, NULL, OPT_ALL },
	{ "ring3", required_argument, NULL, OPT_RING3 },
	{ "rules", no_argument, NULL, OPT_RULES },
	{ NULL, 0, NULL, 0 }
};

static int parse_traces(struct diff *d, int n, char **traces)
{
	if (n != 2)
		return ukl_cmd_usage("diff", "give two traces");
	if (!strcmp(traces[A], "-") && !strcmp(traces[B], "-"))
		return ukl_cmd_usage("diff", "only one trace can come from a pipe");
	d->trace[A] = traces[A];
	d->trace[B] = traces[B];
	return run(d);
}

int ukl_cmd_diff(int argc, char **argv)
{
	struct diff d = { .opt.detail = UKL_DETAIL_TRANSITIONS };
	int key;

	opterr = 0;
	while ((key = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (key) {
		case OPT_HELP:
			fputs(help, stdout);
			return 0;
		case OPT_RULES:
			ukl_call_rules(stdout);
			return 0;
		case OPT_SYSCALLS:
			d.opt.detail = UKL_DETAIL_CALLS;
			break;
		case OPT_ALL:
			d.opt.detail = UKL_DETAIL_ALL;
			break;
		case OPT_RING3:
			d.ring3 = optarg;
			break;
		default:
			return ukl_cmd_bad_option("diff", key, argv);
		}
	}
	return parse_traces(&d, argc - optind, argv + optind);
}
