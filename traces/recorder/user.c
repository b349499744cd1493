// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * user.c - one program under qemu-user: its system calls and what came of them
 *
 * No kernel is looked at.  The events are those of ring 3: USER_IN, USER_OUT, who is
 * whose child, who ends.  A task is named by its thread id; whatever is a kernel's
 * (addresses, control registers, ukl_mode) is zero.
 *
 * A stream is held by one thread at a time, of the program or of a child that it
 * forks; children share the writer and all that is below in struct common.  The end of
 * the program closes the trace: what a child does after it is not recorded, nor what a
 * task does that has executed another program, for the emulator is gone then.
 *
 * Promise: as plugin.c says.  Callbacks wait for nobody, and what two threads do at the
 * same time is in some order that could have been.
 */
#define _GNU_SOURCE		/* gettid */
#include <asm/unistd.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "recorder.h"

#ifdef HAVE_SYSCALLS

#define REGISTERS (UKL_SET_GPRS | UKL_BIT(sp) | UKL_BIT(ip) | UKL_BIT(flags) | \
		   UKL_BIT(fs_base) | UKL_BIT(gs_base))
#define RECLAIMED (-1)

/* The emulator's own answers, which no program sees: the call is made again; the
 * registers were restored by rt_sigreturn. */
#define ANSWER_RESTART   (-512)
#define ANSWER_SIGRETURN (-513)

/* A stream and who holds it. */
struct lane {
	_Atomic pid_t holder;		/* thread; 0: free */
	atomic_bool busy;		/* a callback is under way */
};

/* In memory that children share. */
static struct common {
	_Atomic uint64_t order;
	_Atomic uint64_t lost;		/* calls for which there was no stream */
	atomic_bool live;		/* as in struct recorder */
	struct lane lane[USER_STREAMS];
} *common;

static pid_t program;

/* A forked child finds its parent's here, and sees that by the thread id. */
static __thread struct {
	struct cpu io;
	pid_t tid;
	unsigned int stream;
	uint64_t birth;			/* time kept for a child's FORK */
} self;

/* --- streams --------------------------------------------------------------- */

/* A thread that was killed, alone or with its process, gave nothing back. */
static void reclaim(struct lane *lane)
{
	pid_t holder = atomic_load(&lane->holder);

	if (holder <= 0 || !kill(holder, 0) || errno != ESRCH ||
	    !atomic_compare_exchange_strong(&lane->holder, &holder, RECLAIMED))
		return;
	atomic_store(&lane->busy, false);
	atomic_store(&lane->holder, 0);
}

static bool take_free_lane(pid_t tid)
{
	for (unsigned int i = 0; i < USER_STREAMS; i++) {
		pid_t none = 0;

		if (!atomic_compare_exchange_strong(&common->lane[i].holder, &none, tid))
			continue;
		self.stream = i;
		self.tid = tid;
		return true;
	}
	return false;
}

static bool take_lane(pid_t tid)
{
	if (take_free_lane(tid))
		return true;
	for (unsigned int i = 0; i < USER_STREAMS; i++)
		reclaim(&common->lane[i]);
	return take_free_lane(tid);
}

/* --- events ---------------------------------------------------------------- */

static uint64_t now(void)
{
	return atomic_fetch_add_explicit(&common->order, 1, memory_order_relaxed);
}

static void put(uint64_t time, enum ukl_class cls, enum ukl_side side,
		const uint64_t *args, uint64_t *state)
{
	uint32_t sampled = REGISTERS | UKL_BIT(task);

	state[UKL_S_task] = (uint64_t)self.tid;
	ukl_writer_event(recorder.writer, self.stream, time, cls, side, args,
			 sampled & ukl_class_info[cls].samples, state);
}

/* Who has this stream from now on. */
static void announce(uint64_t *state)
{
	uint64_t task[UKL_MAX_ARGS] = { 0 }, to[UKL_MAX_ARGS] = { 0 };

	task[UKL_A_TASK_task] = to[UKL_A_SWITCH_next] = (uint64_t)self.tid;
	task[UKL_A_TASK_ids] = (uint64_t)getpid() << 32 | (uint32_t)self.tid;
	strncpy((char *)&task[UKL_A_TASK_comm0], recorder.program, 15);
	put(now(), UKL_EV_TASK, UKL_SIDE_KERNEL, task, state);
	put(now(), UKL_EV_SWITCH, UKL_SIDE_KERNEL, to, state);
}

static void leave(void)
{
	atomic_store_explicit(&common->lane[self.stream].busy, false,
			      memory_order_release);
}

/* With the registers in state; false: leave it be. */
static bool enter(uint64_t *state)
{
	pid_t tid = gettid();
	bool known = tid == self.tid;

	if (!known && !take_lane(tid)) {
		atomic_fetch_add(&common->lost, 1);
		return false;
	}
	atomic_store(&common->lane[self.stream].busy, true);
	if (!atomic_load(&common->live)) {
		leave();
		return false;
	}
	if (!self.io.regs)
		self.io.regs = g_byte_array_sized_new(1024);
	memset(state, 0, UKL_STATE_SLOTS * sizeof(*state));
	guest_registers(&self.io, REGISTERS, state);
	if (!known)
		announce(state);
	return true;
}

static bool makes_child(int64_t nr)
{
	return nr == __NR_clone || nr == __NR_fork || nr == __NR_vfork;
}

/* The thread's last event; another one may have its stream then. */
static void put_exit(uint64_t code, uint64_t *state)
{
	uint64_t args[UKL_MAX_ARGS] = { [UKL_A_EXIT_code] = code };

	put(now(), UKL_EV_EXIT, UKL_SIDE_KERNEL, args, state);
	leave();
	self.tid = 0;
	atomic_store(&common->lane[self.stream].holder, 0);
}

static void on_syscall(qemu_plugin_id_t id, unsigned int vcpu, int64_t nr, uint64_t a1,
		       uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6,
		       uint64_t a7, uint64_t a8)
{
	uint64_t args[UKL_MAX_ARGS] = { 0 }, state[UKL_STATE_SLOTS];

	(void)id, (void)vcpu, (void)a2, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7;
	(void)a8;
	if (!enter(state))
		return;
	put(now(), UKL_EV_USER_IN, UKL_SIDE_USER, args, state);
	if (makes_child(nr))
		self.birth = now();
	if (nr == __NR_exit || nr == __NR_exit_group)
		put_exit(a1, state);
	else
		leave();
	/*
	 * QEMU 10.0 takes back a plugin's callbacks from all CPUs at the end, in a child
	 * also from those of threads that only its parent has, and waits for their locks.
	 */
	if (nr == __NR_exit_group && getpid() != program)
		_exit((int)a1);
}

/* Its time is before all that the child has done by now. */
static void put_fork(uint64_t child, uint64_t *state)
{
	uint64_t args[UKL_MAX_ARGS] = { [UKL_A_FORK_child] = child };

	put(self.birth, UKL_EV_FORK, UKL_SIDE_KERNEL, args, state);
}

static void on_result(qemu_plugin_id_t id, unsigned int vcpu, int64_t nr, int64_t result)
{
	uint64_t args[UKL_MAX_ARGS] = { 0 }, state[UKL_STATE_SLOTS];

	(void)id, (void)vcpu;
	/* The child of a fork does not return from its parent's call, but begins. */
	if (result == ANSWER_RESTART || result == ANSWER_SIGRETURN ||
	    (makes_child(nr) && !result) || !enter(state))
		return;
	if (makes_child(nr) && result > 0)
		put_fork((uint64_t)result, state);
	state[UKL_S_ax] = (uint64_t)result;
	put(now(), UKL_EV_USER_OUT, UKL_SIDE_KERNEL, args, state);
	leave();
}

/* --- start and end --------------------------------------------------------- */

ON_VCPU(thread_started, vcpu)
{
	/* The first one, alone: what it finds is good for all. */
	if (!vcpu && guest_init_registers())
		atomic_store(&common->live, false);
}

/* Nobody begins to write any more; have those ended who did? */
static bool callbacks_ended(void)
{
	time_t deadline = time(NULL) + 2;

	for (unsigned int i = 0; i < USER_STREAMS; i++)
		while (atomic_load(&common->lane[i].busy)) {
			if (time(NULL) > deadline)
				return false;
			reclaim(&common->lane[i]);
			sched_yield();
		}
	return true;
}

/* Also called in each child. */
ON_EXIT(program_ended)
{
	struct ukl_error err;

	if (getpid() != program || !atomic_exchange(&common->live, false))
		return;
	if (!callbacks_ended()) {
		ukl_writer_abandon(recorder.writer);
		return;
	}
	ukl_writer_discard(recorder.writer, 0, atomic_load(&common->lost));
	if (ukl_writer_close(recorder.writer, &err))
		ukl_error_print(stderr, &err);
}

/* As high as the usual limit allows; far below a larger one, which costs memory. */
static int high_descriptor(void)
{
	const rlim_t usual = 1024, needed = USER_STREAMS + 2;
	struct rlimit limit = { usual, usual };

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur > usual)
		limit.rlim_cur = usual;
	return limit.rlim_cur > needed ? (int)(limit.rlim_cur - needed) : 0;
}

int user_start(qemu_plugin_id_t id, struct ukl_error *err)
{
	int ret = ukl_writer_move(recorder.writer, high_descriptor(), err);

	if (ret)
		return ret;
	common = mmap(NULL, sizeof(*common), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (common == MAP_FAILED)
		return ukl_error_set(err, UKL_ERR_NOMEM, NULL, UKL_NOWHERE,
				     "out of memory");
	program = getpid();
	atomic_store(&common->live, true);
	REGISTER_VCPU_INIT(id, thread_started);
	qemu_plugin_register_vcpu_syscall_cb(id, on_syscall);
	qemu_plugin_register_vcpu_syscall_ret_cb(id, on_result);
	qemu_plugin_register_atexit_cb(id, program_ended, NULL);
	return 0;
}

#else

int user_start(qemu_plugin_id_t id, struct ukl_error *err)
{
	(void)id;
	return ukl_error_set(err, UKL_ERR_USAGE, NULL, UKL_NOWHERE,
			     "this recorder is not for user mode; \"make qemu-user\" builds"
			     " an emulator that goes with recorder-v4.so");
}

#endif
