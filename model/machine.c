/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine.c - the state machine that a task walks: its states, and every edge there is
 *
 * step.c says what an event changes; this table says what can happen at all.  An edge
 * that a trace takes and the table lacks is a bug, of the kernel or of the table; one
 * that the table has and no run takes wants a test, or a reason here why there is none.
 *
 * Threads: constants.
 */
#include "judge.h"

#define IN(name) (1u << UKL_IN_##name)

/* C code on behalf of one program: it may sleep, and look for signals at its end. */
#define FOR_TASK (IN(SYSCALL) | IN(APP_EVENT) | IN(USER_SYSCALL) | IN(USER_EVENT) | \
		  IN(CHILD))
/* C code that interrupts and faults may hit */
#define C_CODE (FOR_TASK | IN(KTHREAD) | IN(KERNEL) | IN(KERNEL_EVENT))
/* Assembly with interrupts off: only events with a stack of their own get in. */
#define SEAMS (IN(GATE) | IN(GATE_KERNEL) | IN(SYSCALL_LEFT) | IN(RETURN) | \
	       IN(APP_STUB) | IN(APP_STUB_KERNEL) | IN(USER_STUB) | IN(KERNEL_STUB))
/* Where the next instruction is the application's or its gate's */
#define AT_APP (IN(APP) | IN(GATE))

#define ONLY(variants) (UKL_VARIANT_ALL & ~(variants))
#define CALLS_KERNEL (UKL_VARIANT_BYP | UKL_VARIANT_SHORTCUT)

#define EDGE(k, f, t) { .kind = UKL_K_##k, .from = (f), .to = (t) }
#define STAY(k, f) EDGE(k, f, 0)
/* Declared, but taken by no workload: why */
#define IDLE(k, f, t, reason) { .kind = UKL_K_##k, .from = (f), .to = (t), .idle = (reason) }
/* In these variants only */
#define EDGE_IN(variants, k, f, t) \
	{ .kind = UKL_K_##k, .from = (f), .to = (t), .not_in = ONLY(variants) }

#define IRET_FAULT "QEMU raises what a bad RIP causes behind the IRET, so that none to the" \
	" application faults"
#define NESTED "no suite has two of NMI, machine check and #DB at once"
#define INT_80 "no suite but the kernel's selftests has programs of 32 bits"

const struct ukl_edge ukl_machine[] = {
	/* A system call of the application */
	EDGE(GATE_IN, IN(APP), IN(GATE)),
	EDGE(GATE_IN, IN(GATE), IN(GATE)),	/* begun again after an event */
	EDGE(MODE_WRITE, IN(GATE), IN(GATE_KERNEL)),
	STAY(CTRL, IN(GATE_KERNEL)),		/* LIDT */
	EDGE(SYS_ENTER, IN(GATE_KERNEL), IN(SYSCALL)),
	EDGE(SYS_LEAVE, IN(SYSCALL), IN(SYSCALL_LEFT)),
	EDGE(MODE_WRITE, IN(SYSCALL_LEFT), IN(RETURN)),

	/* An interrupt or exception in the application or its gate */
	EDGE(INT_IN_APP, AT_APP, IN(APP_STUB)),
	EDGE(MODE_WRITE, IN(APP_STUB), IN(APP_STUB_KERNEL)),
	STAY(CTRL, IN(APP_STUB_KERNEL)),	/* LIDT */
	EDGE(INT_C_APP, IN(APP_STUB_KERNEL), IN(APP_EVENT)),
	EDGE(MODE_WRITE, IN(APP_EVENT), IN(RETURN)),

	/* Back to the application */
	EDGE(MODE_WRITE, IN(CHILD) | IN(USER_SYSCALL), IN(RETURN)),
	STAY(CTRL, IN(RETURN)),			/* LIDT */
	EDGE(INT_OUT_APP, IN(RETURN), AT_APP),
	EDGE_IN(UKL_VARIANT_RET, APP_IN, IN(RETURN), IN(APP)),
	STAY(APP_IN, IN(APP)),
	STAY(CTRL, IN(APP)),			/* WRFSBASE */

	/* Direct calls of kernel functions */
	EDGE_IN(CALLS_KERNEL, APP_EDGE, IN(APP), IN(KERNEL)),
	EDGE_IN(CALLS_KERNEL, APP_IN, IN(KERNEL), IN(APP)),

	/* Ring 3 */
	EDGE(USER_IN, IN(USER), IN(USER_SYSCALL)),
	EDGE(USER_OUT, IN(USER_SYSCALL), IN(USER)),
	EDGE(INT_IN_USER, IN(USER), IN(USER_STUB)),
	EDGE(INT_C_USER, IN(USER_STUB), IN(USER_EVENT)),
	EDGE(INT_OUT_USER, IN(USER_SYSCALL) | IN(USER_EVENT) | IN(CHILD), IN(USER)),
	EDGE(INT_OUT_USER, IN(SYSCALL_LEFT), IN(USER)),	/* exec of a ring-3 program */
	STAY(CTRL, IN(USER_STUB)),		/* CR3, by page table isolation */

	/* Interrupts and exceptions in the kernel */
	EDGE(INT_IN_KERNEL, C_CODE, IN(KERNEL_STUB)),
	EDGE(INT_C_KERNEL, IN(KERNEL_STUB), IN(KERNEL_EVENT)),
	EDGE(INT_OUT_KERNEL, IN(KERNEL_EVENT), C_CODE),

	/* NMI; and machine check and #DB where no flag tells what they hit */
	EDGE(INT_IN_APP, AT_APP, IN(OWN_STACK)),
	EDGE(INT_IN_KERNEL, C_CODE | SEAMS, IN(OWN_STACK)),
	IDLE(INT_IN_KERNEL, IN(OWN_STACK), IN(OWN_STACK), NESTED),
	IDLE(INT_OUT_KERNEL, IN(OWN_STACK), IN(OWN_STACK), NESTED),
	STAY(MODE_WRITE, IN(OWN_STACK)),
	STAY(CTRL, IN(OWN_STACK)),
	STAY(INT_C_KERNEL, IN(OWN_STACK)),
	STAY(INT_C_OTHER, IN(OWN_STACK)),	/* of what was the application's */
	STAY(INT_OUT_SELF, IN(OWN_STACK)),
	EDGE(INT_OUT_KERNEL, IN(OWN_STACK), C_CODE | SEAMS),
	EDGE(INT_OUT_APP, IN(OWN_STACK), AT_APP),
	/* ... before the first instruction of another entry, or at the IRET */
	EDGE(INT_IN_KERNEL, IN(APP) | IN(USER), IN(OWN_STACK)),
	EDGE(INT_IN_APP, IN(KERNEL), IN(APP_STUB)),
	EDGE(INT_IN_USER, IN(KERNEL), IN(USER_STUB)),
	EDGE(USER_IN, IN(KERNEL), IN(USER_SYSCALL)),

	/* An IRET out of the kernel that faults: the program has the fault */
	EDGE(INT_IN_KERNEL, IN(USER), IN(KERNEL_STUB)),
	STAY(CTRL, IN(KERNEL_STUB)),		/* GS base, by a double fault's entry */
	EDGE(INT_C_OTHER, IN(KERNEL_STUB), IN(USER_EVENT) | IN(KERNEL_EVENT)),
	IDLE(INT_IN_KERNEL, IN(APP), IN(KERNEL_STUB), IRET_FAULT),
	IDLE(MODE_WRITE, IN(KERNEL_STUB), IN(KERNEL_STUB), IRET_FAULT),
	IDLE(INT_C_OTHER, IN(KERNEL_STUB), IN(APP_EVENT), IRET_FAULT),

	/* Ring 3's system calls by INT 0x80, which have two C functions */
	STAY(INT_C_OTHER, IN(USER_EVENT)),
	STAY(SIG_RESTORED, IN(USER_EVENT)),
	IDLE(FORK, IN(USER_EVENT), 0, INT_80),
	IDLE(EXEC_BEGIN, IN(USER_EVENT), 0, INT_80),
	IDLE(EXEC, IN(USER_EVENT), 0, INT_80),
	IDLE(MODE_WRITE, IN(USER_EVENT), IN(USER_EVENT) | IN(RETURN), INT_80),

	/* Tasks */
	STAY(SWITCH, C_CODE),
	STAY(FORK, IN(SYSCALL) | IN(USER_SYSCALL) | IN(KTHREAD) | IN(KERNEL)),
	STAY(MODE_WRITE, IN(SYSCALL) | IN(USER_SYSCALL) | IN(CHILD) | IN(KTHREAD) |
			 IN(KERNEL)),		/* the child's; or its own, by exec */
	STAY(EXEC_BEGIN, IN(SYSCALL) | IN(USER_SYSCALL) | IN(CHILD)),
	STAY(EXEC, IN(SYSCALL) | IN(USER_SYSCALL) | IN(CHILD)),
	STAY(EXIT, FOR_TASK | IN(KTHREAD)),
	STAY(CTRL, C_CODE),			/* CR3, FS base */

	/* Signals */
	STAY(SIG_CHECK, FOR_TASK),
	STAY(SIG_SETUP, FOR_TASK),
	STAY(SIG_FRAME, FOR_TASK),
	STAY(SIG_START, FOR_TASK),
	STAY(SIG_RETURN, IN(SYSCALL) | IN(USER_SYSCALL)),
	STAY(SIG_RESTORED, IN(SYSCALL) | IN(USER_SYSCALL)),
	STAY(SIG_FORCE, IN(APP_EVENT) | IN(USER_EVENT) | IN(SYSCALL) | IN(USER_SYSCALL)),
	STAY(FIXUP, IN(KERNEL_EVENT)),
	{ .kind = UKL_K_NONE }
};

const struct ukl_idle ukl_idle[] = {
	{ "PF-no-oops", "it is judged at an oops, which no correct run has" },
	{ "IR-iret-fault", IRET_FAULT },
	{ "IS-df", "no program but apps/attack has a stack segment of 16 bits" },
	{ NULL, NULL }
};

const char *const ukl_state_name[UKL_STATES] = {
#define STATE_NAME(name, text) [UKL_IN_##name] = #name,
	UKL_MACHINE(STATE_NAME)
};

const char *const ukl_state_text[UKL_STATES] = {
#define STATE_TEXT(name, text) [UKL_IN_##name] = text,
	UKL_MACHINE(STATE_TEXT)
};

const char *const ukl_kind_id[UKL_KINDS] = {
#define KIND_ID(name, text) [UKL_K_##name] = #name,
	UKL_KINDS_TABLE(KIND_ID)
};

/*
 * Descriptions of a task, the end, and stores to what was a dead task's memory are not
 * the task's own doing; an oops is no transition.
 */
static bool moves(enum ukl_kind kind)
{
	return kind != UKL_K_NONE && !((UKL_ON(TASK) | UKL_ON(END) |
					UKL_ON(STRAY_WRITE) | UKL_ON(OOPS)) >> kind & 1);
}

static bool declares(const struct ukl_edge *e, enum ukl_state from, enum ukl_kind kind,
		     enum ukl_state to)
{
	return e->kind == kind && (e->from >> from & 1) &&
	       (e->to ? e->to >> to & 1 : from == to);
}

const struct ukl_edge *ukl_edge_find(enum ukl_state from, enum ukl_kind kind,
				     enum ukl_state to)
{
	for (const struct ukl_edge *e = ukl_machine; e->kind != UKL_K_NONE; e++) {
		if (declares(e, from, kind, to))
			return e;
	}
	return NULL;
}

bool ukl_edge_counts(enum ukl_state from, enum ukl_kind kind, enum ukl_state to)
{
	if (!moves(kind) || from == UKL_IN_UNKNOWN || to == UKL_IN_UNKNOWN)
		return false;
	/* Where no context is known, one may be open all the same. */
	return from != UKL_IN_KERNEL || ukl_edge_find(from, kind, to);
}

static uint32_t variant_bit(const char *name, size_t len)
{
	for (unsigned int i = 0; ukl_variant_name[i]; i++) {
		if (strlen(ukl_variant_name[i]) == len &&
		    !memcmp(ukl_variant_name[i], name, len))
			return 1u << i;
	}
	return 0;
}

uint32_t ukl_variant_set(const char *name)
{
	uint32_t set = 0;

	for (;; name++) {
		size_t len = strcspn(name, "+");
		uint32_t bit = variant_bit(name, len);

		set |= bit;
		if (!bit)
			return 0;
		name += len;
		if (!*name)
			return set;
	}
}
