/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layout.h - where things are in one UKL kernel
 *
 * Everything here is read from the ELF symbols of vmlinux, which the kernel
 * patches define for this purpose; no address is typed in.  The recorder uses it
 * to place its callbacks and copies it into the trace's env block, so that a
 * trace can be judged without the vmlinux at hand.
 *
 * Thread rule: a struct ukl_layout is constant once filled.
 */
#ifndef UKL_LAYOUT_H
#define UKL_LAYOUT_H

#include <stdint.h>

/*
 *   ITEM(name, "ELF symbol", "meaning")
 *
 * The value is the symbol's value.  Each item becomes a uint64_t member here
 * and one env entry "layout_<name>", a string in hexadecimal.
 */
#define UKL_LAYOUT(ITEM) \
	ITEM(app_text_start,   "__ukl_text_start",     "application text, first byte") \
	ITEM(app_text_end,     "__ukl_text_end",       "application text, past the last byte") \
	ITEM(app_data_start,   "__ukl_data_start",     "application static data, first byte") \
	ITEM(app_data_end,     "__ukl_data_end",       "application static data, past its bss") \
	ITEM(app_entry,        "ukl__start",           "the application's entry point") \
	ITEM(gate_call,        "ukl_entry_SYSCALL_64", "gate reached by CALL") \
	ITEM(gate_jump,        "ukl_entry_SYSCALL_64_jump", \
	     "gate reached by JMP, return address in RCX, flags in R11") \
	ITEM(seam_in_start,    "__ukl_seam_in_start", \
	     "gate text before the flag says kernel, first byte") \
	ITEM(seam_in_end,      "__ukl_seam_in_end",    "past its last byte") \
	ITEM(seam_out_start,   "__ukl_seam_out_start", \
	     "return text after the flag says application, first byte") \
	ITEM(seam_out_end,     "__ukl_seam_out_end",   "past its last byte (the IRET)") \
	ITEM(text_start,       "_stext", \
	     "kernel text, first byte (application text included)") \
	ITEM(text_end,         "_etext",               "kernel text, past the last byte") \
	ITEM(kernel_idt,       "__ukl_const_kernel_idt", "address of the IDT used in kernel mode") \
	ITEM(app_idt,          "__ukl_const_app_idt", \
	     "address of the IDT used in application mode") \
	ITEM(cea_start,        "__ukl_const_cea_start", \
	     "CPU entry areas (IST and entry stacks), first byte") \
	ITEM(cea_end,          "__ukl_const_cea_end",  "past the last byte") \
	ITEM(task_size_max,    "__ukl_const_task_size_max", "end of the user half") \
	ITEM(thread_size,      "__ukl_const_thread_size", "bytes in a kernel stack") \
	ITEM(app_csx,          "__ukl_const_app_csx", \
	     "the 64-bit CS slot that marks an application frame") \
	ITEM(kernel_cs,        "__ukl_const_kernel_cs", "__KERNEL_CS") \
	ITEM(kernel_ds,        "__ukl_const_kernel_ds", "__KERNEL_DS") \
	ITEM(user_cs,          "__ukl_const_user_cs",  "__USER_CS") \
	ITEM(user32_cs,        "__ukl_const_user32_cs", "__USER32_CS") \
	ITEM(user_ds,          "__ukl_const_user_ds",  "__USER_DS") \
	ITEM(exit_work,        "__ukl_const_exit_work", \
	     "EXIT_TO_USER_MODE_WORK: thread_info.flags bits that must be clear") \
	ITEM(need_fpu_load,    "__ukl_const_need_fpu_load", "_TIF_NEED_FPU_LOAD") \
	ITEM(pf_kthread,       "__ukl_const_pf_kthread", "PF_KTHREAD") \
	ITEM(pf_io_worker,     "__ukl_const_pf_io_worker", "PF_IO_WORKER") \
	ITEM(cr4_pinned,       "__ukl_const_cr4_pinned", \
	     "CR4 bits that never change after boot (SMEP SMAP UMIP FSGSBASE)") \
	ITEM(off_task_mode,    "__ukl_off_task_mode", \
	     "offset of thread_info.ukl_mode (32 bits) in task_struct") \
	ITEM(off_task_ti_flags, "__ukl_off_task_ti_flags", "offset of thread_info.flags") \
	ITEM(off_task_ti_work, "__ukl_off_task_ti_work", "offset of thread_info.syscall_work") \
	ITEM(off_task_pf,      "__ukl_off_task_pf",    "offset of task_struct.flags (32 bits)") \
	ITEM(off_task_stack,   "__ukl_off_task_stack", "offset of task_struct.stack") \
	ITEM(off_task_pid,     "__ukl_off_task_pid",   "offset of task_struct.pid (32 bits)") \
	ITEM(off_task_tgid,    "__ukl_off_task_tgid",  "offset of task_struct.tgid (32 bits)") \
	ITEM(off_task_comm,    "__ukl_off_task_comm",  "offset of task_struct.comm (16 bytes)") \
	ITEM(pcpu_current,     "__ukl_off_pcpu_current", \
	     "per-CPU offset of current (from the GS base)") \
	ITEM(pcpu_preempt,     "__ukl_off_pcpu_preempt", \
	     "per-CPU offset of preempt_count (32 bits)") \
	ITEM(pcpu_cpu,         "__ukl_off_pcpu_cpu", \
	     "per-CPU offset of the CPU's number (32 bits)") \
	ITEM(pcpu_top,         "__ukl_off_pcpu_top",   "per-CPU offset of top_of_stack") \
	ITEM(off_ksig_handler, "__ukl_off_ksig_handler", "offset of sa_handler in ksignal") \
	ITEM(off_ksig_flags,   "__ukl_off_ksig_flags", "offset of sa_flags in ksignal") \
	ITEM(off_ksig_restorer, "__ukl_off_ksig_restorer", "offset of sa_restorer in ksignal") \
	ITEM(off_ksig_sig,     "__ukl_off_ksig_sig",   "offset of ksignal.sig (32 bits)") \
	ITEM(off_sigframe_uc,  "__ukl_off_sigframe_uc", "offset of the ucontext in rt_sigframe") \
	ITEM(off_sigframe_stack, "__ukl_off_sigframe_stack", \
	     "offset of uc_stack in rt_sigframe") \
	ITEM(off_sigframe_sc,  "__ukl_off_sigframe_sc", \
	     "offset of the sigcontext in rt_sigframe") \
	ITEM(off_sigframe_info, "__ukl_off_sigframe_info", \
	     "offset of the siginfo in rt_sigframe") \
	ITEM(sigframe_size,    "__ukl_const_sigframe_size", "bytes in an rt_sigframe") \
	ITEM(fix_eflags,       "__ukl_const_fix_eflags", \
	     "FIX_EFLAGS: the flags that sigreturn restores") \
	ITEM(off_task_cred,    "__ukl_off_task_cred",  "offset of task_struct.cred") \
	ITEM(off_cred_caps,    "__ukl_off_cred_caps",  "offset of cred.cap_effective") \
	ITEM(cap_rawio,        "__ukl_const_cap_rawio", "CAP_SYS_RAWIO as a bit of it")

struct ukl_layout {
#define UKL_LAYOUT_MEMBER(name, symbol, meaning) uint64_t name;
	UKL_LAYOUT(UKL_LAYOUT_MEMBER)
#undef UKL_LAYOUT_MEMBER
};

#endif /* UKL_LAYOUT_H */
