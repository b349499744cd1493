/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gaps.c - see gaps.h
 */
#include "gaps.h"

#include <stdlib.h>
#include <string.h>

const char *const ukl_item_what_name[UKL_ITEM_WHATS] = {
	[UKL_ITEM_STATE] = "state",
	[UKL_ITEM_KIND] = "event",
	[UKL_ITEM_EDGE] = "edge",
	[UKL_ITEM_INVARIANT] = "invariant",
};

const char *const ukl_item_status_name[UKL_ITEM_STATUSES] = {
	[UKL_COVERED] = "covered",
	[UKL_IMPOSSIBLE] = "impossible in this variant",
	[UKL_NO_WORKLOAD] = "no workload",
	[UKL_NEVER_TRIED] = "never tried",
	[UKL_UNDECLARED] = "not an edge of the model",
};

/* What is counted into the next item. */
struct fill {
	struct ukl_items *items;
	const struct ukl_coverage *cov;
	uint32_t variant;
	bool failed;
};

static struct ukl_item *next_item(struct ukl_items *items)
{
	struct ukl_item *bigger;

	if (items->n < items->room)
		return &items->item[items->n++];
	bigger = realloc(items->item, (items->room + 256) * sizeof(*bigger));
	if (!bigger)
		return NULL;
	items->item = bigger;
	items->room += 256;
	return &items->item[items->n++];
}

static void add(struct fill *f, const struct ukl_item *item)
{
	struct ukl_item *to = next_item(f->items);

	if (!to) {
		f->failed = true;
		return;
	}
	*to = *item;
	if (!to->reason)
		to->reason = "";
	f->items->total[item->what][item->status]++;
}

/* Of what may be declared by several rows: the most possible of their answers. */
static enum ukl_item_status status_of(const struct fill *f, const struct ukl_edge *e,
				      uint64_t count)
{
	if (count)
		return UKL_COVERED;
	if (e->not_in & f->variant)
		return UKL_IMPOSSIBLE;
	return e->idle ? UKL_NO_WORKLOAD : UKL_NEVER_TRIED;
}

/* A state or a kind of event is what the rows that mention it are. */
static void add_by_rows(struct fill *f, struct ukl_item *item,
			bool (*mentions)(const struct ukl_edge *e,
					 const struct ukl_item *item))
{
	item->status = item->count ? UKL_COVERED : UKL_NO_WORKLOAD;
	item->reason = item->count ? NULL : "no legal transition has it";
	for (const struct ukl_edge *e = ukl_machine; e->kind != UKL_K_NONE; e++) {
		enum ukl_item_status status = status_of(f, e, item->count);

		if (item->count || !mentions(e, item))
			continue;
		item->reason = e->idle;
		item->status = status;
		if (status == UKL_NEVER_TRIED)
			break;
	}
	add(f, item);
}

static bool mentions_state(const struct ukl_edge *e, const struct ukl_item *item)
{
	return (e->from | e->to) >> item->from & 1;
}

static bool mentions_kind(const struct ukl_edge *e, const struct ukl_item *item)
{
	return e->kind == item->kind;
}

static void add_states(struct fill *f)
{
	for (unsigned int s = UKL_IN_UNKNOWN + 1; s < UKL_STATES; s++) {
		struct ukl_item item = { .what = UKL_ITEM_STATE, .from = s };

		strcpy(item.name, ukl_state_name[s]);
		UKL_FOR_EDGES(from, kind, to) {
			if (from == s || to == s)
				item.count += f->cov->edge[from][kind][to];
		}
		add_by_rows(f, &item, mentions_state);
	}
}

static void add_kinds(struct fill *f)
{
	for (unsigned int k = UKL_K_NONE + 1; k < UKL_KINDS; k++) {
		struct ukl_item item = { .what = UKL_ITEM_KIND, .kind = k };

		strcpy(item.name, ukl_kind_id[k]);
		UKL_FOR_EDGES(from, kind, to) {
			if (kind == k)
				item.count += f->cov->edge[from][kind][to];
		}
		add_by_rows(f, &item, mentions_kind);
	}
}

static void add_edge(struct fill *f, struct ukl_item *item)
{
	const struct ukl_edge *e = ukl_edge_find(item->from, item->kind, item->to);

	if (!ukl_edge_counts(item->from, item->kind, item->to) || (!e && !item->count))
		return;
	snprintf(item->name, sizeof(item->name), "%s %s %s", ukl_state_name[item->from],
		 ukl_kind_id[item->kind], ukl_state_name[item->to]);
	item->status = e ? status_of(f, e, item->count) : UKL_UNDECLARED;
	/* Declared, but not for this variant */
	if (e && item->count && (e->not_in & f->variant))
		item->status = UKL_UNDECLARED;
	item->reason = e && !item->count ? e->idle : NULL;
	add(f, item);
}

static void add_edges(struct fill *f)
{
	UKL_FOR_EDGES(from, kind, to) {
		struct ukl_item item = {
			.what = UKL_ITEM_EDGE, .from = from, .kind = kind, .to = to,
			.count = f->cov->edge[from][kind][to],
		};

		add_edge(f, &item);
	}
}

static const char *idle(const char *id)
{
	for (const struct ukl_idle *i = ukl_idle; i->id; i++) {
		if (!strcmp(i->id, id))
			return i->why;
	}
	return NULL;
}

static void add_invariants(struct fill *f)
{
	for (unsigned int i = 0; i < ukl_invariant_count(); i++) {
		const struct ukl_invariant *inv = ukl_invariant_at(i, NULL);
		const uint64_t *n = f->cov->inv[i];
		struct ukl_item item = {
			.what = UKL_ITEM_INVARIANT,
			.count = n[UKL_HOLDS] + n[UKL_VIOLATED],
		};
		const struct ukl_edge row = {
			.not_in = UKL_VARIANT_ALL & ~inv->variants, .idle = idle(inv->id),
		};

		snprintf(item.name, sizeof(item.name), "%s", inv->id);
		item.status = status_of(f, &row, item.count);
		item.reason = item.status == UKL_NO_WORKLOAD ? row.idle : NULL;
		add(f, &item);
	}
}

int ukl_items_init(struct ukl_items *items, const struct ukl_coverage *cov)
{
	struct fill f = {
		.items = items, .cov = cov, .variant = ukl_variant_set(cov->variant),
	};

	memset(items, 0, sizeof(*items));
	add_states(&f);
	add_kinds(&f);
	add_edges(&f);
	add_invariants(&f);
	return f.failed ? -1 : 0;
}

void ukl_items_deinit(struct ukl_items *items)
{
	free(items->item);
	memset(items, 0, sizeof(*items));
}
