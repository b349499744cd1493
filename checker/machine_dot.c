/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine_dot.c - see machine_dot.h
 */
#include "machine_dot.h"

#include <ctype.h>
#include <string.h>

#define BLACK "#000000"

/* Told apart by who does not see colours, too: the pen differs. */
static const struct {
	const char *color, *pen;
} look[UKL_ITEM_STATUSES] = {
	[UKL_COVERED] = { "#1b7837", "solid" },
	[UKL_IMPOSSIBLE] = { "#999999", "dotted" },
	[UKL_NO_WORKLOAD] = { "#b35806", "dashed" },
	[UKL_NEVER_TRIED] = { "#c51b1b", "dashed" },
	[UKL_UNDECLARED] = { "#c51bc5", "bold" },
};

struct drawing {
	FILE *out;
	const struct ukl_items *items;
};

static const struct ukl_item *find(const struct drawing *d, unsigned int from,
				   unsigned int kind, unsigned int to)
{
	for (unsigned int i = 0; d->items && i < d->items->n; i++) {
		const struct ukl_item *item = &d->items->item[i];

		if (item->what == UKL_ITEM_EDGE && item->from == from &&
		    item->kind == kind && item->to == to)
			return item;
	}
	return NULL;
}

static const struct ukl_item *find_state(const struct drawing *d, unsigned int state)
{
	for (unsigned int i = 0; d->items && i < d->items->n; i++) {
		if (d->items->item[i].what == UKL_ITEM_STATE &&
		    d->items->item[i].from == state)
			return &d->items->item[i];
	}
	return NULL;
}

/* Is there such an edge to draw: in the items, or declared? */
static bool drawn(const struct drawing *d, unsigned int from, unsigned int kind,
		  unsigned int to)
{
	if (!d->items)
		return ukl_edge_find(from, kind, to);
	return find(d, from, kind, to);
}

static const char *color(const struct ukl_item *item)
{
	return item ? look[item->status].color : BLACK;
}

/* "GATE_IN" as "gate in" */
static void words(FILE *out, const char *name)
{
	for (; *name; name++)
		fputc(*name == '_' ? ' ' : tolower((unsigned char)*name), out);
}

/* Adds the kinds of all edges between the two; returns how many. */
static unsigned int kinds(const struct drawing *d, unsigned int from, unsigned int to,
			  bool print)
{
	unsigned int n = 0;

	for (unsigned int kind = 1; kind < UKL_KINDS; kind++) {
		if (!drawn(d, from, kind, to))
			continue;
		n++;
		if (!print)
			continue;
		fprintf(d->out, "<BR/><FONT COLOR=\"%s\">",
			color(find(d, from, kind, to)));
		words(d->out, ukl_kind_id[kind]);
		fputs("</FONT>", d->out);
	}
	return n;
}

/* The best that any event between the two says: red only if all are. */
static const struct ukl_item *best(const struct drawing *d, unsigned int from,
				   unsigned int to)
{
	const struct ukl_item *found = NULL;

	for (unsigned int kind = 1; kind < UKL_KINDS; kind++) {
		const struct ukl_item *item = find(d, from, kind, to);

		if (item && (!found || item->status == UKL_UNDECLARED ||
			     (item->status == UKL_COVERED &&
			      found->status != UKL_UNDECLARED)))
			found = item;
	}
	return found;
}

/* Names the states that have edges with this one, instead of an arrow for each. */
static void neighbours(const struct drawing *d, unsigned int state, bool out)
{
	fprintf(d->out, "<BR/>%s", out ? "returns to" : "hits");
	for (unsigned int s = UKL_IN_UNKNOWN + 1; s < UKL_STATES; s++) {
		unsigned int from = out ? state : s, to = out ? s : state;

		if (s == state || !kinds(d, from, to, false))
			continue;
		fprintf(d->out, "<BR/><FONT COLOR=\"%s\">", color(best(d, from, to)));
		words(d->out, ukl_state_name[s]);
		fputs("</FONT>", d->out);
	}
}

static void node(const struct drawing *d, unsigned int state)
{
	fprintf(d->out, "\t%s [color=\"%s\" label=<<B>", ukl_state_name[state],
		color(find_state(d, state)));
	words(d->out, ukl_state_name[state]);
	fprintf(d->out, "</B><BR/><I>%s</I><FONT POINT-SIZE=\"9\">",
		ukl_state_text[state]);
	if (!kinds(d, state, state, true))
		fputs(" ", d->out);
	if (state == UKL_IN_OWN_STACK) {
		neighbours(d, state, false);
		neighbours(d, state, true);
	}
	fputs("</FONT>>]\n", d->out);
}

/* Events with a stack of their own lead everywhere: the box says where. */
static void arrow(const struct drawing *d, unsigned int from, unsigned int to)
{
	const struct ukl_item *item = best(d, from, to);

	if (from == to || from == UKL_IN_OWN_STACK || to == UKL_IN_OWN_STACK ||
	    !kinds(d, from, to, false))
		return;
	fprintf(d->out, "\t%s -> %s [color=\"%s\" style=%s label=<<FONT"
		" POINT-SIZE=\"9\">", ukl_state_name[from], ukl_state_name[to],
		color(item), item ? look[item->status].pen : "solid");
	kinds(d, from, to, true);
	fputs("</FONT>>]\n", d->out);
}

void ukl_machine_dot(FILE *out, const char *title, const struct ukl_items *items)
{
	const struct drawing d = { .out = out, .items = items };

	fprintf(out, "digraph \"%s\" {\n\tlabel=\"%s\"\n\tlabelloc=t\n"
		"\tgraph [fontname=\"sans-serif\" ranksep=0.6]\n"
		"\tnode [fontname=\"sans-serif\" fontsize=11 shape=box style=rounded]\n"
		"\tedge [fontname=\"sans-serif\"]\n", title, title);
	for (unsigned int s = UKL_IN_UNKNOWN + 1; s < UKL_STATES; s++)
		node(&d, s);
	for (unsigned int from = UKL_IN_UNKNOWN + 1; from < UKL_STATES; from++) {
		for (unsigned int to = UKL_IN_UNKNOWN + 1; to < UKL_STATES; to++)
			arrow(&d, from, to);
	}
	fputs("}\n", out);
}
