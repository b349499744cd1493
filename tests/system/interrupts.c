// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * interrupts.c - compares what the kernel counted with what a trace holds: none lost
 *
 *   interrupts TRACE READINGS SIZE
 *
 * READINGS is what a program of ring 3 got by read(fd, buffer, SIZE) of the guest's
 * /proc/interrupts, each time the whole file by one call; SIZE is one that nobody else
 * uses, so that the trace shows when each reading began and ended.
 *
 * Both counts only grow.  So each number that was read lies between what the trace had
 * before the call and what it had after it, for each processor and each row, however
 * many interrupts came meanwhile; and if none came, the numbers are equal.  An interrupt
 * that has entered may not be counted yet: that is so until something shows that its
 * processor is past it.
 *
 * Which vector is which line's is known to the kernel alone, so lines of devices are
 * summed up.  What comes while a line is disabled or has no handler, as once at boot,
 * Linux masks, does not count, and replays: devices are compared from the first reading
 * on, all else from boot.
 *
 * Exit status: 0 all numbers fit, and in one reading at least each equals the trace's;
 * 1 not, and the differences are printed; 2 trouble.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"

#define CPUS	     8
#define MAX_READINGS 512
#define VECTORS	     256
#define FLAG_IF	     0x200
#define SYS_READ     0
#define INT80	     0x80

/* The rows that are not a device's, by Linux's asm/irq_vectors.h. */
static const struct row {
	const char *name;
	unsigned int first, last;	/* 0, 0: no interrupt of its own */
} rows[] = {
	{ "devices", 0x20, 0xea },
	{ "NMI", 2, 2 },
	{ "MCE", 18, 18 },
	{ "LOC", 0xec, 0xec },
	{ "SPU", 0xff, 0xff },
	{ "IWI", 0xf6, 0xf6 },
	{ "PLT", 0xf7, 0xf7 },
	{ "RES", 0xfd, 0xfd },
	{ "CAL", 0xfb, 0xfc },
	{ "TRM", 0xfa, 0xfa },
	{ "THR", 0xf9, 0xf9 },
	{ "DFR", 0xf4, 0xf4 },
	{ "HYP", 0xf3, 0xf3 },
	{ "PMI", 0, 0 },		/* NMIs */
	{ "RTR", 0, 0 },
	{ "TLB", 0, 0 },
	{ "MCP", 0, 0 },
	{ "ERR", 0, 0 },
	{ "MIS", 0, 0 },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

typedef uint64_t counts[CPUS][ROWS];

/* One reading: what the trace had before it and after it, and what was read. */
struct reading {
	uint64_t task;
	bool ended, read[ROWS];
	uint64_t unknown;		/* interrupts until its end that no row is for */
	counts low, high, kernel;
};

static struct reading reading[MAX_READINGS];
static unsigned int begun, parsed;	/* as many of them */
static unsigned int cpus;
static counts entered;			/* so far in the trace */
static bool uncounted[CPUS][ROWS];	/* the last to enter may not be counted yet */
static uint64_t unknown;		/* so far that no row is for */

__attribute__((format(printf, 1, 2), noreturn))
static void trouble(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("interrupts: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(2);
}

static struct reading *next_reading(unsigned int n)
{
	if (n == MAX_READINGS)
		trouble("more than %u readings; raise MAX_READINGS", MAX_READINGS);
	return &reading[n];
}

/* --- the trace ------------------------------------------------------------------------ */

static unsigned int row_of(uint64_t vector)
{
	unsigned int row = 0;

	while (row < ROWS && (vector < rows[row].first || vector > rows[row].last))
		row++;
	return row;
}

static bool is_interrupt(uint64_t vector)
{
	return vector == 2 || vector == 18 || (vector >= 0x20 && vector != INT80);
}

/*
 * Whether its processor is past the counting of what entered before.  The kernel counts
 * first of all, with interrupts off; what comes in between (an exception, an NMI) finds
 * them off and leaves them off.
 */
static bool is_past(const struct ukl_event *e)
{
	switch (e->cls) {
	case UKL_EV_INT_IN:
	case UKL_EV_INT_OUT:
		return e->state[UKL_S_flags] & FLAG_IF;
	case UKL_EV_GATE_IN:
	case UKL_EV_APP_IN:
	case UKL_EV_USER_IN:
	case UKL_EV_USER_OUT:
	case UKL_EV_SWITCH:
		return true;
	default:
		return false;
	}
}

static void enter(const struct ukl_event *e)
{
	uint64_t vector = e->arg[UKL_A_INT_IN_vector];
	unsigned int row = row_of(vector);

	if (!is_interrupt(vector))
		return;
	if (row == ROWS) {
		unknown++;
		return;
	}
	entered[e->cpu][row]++;
	uncounted[e->cpu][row] = true;
}

static void begin(const struct ukl_event *e)
{
	struct reading *r = next_reading(begun++);

	r->task = e->state[UKL_S_task];
	memcpy(r->low, entered, sizeof(entered));
	for (unsigned int cpu = 0; cpu < CPUS; cpu++)
		for (unsigned int row = 0; row < ROWS; row++)
			r->low[cpu][row] -= uncounted[cpu][row];
}

/* The reader's next system call ends its reading. */
static void system_call(const struct ukl_event *e, uint64_t size)
{
	struct reading *last = begun ? &reading[begun - 1] : NULL;

	if (last && !last->ended && last->task == e->state[UKL_S_task]) {
		memcpy(last->high, entered, sizeof(entered));
		last->unknown = unknown;
		last->ended = true;
	}
	if (e->state[UKL_S_ax] == SYS_READ && e->state[UKL_S_dx] == size)
		begin(e);
}

static void read_trace(const char *name, uint64_t size)
{
	const struct ukl_event *e;
	struct ukl_summary sum;
	struct ukl_reader *in;
	struct ukl_error err;

	if (ukl_reader_open(&in, name, &err)) {
		ukl_error_print(stderr, &err);
		exit(2);
	}
	cpus = ukl_reader_streams(in);
	if (cpus > CPUS)
		trouble("%s has %u processors; raise CPUS", name, cpus);
	while ((e = ukl_reader_next(in))) {
		if (is_past(e))
			memset(uncounted[e->cpu], 0, sizeof(uncounted[0]));
		if (e->cls == UKL_EV_INT_IN)
			enter(e);
		else if (e->cls == UKL_EV_USER_IN)
			system_call(e, size);
	}
	ukl_reader_summary(in, &sum);
	if (sum.state != UKL_TRACE_COMPLETE || sum.discarded)
		trouble("%s is not whole", name);
	ukl_reader_close(in);
}

/* --- the readings ----------------------------------------------------------------------- */

/* " 24:" is a device's. */
static unsigned int row_named(const char *name, size_t length)
{
	unsigned int row = 0;

	if (strspn(name, "0123456789") == length)
		return 0;
	while (row < ROWS && (strlen(rows[row].name) != length ||
			      strncmp(rows[row].name, name, length)))
		row++;
	return row;
}

static void parse_row(struct reading *r, const char *line)
{
	const char *name = line + strspn(line, " "), *colon = strchr(name, ':');
	unsigned int row = colon ? row_named(name, (size_t)(colon - name)) : ROWS;
	const char *p = colon;
	char *end;

	if (row == ROWS)
		trouble("a row that is not known: %s", line);
	r->read[row] = true;
	for (unsigned int cpu = 0; cpu < cpus; cpu++, p = end)
		r->kernel[cpu][row] += strtoull(p + !cpu, &end, 10);
}

static void parse_readings(const char *name)
{
	FILE *in = fopen(name, "r");
	struct reading *r = NULL;
	char *line = NULL;
	size_t room;

	if (!in)
		trouble("%s cannot be read", name);
	while (getline(&line, &room, in) > 0) {
		if (strstr(line, "CPU0"))
			r = next_reading(parsed++);
		else if (r)
			parse_row(r, line);
	}
	free(line);
	fclose(in);
}

/* --- the comparison ------------------------------------------------------------------------ */

static unsigned int failures;

/* Whether the trace has but one number that it can be; complains if it is none of them. */
static bool compare(unsigned int n, unsigned int cpu, unsigned int row)
{
	static const struct reading boot;
	const struct reading *r = &reading[n], *since = row ? &boot : &reading[0];
	uint64_t low = r->low[cpu][row] - since->high[cpu][row];
	uint64_t high = r->high[cpu][row] - since->low[cpu][row];
	uint64_t kernel = r->kernel[cpu][row] - since->kernel[cpu][row];

	if ((kernel < low || kernel > high) && since != r) {
		printf("interrupts: reading %u, processor %u: the kernel counted %" PRIu64
		       " of %s, the trace has %" PRIu64 " before and %" PRIu64 " after it\n",
		       n, cpu, kernel, rows[row].name, low, high);
		failures++;
	}
	return low == high;
}

/* Whether each number of a reading is known exactly. */
static bool compare_reading(unsigned int n)
{
	bool exact = true;

	if (!reading[n].ended)
		trouble("reading %u does not end in the trace", n);
	for (unsigned int row = 0; row < ROWS; row++) {
		if (!rows[row].last)
			continue;
		for (unsigned int cpu = 0; cpu < cpus; cpu++)
			exact &= compare(n, cpu, row);
	}
	return exact;
}

static void show_totals(const struct reading *r)
{
	uint64_t all = 0, of_row;

	for (unsigned int row = 0; row < ROWS; row++) {
		of_row = 0;
		for (unsigned int cpu = 0; cpu < cpus && rows[row].last; cpu++)
			of_row += r->kernel[cpu][row];
		if (of_row)
			printf("%s %" PRIu64 ", ", rows[row].name, of_row);
		all += of_row;
	}
	printf("in all %" PRIu64, all);
}

int main(int argc, char **argv)
{
	unsigned int exact = 0;

	if (argc != 4) {
		fputs("usage: interrupts TRACE READINGS SIZE\n", stderr);
		return 2;
	}
	read_trace(argv[1], strtoull(argv[3], NULL, 0));
	parse_readings(argv[2]);
	if (parsed < 2 || parsed != begun)
		trouble("%u readings in %s, %u in the trace", parsed, argv[2], begun);
	for (unsigned int n = 0; n < parsed; n++) {
		if (!reading[n].read[0] || !reading[n].read[row_named("LOC", 3)])
			trouble("reading %u has no devices or no timer", n);
		exact += compare_reading(n);
	}
	show_totals(&reading[parsed - 1]);
	printf("; %u readings, %u with nothing meanwhile, %u numbers differ\n", parsed, exact,
	       failures);
	if (!exact)
		puts("interrupts: none of the readings is exact");
	if (reading[parsed - 1].unknown)
		puts("interrupts: there are vectors that no row is for");
	return failures || reading[parsed - 1].unknown || !exact;
}
