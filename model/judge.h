/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge.h - the words in which invariants are written (private to the model)
 *
 * The want_*() functions compare one value and note it in the finding if it is
 * not as it should be; verdict() turns the notes into a result.  So a check reads:
 * premise (else VACUOUS), wants, verdict.
 *
 * Thread rule: pure functions of their arguments.
 */
#ifndef UKL_JUDGE_H
#define UKL_JUDGE_H

#include <string.h>

#include "model.h"

#define X86_TF   0x00000100ull
#define X86_IF   0x00000200ull
#define X86_DF   0x00000400ull
#define X86_NT   0x00004000ull
#define X86_RF   0x00010000ull
#define X86_AC   0x00040000ull
#define X86_CR4_SMAP (1ull << 21)
/* CR3's page-table base; the rest is a PCID and its hint. */
#define CR3_BASE 0x000ffffffffff000ull

/* The emulator holds these exactly at any instruction; RF has a will of its own. */
#define FLAGS_EXACT (X86_TF | X86_IF | X86_NT | X86_AC)
/* In a frame all bits are exact; bit 1 reads as one, whatever is loaded. */
#define FLAGS_FRAME (~(X86_RF | 2))

#define PT_REGS_SIZE (8ull * UKL_FRAME_SLOTS)
#define PT_REGS_IP   (8ull * UKL_S_ip)
/* x86 keeps "no reschedule needed" in the sign bit of preempt_count. */
#define PREEMPT_MASK 0x7fffffffull
/* CALL or JMP with a 32-bit displacement leads to the gate. */
#define GATE_INSN_LEN 5u
#define ENOSYS_64    ((uint64_t)-38)

#define NR_READ         0u
#define NR_WRITE        1u
#define NR_RT_SIGRETURN 15u
#define NR_CLONE        56u
#define NR_FORK         57u
#define NR_VFORK        58u
#define NR_EXECVE       59u
#define NR_PTRACE       101u
#define NR_MODIFY_LDT   154u
#define NR_ARCH_PRCTL   158u
#define NR_RESTART_SYSCALL 219u
#define NR_EXECVEAT     322u
#define NR_RSEQ         334u
#define ARCH_SET_GS_64  0x1001u
#define ARCH_SET_FS_64  0x1002u
#define CLONE_VM_64     0x100u
#define CLONE_VFORK_64  0x4000u
#define CLONE_SETTLS_64 0x80000u
#define SA_ONSTACK_64   0x08000000u
#define SA_RESTART_64   0x10000000u
#define SS_AUTODISARM_64 0x80000000u
#define SYSCALL_INSN_LEN 2u
#define VECTOR_DE       0u
#define VECTOR_DB       1u
#define VECTOR_NMI      2u
#define VECTOR_BP       3u
#define VECTOR_UD       6u
#define VECTOR_DF       8u
#define VECTOR_GP       13u
#define VECTOR_PF       14u
#define VECTOR_MF       16u
#define VECTOR_AC       17u
#define VECTOR_MC       18u
#define VECTOR_XF       19u
#define VECTOR_VC       29u
#define VECTOR_SYSCALL  0x80u
#define FIRST_IRQ       32u
/* VSYSCALL_ADDR: one fixed page, part of the ABI */
#define VSYSCALL_PAGE   0xffffffffff600000ull
#define VSYSCALL_SIZE   0x1000u

#define S(name) (UKL_S_##name)
#define ARG(CLASS, name) (v->ev->arg[UKL_A_##CLASS##_##name])

static inline bool in_range(uint64_t x, uint64_t lo, uint64_t hi)
{
	return x - lo < hi - lo;
}

static inline bool in_app_text(const struct ukl_layout *l, uint64_t ip)
{
	return in_range(ip, l->app_text_start, l->app_text_end);
}

/* The gate's first instruction may lie before the seam's first label. */
static inline bool in_seam_in(const struct ukl_layout *l, uint64_t ip)
{
	return in_range(ip, l->seam_in_start, l->seam_in_end) || ip == l->gate_call;
}

static inline bool in_seam_out(const struct ukl_layout *l, uint64_t ip)
{
	return in_range(ip, l->seam_out_start, l->seam_out_end);
}

static inline bool in_user_half(const struct ukl_layout *l, uint64_t addr)
{
	return addr < l->task_size_max;
}

static inline bool in_kernel_half(uint64_t addr)
{
	return addr >> 63;
}

static inline bool in_cea(const struct ukl_layout *l, uint64_t addr)
{
	return in_range(addr, l->cea_start, l->cea_end);
}

/* Closed above: RSP of an empty stack is its end. */
static inline bool on_task_stack(const struct ukl_view *v, uint64_t sp)
{
	return in_range(sp - 1, v->task->stack, v->task->stack + v->lay->thread_size);
}

/* Vectors that no IF and no care of the kernel's keeps from any instruction. */
static inline bool may_hit_anywhere(unsigned int vector)
{
	return vector == VECTOR_DB || vector == VECTOR_NMI || vector == VECTOR_MC;
}

/* Was the sampled per-CPU area really that of the task that runs? */
static inline bool own(const struct ukl_view *v)
{
	return v->task->addr && v->s[S(task)] == v->task->addr;
}

/*
 * The same CPU, and no other task ran there since the context was opened.  Then
 * nobody executed SWAPGS, but for the few system calls that touch segment bases.
 */
static inline bool undisturbed(const struct ukl_view *v)
{
	return v->ctx->cpu == v->ev->cpu && v->ctx->switches == v->cpu->switches;
}

/* Another task may have changed the context's registers: ptrace, modify_ldt. */
static inline bool ctx_edited(const struct ukl_view *v, const struct ukl_ctx *ctx)
{
	return ctx->edited || ctx->edit_epoch != v->edit_epoch;
}

static inline bool edited(const struct ukl_view *v)
{
	return ctx_edited(v, v->ctx);
}

/* A restartable sequence of the application's that may have been left by its abort */
static inline bool moved_on(const struct ukl_view *v)
{
	return v->task->sequences && in_app_text(v->lay, v->ctx->truth[S(ip)]) &&
	       in_app_text(v->lay, v->s[S(ip)]);
}

/*
 * Each returns how many values the finding has then.  They are given a copy, so that the
 * count of a finding that is empty, as most are, is no word in memory.
 */
__attribute__((cold, noinline))
unsigned int ukl_noted(struct ukl_finding f, const char *name, enum ukl_relation rel,
		       uint64_t expected, uint64_t limit, uint64_t found);
__attribute__((cold, noinline))
unsigned int ukl_noted_slots(struct ukl_finding f, uint32_t slots,
			     const uint64_t *expected, const uint64_t *found);

static inline void ukl_note(struct ukl_finding *f, const char *name,
			    enum ukl_relation rel, uint64_t expected, uint64_t limit,
			    uint64_t found)
{
	f->n = ukl_noted(*f, name, rel, expected, limit, found);
}

static inline void want(struct ukl_finding *f, const char *name, uint64_t expected,
			uint64_t found)
{
	if (expected != found)
		ukl_note(f, name, UKL_REL_EQ, expected, 0, found);
}

static inline void want_not(struct ukl_finding *f, const char *name, uint64_t expected,
			    uint64_t found)
{
	if (expected == found)
		ukl_note(f, name, UKL_REL_NE, expected, 0, found);
}

static inline void want_in(struct ukl_finding *f, const char *name, uint64_t lo,
			   uint64_t hi, uint64_t found)
{
	if (!in_range(found, lo, hi))
		ukl_note(f, name, UKL_REL_IN, lo, hi, found);
}

static inline void want_out(struct ukl_finding *f, const char *name, uint64_t lo,
			    uint64_t hi, uint64_t found)
{
	if (in_range(found, lo, hi))
		ukl_note(f, name, UKL_REL_OUT, lo, hi, found);
}

static inline void want_set(struct ukl_finding *f, const char *name, uint64_t bits,
			    uint64_t found)
{
	if (~found & bits)
		ukl_note(f, name, UKL_REL_SET, bits, 0, found);
}

static inline void want_clear(struct ukl_finding *f, const char *name, uint64_t bits,
			      uint64_t found)
{
	if (found & bits)
		ukl_note(f, name, UKL_REL_CLEAR, bits, 0, found);
}

/* The set is a constant, of which nothing is left but the comparisons. */
static inline __attribute__((always_inline))
void want_slots(struct ukl_finding *f, uint32_t slots, const uint64_t *expected,
		const uint64_t *found)
{
	uint64_t any = 0;

#pragma GCC unroll 32
	for (unsigned int i = 0; i < UKL_STATE_SLOTS; i++) {
		if (slots >> i & 1)
			any |= expected[i] ^ found[i];
	}
	if (any)
		f->n = ukl_noted_slots(*f, slots, expected, found);
}

static inline void want_gprs(struct ukl_finding *f, const uint64_t *expected,
			     const uint64_t *found)
{
	want_slots(f, UKL_SET_GPRS, expected, found);
}

/* RSP may be any number if the program or its debugger says so, but these it is not. */
static inline void want_no_kernel_stack(const struct ukl_view *v, struct ukl_finding *f)
{
	uint64_t stack = v->task->stack;

	want_out(f, "sp", v->lay->cea_start, v->lay->cea_end, v->s[S(sp)]);
	if (stack)
		want_out(f, "sp", stack, stack + v->lay->thread_size, v->s[S(sp)]);
}

static inline enum ukl_result verdict(const struct ukl_finding *f)
{
	return f->n ? UKL_VIOLATED : UKL_HOLDS;
}

/*
 * At the store that says application: interrupts are off and nothing is left to do.
 * With several CPUs another one may set a bit at any moment; then only IF is judged.
 */
static inline enum ukl_result no_exit_work(const struct ukl_view *v,
					   struct ukl_finding *f)
{
	want_clear(f, "flags", X86_IF, ARG(MODE_WRITE, now));
	if (own(v) && ukl_model_cpus(v->model) == 1)
		want_clear(f, "work", v->lay->exit_work & UINT32_MAX, v->s[S(work)]);
	return verdict(f);
}

/* A signal handler's start or sigreturn: other registers than before are resumed. */
static inline bool renewed(const struct ukl_view *v)
{
	return v->ctx && v->ctx->renewed;
}

/* Whose registers are in a context's pt_regs, if that is certain. */
static inline enum ukl_where whose(const struct ukl_view *v, const struct ukl_ctx *ctx)
{
	if (!ctx || ctx->exec)
		return UKL_AT_UNKNOWN;
	switch (ctx->tag) {
	case UKL_TAG_SYSCALL:
		return UKL_AT_APP;
	case UKL_TAG_USER_SYSCALL:
		return UKL_AT_USER;
	case UKL_TAG_FORK_CHILD:
		if (ctx->regs[S(cs)] & 3)
			return UKL_AT_USER;
		return ctx->regs[S(cs)] == v->lay->app_csx ? UKL_AT_APP : UKL_AT_UNKNOWN;
	}
	if (ctx->app)
		return UKL_AT_APP;
	return ctx->from == UKL_AT_USER ? UKL_AT_USER : UKL_AT_UNKNOWN;
}

/* Errors are the last page of numbers. */
#define MIN_ERROR ((uint64_t)-4095)

/* The application's static data, which may lie in the kernel half */
static inline bool in_app_data(const struct ukl_layout *l, uint64_t addr, uint64_t size)
{
	return in_range(addr, l->app_data_start, l->app_data_end) &&
	       size <= l->app_data_end - addr;
}

/* A read() or write() whose buffer is none of the caller's memory. */
static inline bool touches_kernel(const struct ukl_layout *l, const struct ukl_ctx *call)
{
	uint64_t buffer = call->truth[S(si)];
	uint32_t nr = call->truth[S(ax)];

	if ((nr != NR_READ && nr != NR_WRITE) || in_user_half(l, buffer))
		return false;
	return call->tag == UKL_TAG_USER_SYSCALL ||
	       (call->tag == UKL_TAG_SYSCALL &&
		!in_app_data(l, buffer, call->truth[S(dx)]));
}

static inline const struct ukl_ctx *ukl_bottom(const struct ukl_task *t)
{
	return t->depth ? &t->ctx[0] : NULL;
}

/* The groups, in the order of the catalogue */
#define UKL_GROUPS(GROUP, kind) \
	GROUP(se, kind) GROUP(sx, kind) GROUP(mf, kind) GROUP(st, kind) GROUP(ir, kind) \
	GROUP(pf, kind) GROUP(sg, kind) GROUP(th, kind) GROUP(as, kind) GROUP(is, kind)

enum ukl_group_number {
#define UKL_GROUP_ENUM(group, kind) UKL_GROUP_##group,
	UKL_GROUPS(UKL_GROUP_ENUM, )
#undef UKL_GROUP_ENUM
	UKL_GROUP_COUNT
};

#define UKL_GROUP_MAX 24	/* invariants of one group */

/* What has become of a group's invariants; those that did not apply are not counted. */
struct ukl_tally {
	uint64_t held[UKL_GROUP_MAX], violated[UKL_GROUP_MAX];
	unsigned int first;		/* of them, in the catalogue */
	struct ukl_model *model;
};

/* Counts and tells a violation. */
__attribute__((cold, noinline))
void ukl_violated(struct ukl_tally *t, unsigned int i, struct ukl_finding f);

static inline void ukl_tally(struct ukl_tally *t, unsigned int i, enum ukl_result result,
			     struct ukl_finding *f)
{
	if (result == UKL_HOLDS)
		t->held[i]++;
	if (result != UKL_VIOLATED)
		return;
	ukl_violated(t, i, *f);
	f->n = 0;
}

/* The groups' tables, and what each of them has to say to each kind of event: group.h */
#define UKL_GROUP_DECLARE(group, kind) extern const struct ukl_group ukl_group_##group;
UKL_GROUPS(UKL_GROUP_DECLARE, )

/* Others than the group's file call them, unless all is one file: model.c */
#ifndef UKL_JUDGE_LINKAGE
#define UKL_JUDGE_LINKAGE
#endif
#define UKL_JUDGE_DECLARE(group, kind) \
	UKL_JUDGE_LINKAGE void ukl_judge_##group##_##kind(const struct ukl_view *v, \
							  struct ukl_tally *t);
#define UKL_JUDGE_DECLARE_ALL(kind, text) UKL_GROUPS(UKL_JUDGE_DECLARE, kind)
UKL_KINDS_TABLE(UKL_JUDGE_DECLARE_ALL)

#endif /* UKL_JUDGE_H */
