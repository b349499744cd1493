// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * trace-mutate.c - small lies in a trace, made by rule
 *
 *   trace-mutate rules                             what the rules are
 *   trace-mutate list TRACE N SEED                 places: lines "RULE CLASS EVENT"
 *   trace-mutate make TRACE OUT RULE EVENT AROUND  that mutant, a trace
 *
 * "list" takes, for each rule and each class of event that it can be applied to, N
 * places of the trace, by chance but always the same for one SEED.  "make" writes
 * what lies within AROUND events of the place, behind the writes to MSRs before; rule
 * "none" changes nothing, so that the piece itself can be judged.  EVENT counts from 0
 * as in "ukl dump".
 *
 * A rule changes one event, or which events there are; all else stays as recorded.
 *
 * Exit status: 0 done; 2 trouble.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../traces/reader.h"
#include "../../traces/vocabulary.h"
#include "../../traces/writer.h"

#define MSR_WRITES 64

/* All that is in the window, and room for one event more. */
struct window {
	struct ukl_layout layout;
	struct ukl_event *event;
	size_t n, at;
	uint64_t chance;
};

/* Changes w; if it leaves all as it was, the rule does not apply there. */
struct rule {
	const char *name;
	const char *what;
	void (*apply)(struct window *w);
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "trace-mutate: %s: %s\n", what, why);
	exit(2);
}

static void check(int ret, const struct ukl_error *err)
{
	if (!ret)
		return;
	ukl_error_print(stderr, err);
	exit(2);
}

/*
 * THE EVENT CONCERNED
 */

static struct ukl_event *here(struct window *w)
{
	return &w->event[w->at];
}

/* NULL if the class has no such argument. */
static uint64_t *argument(struct ukl_event *e, const char *name)
{
	int i = ukl_arg_find((enum ukl_class)e->cls, name);

	return i < 0 ? NULL : &e->arg[i];
}

/* NULL if the class does not sample it. */
static uint64_t *slot(struct ukl_event *e, unsigned int number)
{
	bool sampled = ukl_class_info[e->cls].samples >> number & 1;

	return sampled ? &e->state[number] : NULL;
}

static void add(uint64_t *word, uint64_t what)
{
	if (word)
		*word += what;
}

static void flip(uint64_t *word, uint64_t bits)
{
	if (word)
		*word ^= bits;
}

/* What ukl_mode could have been instead */
static void other_mode(uint64_t *mode)
{
	if (mode)
		*mode = *mode == 1 ? 2 : 1;
}

/*
 * RULES THAT CHANGE WHICH EVENTS THERE ARE
 */

static void drop(struct window *w)
{
	w->n--;
	memmove(here(w), here(w) + 1, (w->n - w->at) * sizeof(*w->event));
}

static void insert(struct window *w, const struct ukl_event *e)
{
	struct ukl_event copy = *e;

	memmove(here(w) + 1, here(w), (w->n - w->at) * sizeof(*w->event));
	w->n++;
	copy.time = here(w)->time;
	*here(w) = copy;
}

static void duplicate(struct window *w)
{
	insert(w, here(w));
}

static void swap(struct window *w)
{
	struct ukl_event *a = here(w), *b = a + 1, old = *a;

	while (b < w->event + w->n && b->cpu != a->cpu)
		b++;
	if (b == w->event + w->n)
		return;
	*a = *b;
	a->time = old.time;
	old.time = b->time;
	*b = old;
}

static void nest(struct window *w)
{
	for (size_t i = w->at; i-- > 0;) {
		const struct ukl_event *e = &w->event[i];

		if (e->cls == UKL_EV_INT_IN && e->cpu == here(w)->cpu) {
			insert(w, e);
			return;
		}
	}
}

static void one_swapgs(struct window *w)
{
	uint8_t cpu = here(w)->cpu;

	if (!argument(here(w), "swapgs"))
		return;
	for (size_t i = w->at; i < w->n; i++)
		if (w->event[i].cpu == cpu)
			add(argument(&w->event[i], "swapgs"), 1);
}

/*
 * RULES THAT CHANGE ONE EVENT
 */

static void side(struct window *w)
{
	here(w)->side = here(w)->side % (UKL_SIDES - 1) + 1;
}

static void return_address(struct window *w)
{
	uint64_t *ret = argument(here(w), "ret");

	add(ret ? ret : slot(here(w), UKL_S_ip), 3);
}

static void kernel_return(struct window *w)
{
	uint64_t *ret = argument(here(w), "ret"), *ip = slot(here(w), UKL_S_ip);

	if (ret)
		*ret = w->layout.text_start;
	else if (ip)
		*ip = w->layout.text_start;
}

static void stale_gs(struct window *w)
{
	uint64_t *gs = slot(here(w), UKL_S_gs_base), old;

	if (!gs)
		return;
	old = *gs;
	*gs = here(w)->state[UKL_S_kgs_base];
	here(w)->state[UKL_S_kgs_base] = old;
}

static void rsp_up(struct window *w)
{
	add(argument(here(w), "rsp"), 8);
}

static void rsp_down(struct window *w)
{
	add(argument(here(w), "rsp"), -8ULL);
}

static void sp_up(struct window *w)
{
	add(slot(here(w), UKL_S_sp), 8);
}

static void sp_down(struct window *w)
{
	add(slot(here(w), UKL_S_sp), -8ULL);
}

static void frame_up(struct window *w)
{
	add(argument(here(w), "frame"), 8);
}

static void frame_down(struct window *w)
{
	add(argument(here(w), "frame"), -8ULL);
}

static void mode_write(struct window *w)
{
	other_mode(argument(here(w), here(w)->cls == UKL_EV_MODE_WRITE ? "value" : "mode"));
}

static void mode(struct window *w)
{
	other_mode(slot(here(w), UKL_S_mode));
}

static void task(struct window *w)
{
	add(slot(here(w), UKL_S_task), 0x40);
}

static void other_task(struct window *w)
{
	static const char *const name[] = { "task", "prev", "child" };

	for (size_t i = 0; i < sizeof(name) / sizeof(*name); i++)
		add(argument(here(w), name[i]), 0x40);
}

static void next_task(struct window *w)
{
	add(argument(here(w), "next"), 0x40);
}

static void kernel_stack(struct window *w)
{
	add(argument(here(w), "stack"), w->layout.thread_size);
}

static void saved_if(struct window *w)
{
	flip(slot(here(w), UKL_S_flags), 1 << 9);
}

static void saved_ac(struct window *w)
{
	flip(slot(here(w), UKL_S_flags), 1 << 18);
}

static void live_if(struct window *w)
{
	flip(argument(here(w), "now"), 1 << 9);
}

static void live_ac(struct window *w)
{
	flip(argument(here(w), "now"), 1 << 18);
}

static void general_register(struct window *w)
{
	flip(slot(here(w), (unsigned int)(w->chance % 15)), 1);
}

static void result(struct window *w)
{
	flip(slot(here(w), UKL_S_ax), 1);
}

static void number(struct window *w)
{
	flip(slot(here(w), UKL_S_orig_ax), 1);
}

/* One for the other, and anything else for the first. */
static void exchange(uint64_t *word, uint64_t one, uint64_t other)
{
	if (word)
		*word = *word == one ? other : one;
}

static void selector(struct window *w)
{
	exchange(slot(here(w), UKL_S_cs), w->layout.user_cs, w->layout.kernel_cs);
}

static void mark(struct window *w)
{
	flip(slot(here(w), UKL_S_cs), ~0ULL << 16);
}

static void stack_segment(struct window *w)
{
	exchange(slot(here(w), UKL_S_ss), w->layout.user_ds, w->layout.kernel_ds);
}

static void fs_base(struct window *w)
{
	add(slot(here(w), UKL_S_fs_base), 8);
}

static void cr2(struct window *w)
{
	add(slot(here(w), UKL_S_cr2), 8);
}

static void cr3(struct window *w)
{
	add(slot(here(w), UKL_S_cr3), 0x2000);
}

static void cr4(struct window *w)
{
	uint64_t *word = slot(here(w), UKL_S_cr4);

	if (word)
		*word &= ~w->layout.cr4_pinned;
}

static void work(struct window *w)
{
	uint64_t *word = slot(here(w), UKL_S_work), bits = w->layout.exit_work;

	if (word)
		*word |= bits & -bits;
}

static void preempt(struct window *w)
{
	add(slot(here(w), UKL_S_preempt), 1);
}

static void top(struct window *w)
{
	add(slot(here(w), UKL_S_top), w->layout.thread_size);
}

static void vector(struct window *w)
{
	flip(argument(here(w), "vector"), 1);
}

static void value(struct window *w)
{
	if (here(w)->cls == UKL_EV_CTRL)
		add(argument(here(w), "value"), 0x1000);
}

static void signal_number(struct window *w)
{
	flip(argument(here(w), "sig"), 1);
}

static void address(struct window *w)
{
	add(argument(here(w), "addr"), 8);
}

static void handler(struct window *w)
{
	add(argument(here(w), "handler"), 8);
}

static void restorer(struct window *w)
{
	add(argument(here(w), "pretcode"), 8);
}

/* Not at the kernel's site, but where the application runs */
static void elsewhere(struct window *w)
{
	uint64_t *pc = argument(here(w), "pc");

	if (pc)
		*pc = w->layout.app_text_start;
}

static const struct rule rules[] = {
	{ "none", "as it was", NULL },
	{ "drop", "the event is missing", drop },
	{ "duplicate", "it is there twice", duplicate },
	{ "swap", "it changes places with the next of its CPU", swap },
	{ "nest", "the last handler is entered once more before it", nest },
	{ "swapgs", "from here on one more SWAPGS was counted", one_swapgs },
	{ "side", "another side runs before it", side },
	{ "return", "the return address is 3 too high", return_address },
	{ "return-kernel", "the return address is the kernel's", kernel_return },
	{ "stale-gs", "the GS bases are in each other's place", stale_gs },
	{ "rsp+8", "the live stack pointer is a word too high", rsp_up },
	{ "rsp-8", "... too low", rsp_down },
	{ "sp+8", "the saved stack pointer is a word too high", sp_up },
	{ "sp-8", "... too low", sp_down },
	{ "frame+8", "the pt_regs or signal frame is a word too high", frame_up },
	{ "frame-8", "... too low", frame_down },
	{ "mode-arg", "another ukl_mode is stored, switched to or born", mode_write },
	{ "mode", "ukl_mode is found to be another", mode },
	{ "current", "current is another task", task },
	{ "task", "the task concerned is another", other_task },
	{ "next", "the task switched to is another", next_task },
	{ "stack", "the kernel stack is the one above", kernel_stack },
	{ "saved-if", "IF in the frame is the other way", saved_if },
	{ "saved-ac", "AC in the frame is the other way", saved_ac },
	{ "live-if", "IF is the other way", live_if },
	{ "live-ac", "AC is the other way", live_ac },
	{ "register", "a general register is another", general_register },
	{ "result", "RAX is another", result },
	{ "number", "orig_ax is another", number },
	{ "selector", "CS is the other level's", selector },
	{ "mark", "the mark in CS is the other way", mark },
	{ "ss", "SS is the other level's", stack_segment },
	{ "fs-base", "the FS base is another", fs_base },
	{ "cr2", "CR2 is another", cr2 },
	{ "cr3", "CR3 is another", cr3 },
	{ "cr4", "CR4 has lost its pinned bits", cr4 },
	{ "work", "exit work is pending", work },
	{ "preempt", "the preemption count is one higher", preempt },
	{ "top", "top_of_stack is another's", top },
	{ "vector", "the vector is another", vector },
	{ "value", "another value is written to the register", value },
	{ "signal", "the signal is another", signal_number },
	{ "addr", "the address of the fault is another", address },
	{ "handler", "the handler is another", handler },
	{ "restorer", "the frame returns to another place", restorer },
	{ "pc", "it happens in the application's text", elsewhere },
};

#define RULES (sizeof(rules) / sizeof(*rules))

static const struct rule *rule_find(const char *name)
{
	for (size_t i = 0; i < RULES; i++)
		if (!strcmp(rules[i].name, name))
			return &rules[i];
	die(name, "there is no such rule");
	return NULL;
}

/* splitmix64: equally distributed, and the same everywhere */
static uint64_t chance(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static uint64_t number_of(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 0);

	if (*end || !*text)
		die(text, "is not a number");
	return value;
}

static struct ukl_reader *open_trace(const char *dir, struct ukl_layout *layout)
{
	struct ukl_reader *reader;
	struct ukl_error err;

	check(ukl_reader_open(&reader, dir, &err), &err);
	check(ukl_env_get_layout(ukl_reader_env(reader), layout, &err), &err);
	return reader;
}

/*
 * LIST
 */

/* N of the places seen, each as likely as any other */
struct places {
	uint64_t *event;
	uint64_t seen;
};

/* Whether the rule changes an event; w holds it behind the one before it. */
static bool applies(const struct rule *rule, const struct window *w)
{
	struct ukl_event copy[4];
	struct window try = *w;

	memcpy(copy, w->event, w->n * sizeof(*copy));
	try.event = copy;
	rule->apply(&try);
	return try.n != w->n || memcmp(copy, w->event, w->n * sizeof(*copy));
}

static void choose(struct places *p, uint64_t n, uint64_t event, uint64_t *state)
{
	uint64_t at = p->seen++;

	if (at >= n)
		at = chance(state) % p->seen;
	if (at < n)
		p->event[at] = event;
}

/* w: an interrupt, the event, and the one behind it, all on one CPU */
static void choose_rules(struct places places[RULES][UKL_CLASSES], struct window *w,
			 uint64_t n, uint64_t *state)
{
	w->chance = here(w)->order;
	for (size_t i = 1; i < RULES; i++)
		if (applies(&rules[i], w))
			choose(&places[i][here(w)->cls], n, here(w)->order, state);
}

static void print_places(struct places places[RULES][UKL_CLASSES], uint64_t n)
{
	for (size_t i = 1; i < RULES; i++)
		for (int cls = 1; cls < UKL_CLASSES; cls++)
			for (uint64_t k = 0; k < n && k < places[i][cls].seen; k++)
				printf("%s %s %" PRIu64 "\n", rules[i].name,
				       ukl_class_info[cls].name,
				       places[i][cls].event[k]);
}

static void make_room(struct places places[RULES][UKL_CLASSES], uint64_t n)
{
	for (size_t i = 0; i < RULES; i++)
		for (int cls = 0; cls < UKL_CLASSES; cls++) {
			places[i][cls].event = calloc(n, sizeof(uint64_t));
			if (!places[i][cls].event)
				die("list", "memory is short");
		}
}

static void list(const char *dir, uint64_t n, uint64_t seed)
{
	static struct places places[RULES][UKL_CLASSES];
	static struct ukl_event last[UKL_MAX_STREAMS][3];
	static bool known[UKL_MAX_STREAMS], interrupted[UKL_MAX_STREAMS];
	struct window w = { .n = 3, .at = 1 };
	struct ukl_reader *reader = open_trace(dir, &w.layout);
	const struct ukl_event *e;

	make_room(places, n);
	while ((e = ukl_reader_next(reader))) {
		w.event = last[e->cpu];
		if (e->cls == UKL_EV_END)
			continue;
		w.event[2] = *e;
		if (known[e->cpu] && interrupted[e->cpu])
			choose_rules(places, &w, n, &seed);
		known[e->cpu] = true;
		w.event[1] = *e;
		if (e->cls == UKL_EV_INT_IN) {
			interrupted[e->cpu] = true;
			w.event[0] = *e;
		}
	}
	ukl_reader_close(reader);
	print_places(places, n);
}

/*
 * MAKE
 */

/*
 * Where a piece may begin: not in the middle of a task switch, when neither task is
 * current.
 */
static bool begins(const struct ukl_event *e, uint64_t from)
{
	return !from || e->cls == UKL_EV_INT_IN || e->cls == UKL_EV_GATE_IN ||
	       e->cls == UKL_EV_USER_IN;
}

/*
 * What was written before the piece begins is part of it, since it tells LSTAR: in
 * the name of the task with which the piece begins, as there is no switch between.
 */
static bool writes_msr(const struct ukl_event *e)
{
	return e->cls == UKL_EV_CTRL && e->arg[UKL_A_CTRL_reg] >= 0xc0000080;
}

static void read_window(struct window *w, struct ukl_reader *reader, uint64_t at,
			uint64_t around)
{
	uint64_t from = at > around ? at - around : 0;
	const struct ukl_event *e;
	unsigned int writes = 0;
	bool begun = false;

	w->event = calloc(2 * around + 2 + MSR_WRITES, sizeof(*w->event));
	if (!w->event)
		die("make", "memory is short");
	while ((e = ukl_reader_next(reader)) && e->order <= at + around) {
		begun = begun || e->order == at || (e->order >= from && begins(e, from));
		if (e->cls == UKL_EV_END || (!begun && !writes_msr(e)))
			continue;
		if (!begun && ++writes > MSR_WRITES)
			die("make", "MSRs are written too often before the place");
		if (e->order == at)
			w->at = w->n;
		w->event[w->n++] = *e;
	}
	if (w->at >= w->n || here(w)->order != at)
		die("make", "the trace has no such event");
	for (unsigned int i = 0; i < writes; i++)
		w->event[i].state[UKL_S_task] = w->event[writes].state[UKL_S_task];
	w->chance = at;
}

static void write_window(const struct window *w, const char *dir,
			 const struct ukl_env *env, unsigned int streams)
{
	struct ukl_writer *writer;
	struct ukl_error err;

	check(ukl_writer_open(&writer, dir, env, streams, &err), &err);
	for (size_t i = 0; i < w->n; i++) {
		const struct ukl_event *e = &w->event[i];

		ukl_writer_event(writer, e->cpu, e->time, (enum ukl_class)e->cls,
				 (enum ukl_side)e->side, e->arg, UINT32_MAX, e->state);
	}
	check(ukl_writer_close(writer, &err), &err);
}

static void make(const char *dir, const char *out, const struct rule *rule, uint64_t at,
		 uint64_t around)
{
	struct window w = { 0 };
	struct ukl_reader *reader = open_trace(dir, &w.layout);

	read_window(&w, reader, at, around);
	if (rule->apply)
		rule->apply(&w);
	write_window(&w, out, ukl_reader_env(reader), ukl_reader_streams(reader));
	free(w.event);
	ukl_reader_close(reader);
}

int main(int argc, char **argv)
{
	const char *goal = argc > 1 ? argv[1] : "";

	if (!strcmp(goal, "rules") && argc == 2) {
		for (size_t i = 1; i < RULES; i++)
			printf("%-14s %s\n", rules[i].name, rules[i].what);
	} else if (!strcmp(goal, "list") && argc == 5) {
		list(argv[2], number_of(argv[3]), number_of(argv[4]));
	} else if (!strcmp(goal, "make") && argc == 7) {
		make(argv[2], argv[3], rule_find(argv[4]), number_of(argv[5]),
		     number_of(argv[6]));
	} else {
		fputs("usage: trace-mutate rules | list TRACE N SEED |"
		      " make TRACE OUT RULE EVENT AROUND\n", stderr);
		return 2;
	}
	return 0;
}
