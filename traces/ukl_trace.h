/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ukl_trace.h - what a UKL trace says and how its bytes lie on disk
 *
 * This header is the single source of the event vocabulary and of the file
 * format.  The recorder, the writer, the reader, the model, the CTF metadata
 * and the documentation all expand the tables below; nothing else lists events.
 *
 * THE DIRECTORY
 *
 *   A trace is a directory holding a valid CTF 1.8 trace:
 *
 *     metadata     TSDL text.  A generated "env" block, then a fixed part that
 *                  is the same for every trace of one format version.
 *     stream_N     the packets of virtual CPU N, N = 0 .. env.streams - 1.
 *     .recording   an empty file, locked with flock() by a live recorder.
 *                  (babeltrace2 ignores names that begin with a dot.)
 *     .replay      a directory with what "ukl replay" needs, if the run can be
 *                  replayed; no part of the trace's state.
 *
 *   State, decidable by anybody:
 *     recording    .recording exists and is locked;
 *     complete     .recording does not exist, every stream's last packet is
 *                  valid and has UKL_PACKET_LAST set;
 *     torn         anything else.  The good prefix is still readable.
 *
 * A PACKET   (little endian; all fields naturally aligned)
 *
 *     offset size
 *       0     4   magic              0xC1FC1FC1 (CTF)
 *       4     4   stream_id          0, the one CTF stream class
 *       8    16   uuid               the trace's, as in metadata
 *      24     8   timestamp_begin    clock of the first event
 *      32     8   timestamp_end      clock of the last event
 *      40     8   content_size       in bits, header included
 *      48     8   packet_size        in bits; equal to content_size
 *      56     8   packet_seq_num     0, 1, 2 ... in each stream, without a gap
 *      64     8   events_discarded   in this stream since its start
 *      72     4   cpu_id             N of stream_N
 *      76     4   crc32c             of the whole packet, this field zero
 *      80     4   n_events
 *      84     4   flags              UKL_PACKET_*
 *      88     .   events
 *
 *   A packet is valid if the magic, uuid, cpu_id and packet_seq_num are the
 *   expected ones, its size lies between UKL_PACKET_HEADER and UKL_PACKET_MAX
 *   and within the file, the CRC matches, and its events fill it exactly.
 *   Packets are decodable on their own.
 *
 * AN EVENT
 *
 *     offset size
 *       0     8   timestamp          see THE CLOCK
 *       8     2   id                 enum ukl_class
 *      10     1   n_state            number of words in state[]
 *      11     1   side               enum ukl_side before the event
 *      12     4   state_mask         which state slots changed; n_state bits set
 *      16   8*a   arguments          a = argument count of the class
 *       .   8*n   state[n_state]     new values, lowest slot first
 *
 *   The state vector has 32 slots of 64 bits (UKL_STATE below), all zero at the
 *   start of a packet.  An event carries only the slots whose value differs from
 *   the one that the same stream had before, so equal register files cost
 *   nothing.  Only the slots in the class's "samples" set were looked at by the
 *   recorder at this event; the others keep their older value and must not be
 *   judged.
 *
 * THE CLOCK
 *
 *   env.clock = "insn":  guest instructions begun, counted over translation
 *     blocks (deterministic runs with one virtual CPU).
 *     With env.count = "exact" they are counted one by one, less those that a fault
 *     cut short: that is QEMU's own icount, by which a replay finds the place again.
 *   env.clock = "order": a number drawn from one counter shared by all virtual
 *     CPUs, so that merging the streams by it gives the order of observation.
 *   Within a stream it never decreases.
 */
#ifndef UKL_TRACE_H
#define UKL_TRACE_H

#include <stdint.h>

#define UKL_TRACE_MAJOR    1
#define UKL_TRACE_MINOR    1

#define UKL_CTF_MAGIC      0xC1FC1FC1u
#define UKL_PACKET_HEADER  88u
#define UKL_PACKET_MAX     (64u * 1024u)	/* bytes, header included */
#define UKL_EVENT_HEADER   16u

#define UKL_PACKET_LAST    1u			/* the recorder closed the stream here */

/*
 * The state vector.  Slots 0-20 are struct pt_regs in its own order, so a
 * frame in guest memory is copied as it lies.
 *
 *   SLOT(number, name, meaning)
 */
#define UKL_STATE(SLOT) \
	SLOT(0,  r15,      "register") \
	SLOT(1,  r14,      "register") \
	SLOT(2,  r13,      "register") \
	SLOT(3,  r12,      "register") \
	SLOT(4,  bp,       "register") \
	SLOT(5,  bx,       "register") \
	SLOT(6,  r11,      "register") \
	SLOT(7,  r10,      "register") \
	SLOT(8,  r9,       "register") \
	SLOT(9,  r8,       "register") \
	SLOT(10, ax,       "register") \
	SLOT(11, cx,       "register") \
	SLOT(12, dx,       "register") \
	SLOT(13, si,       "register") \
	SLOT(14, di,       "register") \
	SLOT(15, orig_ax,  "pt_regs: system call number, error code or -1") \
	SLOT(16, ip,       "instruction pointer") \
	SLOT(17, cs,       "code segment; all 64 bits of the slot in a frame") \
	SLOT(18, flags,    "RFLAGS") \
	SLOT(19, sp,       "stack pointer") \
	SLOT(20, ss,       "stack segment") \
	SLOT(21, fs_base,  "FS base") \
	SLOT(22, gs_base,  "active GS base") \
	SLOT(23, kgs_base, "inactive GS base (MSR_KERNEL_GS_BASE)") \
	SLOT(24, cr2,      "page fault address") \
	SLOT(25, cr3,      "page table base") \
	SLOT(26, cr4,      "control register 4") \
	SLOT(27, task,     "address of current, from the per-CPU area") \
	SLOT(28, mode,     "current's ukl_mode: the kernel's own claim") \
	SLOT(29, work,     "current's thread_info.flags (low 32 bits) and " \
			   "syscall_work (high 32 bits)") \
	SLOT(30, preempt,  "per-CPU preempt_count") \
	SLOT(31, top,      "per-CPU top_of_stack of current")

enum ukl_slot {
#define UKL_SLOT_ENUM(number, name, meaning) UKL_S_##name = number,
	UKL_STATE(UKL_SLOT_ENUM)
#undef UKL_SLOT_ENUM
	UKL_STATE_SLOTS = 32,
	UKL_FRAME_SLOTS = 21		/* slots 0-20 are a struct pt_regs */
};

#define UKL_BIT(slot)   (1u << UKL_S_##slot)
#define UKL_SET_GPRS    0x00007fffu	/* r15 .. di */
#define UKL_SET_HWFRAME 0x001f0000u	/* ip cs flags sp ss */
#define UKL_SET_FRAME   0x001fffffu	/* a whole pt_regs */
#define UKL_SET_SIGCONTEXT (UKL_SET_GPRS | UKL_SET_HWFRAME)
#define UKL_SET_CPU	(UKL_BIT(fs_base) | UKL_BIT(gs_base) | UKL_BIT(kgs_base) |  \
			 UKL_BIT(cr3) | UKL_BIT(cr4))
#define UKL_SET_TASK	(UKL_BIT(task) | UKL_BIT(mode) | UKL_BIT(work) | \
			 UKL_BIT(preempt) | UKL_BIT(top))

/* Which side executes.  Decided from program counter, stack and CPL alone. */
enum ukl_side {
	UKL_SIDE_UNKNOWN = 0,
	UKL_SIDE_APP,		/* CPL 0, program counter in application text */
	UKL_SIDE_GATE,		/* CPL 0, in a seam: gate text beside the flag's flip */
	UKL_SIDE_KERNEL,	/* CPL 0, everything else */
	UKL_SIDE_USER,		/* CPL 3 */
	UKL_SIDES
};

/*
 * The events.
 *
 *   EVENT(id, NAME, "name", samples, "meaning", arguments)
 *   ARG(NAME, name, "meaning")
 *
 * "pc" is always the address of the instruction about to execute.  "now" is
 * RFLAGS as the emulator holds it at that instruction: IF, AC, NT, TF, RF are
 * exact, the condition codes and DF are not.  "rsp" is the live stack pointer.
 * "swapgs" counts the SWAPGS retired by this virtual CPU since its start.
 */
#define UKL_EVENTS(EVENT, ARG) \
	EVENT(1, GATE_IN, "gate_in", \
	      UKL_SET_GPRS | UKL_BIT(sp) | UKL_BIT(ip) | UKL_BIT(flags) | \
	      UKL_SET_CPU | UKL_SET_TASK, \
	      "the application is at the first instruction of a gate", \
	      ARG(GATE_IN, pc, "gate entry") \
	      ARG(GATE_IN, ret, "word at the top of the application stack") \
	      ARG(GATE_IN, swapgs, "count")) \
	EVENT(2, SYS_ENTER, "sys_enter", \
	      UKL_SET_FRAME | UKL_BIT(gs_base) | UKL_SET_TASK, \
	      "the gate calls do_syscall_64(); slots 0-20 are the pt_regs", \
	      ARG(SYS_ENTER, pc, "site") \
	      ARG(SYS_ENTER, frame, "address of the pt_regs") \
	      ARG(SYS_ENTER, rsp, "stack pointer") \
	      ARG(SYS_ENTER, now, "RFLAGS")) \
	EVENT(3, SYS_LEAVE, "sys_leave", \
	      UKL_SET_FRAME | UKL_BIT(gs_base) | UKL_SET_TASK, \
	      "do_syscall_64() returned to the gate; slots 0-20 are the pt_regs",  \
	      ARG(SYS_LEAVE, pc, "site") \
	      ARG(SYS_LEAVE, frame, "address of the pt_regs") \
	      ARG(SYS_LEAVE, rsp, "stack pointer") \
	      ARG(SYS_LEAVE, now, "RFLAGS")) \
	EVENT(4, MODE_WRITE, "mode_write", \
	      UKL_BIT(gs_base) | UKL_SET_TASK, \
	      "a store to a thread's ukl_mode; slot mode is the value before", \
	      ARG(MODE_WRITE, pc, "site") \
	      ARG(MODE_WRITE, task, "whose ukl_mode") \
	      ARG(MODE_WRITE, value, "the value stored") \
	      ARG(MODE_WRITE, rsp, "stack pointer") \
	      ARG(MODE_WRITE, now, "RFLAGS")) \
	EVENT(5, INT_IN, "int_in", \
	      UKL_SET_GPRS | UKL_SET_HWFRAME | UKL_SET_CPU | UKL_BIT(cr2) | \
	      UKL_SET_TASK, \
	      "first instruction of an IDT handler; slots ip..ss are the words" \
	      " that the processor pushed", \
	      ARG(INT_IN, pc, "handler") \
	      ARG(INT_IN, vector, "0-255") \
	      ARG(INT_IN, error, "error code pushed, or 0") \
	      ARG(INT_IN, rsp, "stack pointer; the pushed words start here") \
	      ARG(INT_IN, swapgs, "count")) \
	EVENT(6, INT_C, "int_c", \
	      UKL_SET_FRAME | UKL_BIT(gs_base) | UKL_BIT(cr2) | UKL_SET_TASK, \
	      "the C handler of an interrupt or exception is entered; slots 0-20"  \
	      " are the pt_regs that it was given", \
	      ARG(INT_C, pc, "handler") \
	      ARG(INT_C, frame, "address of the pt_regs") \
	      ARG(INT_C, rsp, "stack pointer") \
	      ARG(INT_C, now, "RFLAGS")) \
	EVENT(7, INT_OUT, "int_out", \
	      UKL_SET_GPRS | UKL_SET_HWFRAME | UKL_SET_CPU | UKL_SET_TASK, \
	      "an IRET in the kernel; slots ip..ss are the words it will pop", \
	      ARG(INT_OUT, pc, "the IRET") \
	      ARG(INT_OUT, rsp, "stack pointer; the words to pop start here") \
	      ARG(INT_OUT, now, "RFLAGS") \
	      ARG(INT_OUT, swapgs, "count")) \
	EVENT(8, APP_IN, "app_in", \
	      UKL_SET_GPRS | UKL_BIT(sp) | UKL_BIT(ip) | UKL_BIT(flags) | \
	      UKL_SET_CPU | UKL_SET_TASK, \
	      "first application instruction after anything else; the flags'" \
	      " condition codes and DF are not exact", \
	      ARG(APP_IN, pc, "instruction") \
	      ARG(APP_IN, swapgs, "count")) \
	EVENT(9, APP_EDGE, "app_edge", \
	      UKL_BIT(sp) | UKL_SET_TASK, \
	      "application text branches to kernel text that is not a gate", \
	      ARG(APP_EDGE, pc, "the branch") \
	      ARG(APP_EDGE, target, "where to")) \
	EVENT(10, USER_IN, "user_in", \
	      UKL_SET_GPRS | UKL_BIT(sp) | UKL_BIT(ip) | UKL_BIT(flags) | \
	      UKL_SET_CPU | UKL_SET_TASK, \
	      "SYSCALL or SYSENTER from ring 3 reached the kernel;" \
	      " ip and flags are the caller's", \
	      ARG(USER_IN, pc, "entry") \
	      ARG(USER_IN, swapgs, "count")) \
	EVENT(11, USER_OUT, "user_out", \
	      UKL_SET_GPRS | UKL_BIT(sp) | UKL_BIT(ip) | UKL_BIT(flags) | \
	      UKL_SET_CPU, \
	      "SYSRET or SYSEXIT; ip and flags are what it will load", \
	      ARG(USER_OUT, pc, "the instruction") \
	      ARG(USER_OUT, swapgs, "count")) \
	EVENT(12, SWITCH, "switch", \
	      UKL_BIT(fs_base) | UKL_BIT(gs_base) | UKL_BIT(kgs_base) | \
	      UKL_BIT(cr3), \
	      "__switch_to(prev, next)", \
	      ARG(SWITCH, pc, "instruction") \
	      ARG(SWITCH, prev, "task") \
	      ARG(SWITCH, next, "task") \
	      ARG(SWITCH, mode, "next's ukl_mode") \
	      ARG(SWITCH, stack, "lowest address of next's kernel stack") \
	      ARG(SWITCH, rsp, "stack pointer")) \
	EVENT(13, TASK, "task", \
	      0, \
	      "who a task is; comes before the first SWITCH to it and after" \
	      " each of its EXECs", \
	      ARG(TASK, task, "address") \
	      ARG(TASK, ids, "pid in the low, tgid in the high 32 bits") \
	      ARG(TASK, stack, "lowest address of its kernel stack") \
	      ARG(TASK, comm0, "first eight bytes of comm") \
	      ARG(TASK, comm1, "last eight bytes of comm")) \
	EVENT(14, FORK, "fork", \
	      UKL_SET_FRAME | UKL_SET_TASK, \
	      "wake_up_new_task(child); slots 0-20 are the child's pt_regs", \
	      ARG(FORK, pc, "instruction") \
	      ARG(FORK, child, "task") \
	      ARG(FORK, mode, "child's ukl_mode") \
	      ARG(FORK, pf, "child's task_struct.flags (PF_*)") \
	      ARG(FORK, stack, "lowest address of the child's kernel stack")) \
	EVENT(15, EXEC, "exec", \
	      UKL_SET_CPU | UKL_SET_TASK, \
	      "finalize_exec(): the new image is in place", \
	      ARG(EXEC, pc, "instruction") \
	      ARG(EXEC, bprm, "address of the linux_binprm")) \
	EVENT(16, EXIT, "exit", \
	      UKL_SET_TASK, \
	      "do_exit(code)", \
	      ARG(EXIT, pc, "instruction") \
	      ARG(EXIT, code, "exit code")) \
	EVENT(17, CTRL, "ctrl", \
	      UKL_BIT(gs_base) | UKL_BIT(task) | UKL_BIT(mode), \
	      "a write to a control register, to an MSR that matters or to the" \
	      " IDTR", \
	      ARG(CTRL, pc, "the instruction") \
	      ARG(CTRL, reg, "enum ukl_ctrl, or the MSR's number") \
	      ARG(CTRL, value, "the value to be written")) \
	EVENT(18, STRAY_WRITE, "stray_write", \
	      UKL_SET_TASK, \
	      "a store to some thread's ukl_mode by an instruction that the" \
	      " kernel does not declare (only with writers=prove)", \
	      ARG(STRAY_WRITE, pc, "the instruction") \
	      ARG(STRAY_WRITE, task, "whose ukl_mode") \
	      ARG(STRAY_WRITE, value, "the value stored")) \
	EVENT(19, END, "end", \
	      0, \
	      "the recorder closed the stream", \
	      ARG(END, events, "written to this stream before this one") \
	      ARG(END, discarded, "events lost on this stream")) \
	EVENT(20, SIG_SETUP, "sig_setup", \
	      UKL_SET_FRAME | UKL_SET_TASK, \
	      "x64_setup_rt_frame(): a signal's frame is about to be built;" \
	      " slots 0-20 are the pt_regs that it is to save", \
	      ARG(SIG_SETUP, pc, "instruction") \
	      ARG(SIG_SETUP, frame, "address of the pt_regs") \
	      ARG(SIG_SETUP, sig, "the signal") \
	      ARG(SIG_SETUP, flags, "sa_flags")) \
	EVENT(21, SIG_FRAME, "sig_frame", \
	      UKL_SET_SIGCONTEXT, \
	      "a signal's frame as it lies in user memory, complete; the slots" \
	      " are the words of its sigcontext", \
	      ARG(SIG_FRAME, pc, "instruction") \
	      ARG(SIG_FRAME, frame, "its lowest address") \
	      ARG(SIG_FRAME, pretcode, "the word there, where the handler returns to") \
	      ARG(SIG_FRAME, restorer, "sa_restorer") \
	      ARG(SIG_FRAME, flags, "sa_flags") \
	      ARG(SIG_FRAME, stack, "alternate stack: its lowest address") \
	      ARG(SIG_FRAME, stack_size, "alternate stack: bytes, 0 if there is none") \
	      ARG(SIG_FRAME, stack_flags, "alternate stack: SS_*") \
	      ARG(SIG_FRAME, trapno, "vector of the last fault that was signalled") \
	      ARG(SIG_FRAME, err, "error code of that fault") \
	      ARG(SIG_FRAME, cr2, "address of that fault") \
	      ARG(SIG_FRAME, fpstate, "address of the floating point state")) \
	EVENT(22, SIG_START, "sig_start", \
	      UKL_SET_FRAME | UKL_SET_TASK, \
	      "signal_setup_done(); slots 0-20 are the pt_regs with which the" \
	      " handler is to start", \
	      ARG(SIG_START, pc, "instruction") \
	      ARG(SIG_START, frame, "address of the pt_regs") \
	      ARG(SIG_START, sig, "the signal") \
	      ARG(SIG_START, handler, "sa_handler") \
	      ARG(SIG_START, failed, "not 0: the frame could not be built")) \
	EVENT(23, SIG_RETURN, "sig_return", \
	      UKL_SET_SIGCONTEXT, \
	      "rt_sigreturn(); the slots are the words of the sigcontext that" \
	      " the caller's stack pointer leads to", \
	      ARG(SIG_RETURN, pc, "instruction") \
	      ARG(SIG_RETURN, frame, "lowest address of the signal's frame")) \
	EVENT(24, SIG_RESTORED, "sig_restored", \
	      UKL_SET_FRAME | UKL_SET_TASK, \
	      "fpu__restore_sig(): rt_sigreturn has restored the general" \
	      " registers; slots 0-20 are the pt_regs", \
	      ARG(SIG_RESTORED, pc, "instruction") \
	      ARG(SIG_RESTORED, frame, "address of the pt_regs") \
	      ARG(SIG_RESTORED, ia32, "not 0: the frame is a 32-bit one")) \
	EVENT(25, SIG_FORCE, "sig_force", \
	      UKL_SET_TASK, \
	      "force_sig_fault(): a fault becomes a signal", \
	      ARG(SIG_FORCE, pc, "instruction") \
	      ARG(SIG_FORCE, sig, "the signal") \
	      ARG(SIG_FORCE, code, "si_code") \
	      ARG(SIG_FORCE, addr, "si_addr")) \
	EVENT(26, FIXUP, "fixup", \
	      UKL_SET_FRAME | UKL_SET_TASK, \
	      "fixup_exception(): is there an exception table entry? slots 0-20" \
	      " are the pt_regs", \
	      ARG(FIXUP, pc, "instruction") \
	      ARG(FIXUP, frame, "address of the pt_regs") \
	      ARG(FIXUP, vector, "of the exception") \
	      ARG(FIXUP, addr, "the address that faulted")) \
	EVENT(27, EXEC_BEGIN, "exec_begin", \
	      UKL_SET_TASK, \
	      "begin_new_exec(): all is permitted and prepared, the old image goes", \
	      ARG(EXEC_BEGIN, pc, "instruction") \
	      ARG(EXEC_BEGIN, bprm, "address of the linux_binprm") \
	      ARG(EXEC_BEGIN, caps, "the caller's effective capabilities")) \
	EVENT(28, OOPS, "oops", \
	      UKL_SET_TASK, \
	      "oops_enter(): the kernel found itself wrong", \
	      ARG(OOPS, pc, "instruction")) \
	EVENT(29, SIG_CHECK, "sig_check", \
	      UKL_SET_FRAME | UKL_SET_TASK, \
	      "arch_do_signal_or_restart(): exit work looks for signals; slots" \
	      " 0-20 are the pt_regs", \
	      ARG(SIG_CHECK, pc, "instruction") \
	      ARG(SIG_CHECK, frame, "address of the pt_regs"))

#define UKL_MAX_ARGS 12

/* SDM: CRn are numbered as named; MSRs keep their architectural number. */
enum ukl_ctrl {
	UKL_CTRL_CR0 = 0, UKL_CTRL_CR2 = 2, UKL_CTRL_CR3 = 3, UKL_CTRL_CR4 = 4,
	UKL_CTRL_IDTR = 16,
	UKL_CTRL_FSBASE = 17,		/* WRFSBASE */
	UKL_CTRL_GSBASE = 18,		/* WRGSBASE */
	/* from 0xc0000080 up: MSR numbers */
};

enum ukl_class {
	UKL_EV_UNKNOWN = 0,
#define UKL_CLASS_ENUM(id, NAME, name, samples, meaning, args) UKL_EV_##NAME = id,
#define UKL_ARG_NONE(NAME, name, meaning)
	UKL_EVENTS(UKL_CLASS_ENUM, UKL_ARG_NONE)
#undef UKL_CLASS_ENUM
#undef UKL_ARG_NONE
	UKL_CLASSES
};

/* Argument positions, UKL_A_GATE_IN_pc and so on; UKL_NARGS_GATE_IN is their count. */
#define UKL_ARG_CLASS(id, NAME, name, samples, meaning, args) enum { args UKL_NARGS_##NAME };
#define UKL_ARG_ENUM(NAME, name, meaning) UKL_A_##NAME##_##name,
UKL_EVENTS(UKL_ARG_CLASS, UKL_ARG_ENUM)
#undef UKL_ARG_CLASS
#undef UKL_ARG_ENUM

/* One event, decoded: what the reader yields and what the model consumes. */
struct ukl_event {
	uint64_t time;				/* THE CLOCK */
	uint64_t order;				/* position in the merged trace, from 0 */
	uint16_t cls;				/* enum ukl_class */
	uint8_t side;				/* enum ukl_side, the recorder's view */
	uint8_t cpu;				/* virtual CPU */
	uint32_t changed;			/* slots this event changed */
	uint64_t arg[UKL_MAX_ARGS];		/* in the order of the table */
	uint64_t state[UKL_STATE_SLOTS];	/* this CPU's vector after the event */
};

#endif /* UKL_TRACE_H */
