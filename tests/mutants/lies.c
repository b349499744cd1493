// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lies.c - the small lies that are told in traces, by rule; see lies.h
 */
#include <string.h>

#include "../../traces/vocabulary.h"
#include "lies.h"

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

const struct lie lies[] = {
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
	{ NULL, NULL, NULL }
};

bool lie_applies(const struct lie *lie, const struct window *w)
{
	struct ukl_event copy[4];
	struct window try = *w;

	memcpy(copy, w->event, w->n * sizeof(*copy));
	try.event = copy;
	lie->apply(&try);
	return try.n != w->n || memcmp(copy, w->event, w->n * sizeof(*copy));
}

const struct lie *lie_find(const char *name)
{
	for (const struct lie *lie = lies; lie->name; lie++)
		if (!strcmp(lie->name, name))
			return lie;
	return NULL;
}

uint64_t lie_chance(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}
