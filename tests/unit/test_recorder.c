/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_recorder.c - the recorder in a host that only looks like QEMU
 *
 * This program exports the functions of the plugin interface, version 4, loads
 * recorder-v4.so and plays instructions to it; the trace is then read back.  What
 * a real kernel does once in a million system calls is here done on purpose.  The
 * program is its own vmlinux: the symbols are absolute ones, defined below.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RECORDER_API 4
#include "../../traces/recorder/qemu_api.h"
#include "../../traces/vocabulary.h"
#include "unit.h"

/* --- the kernel ---------------------------------------------------------- */

#define PLACES(PLACE) \
	PLACE(AT,         "__ukl_text_start",         0xffffffff81800000) \
	PLACE(AT_END,     "__ukl_text_end",           0xffffffff81801000) \
	PLACE(AD,         "__ukl_data_start",         0x400000) \
	PLACE(AD_END,     "__ukl_data_end",           0x401000) \
	PLACE(ENTRY,      "ukl__start",               0xffffffff81800000) \
	PLACE(CALL,       "ukl_entry_SYSCALL_64",     0xffffffff81600150) \
	PLACE(JUMP,       "ukl_entry_SYSCALL_64_jump", 0xffffffff81600154) \
	PLACE(SEAM_IN,    "__ukl_seam_in_start",      0xffffffff81600150) \
	PLACE(SET1,       "ukl_site.mode_write.1",    0xffffffff816001c3) \
	PLACE(SEAM_IN_E,  "__ukl_seam_in_end",        0xffffffff816001ca) \
	PLACE(ENTER,      "ukl_site.sys_enter.1",     0xffffffff816001d0) \
	PLACE(LEAVE,      "ukl_site.sys_leave.1",     0xffffffff816001d5) \
	PLACE(SET2,       "ukl_site.mode_write.2",    0xffffffff81601072) \
	PLACE(SEAM_OUT,   "__ukl_seam_out_start",     0xffffffff81601079) \
	PLACE(SEAM_OUT_E, "__ukl_seam_out_end",       0xffffffff81601087) \
	PLACE(TEXT,       "_stext",                   0xffffffff81000000) \
	PLACE(TEXT_END,   "_etext",                   0xffffffff81900000) \
	PLACE(PF,         "asm_exc_page_fault",       0xffffffff81600b00) \
	PLACE(PF_C,       "exc_page_fault",           0xffffffff81475000) \
	PLACE(TIMER,      "asm_sysvec_apic_timer_interrupt", 0xffffffff81600cb0) \
	PLACE(SWITCH,     "__switch_to",              0xffffffff8101a730) \
	PLACE(FORK,       "wake_up_new_task",         0xffffffff8108ba90) \
	PLACE(EXIT,       "do_exit",                  0xffffffff8105d410) \
	PLACE(SYSCALL,    "entry_SYSCALL_64",         0xffffffff81600040) \
	PLACE(ENTRY_S,    "__entry_text_start",       0xffffffff81600000) \
	PLACE(ENTRY_E,    "__entry_text_end",         0xffffffff81602000) \
	PLACE(IDT,        "__ukl_const_kernel_idt",   0xfffffe0000000000) \
	PLACE(APP_IDT,    "__ukl_const_app_idt",      0xffffffff81f9d000) \
	PLACE(CEA,        "__ukl_const_cea_start",    0xfffffe0000000000) \
	PLACE(CEA_E,      "__ukl_const_cea_end",      0xfffffe8000000000) \
	PLACE(USER_MAX,   "__ukl_const_task_size_max", 0x7ffffffff000) \
	PLACE(STACK,      "__ukl_const_thread_size",  0x4000) \
	PLACE(CSX,        "__ukl_const_app_csx",      0xffffffffffff0010) \
	PLACE(KCS,        "__ukl_const_kernel_cs",    0x10) \
	PLACE(KDS,        "__ukl_const_kernel_ds",    0x18) \
	PLACE(UCS,        "__ukl_const_user_cs",      0x33) \
	PLACE(U32CS,      "__ukl_const_user32_cs",    0x23) \
	PLACE(UDS,        "__ukl_const_user_ds",      0x2b) \
	PLACE(WORK,       "__ukl_const_exit_work",    0) \
	PLACE(FPU,        "__ukl_const_need_fpu_load", 0x4000) \
	PLACE(KTHREAD,    "__ukl_const_pf_kthread",   0x200000) \
	PLACE(IO_WORKER,  "__ukl_const_pf_io_worker", 0x10) \
	PLACE(PINNED,     "__ukl_const_cr4_pinned",   0x310800) \
	PLACE(T_FLAGS,    "__ukl_off_task_ti_flags",  0) \
	PLACE(T_WORK,     "__ukl_off_task_ti_work",   8) \
	PLACE(T_MODE,     "__ukl_off_task_mode",      0x18) \
	PLACE(T_STACK,    "__ukl_off_task_stack",     0x20) \
	PLACE(T_PF,       "__ukl_off_task_pf",        0x2c) \
	PLACE(T_PID,      "__ukl_off_task_pid",       0x3f0) \
	PLACE(T_TGID,     "__ukl_off_task_tgid",      0x3f4) \
	PLACE(T_COMM,     "__ukl_off_task_comm",      0x5d0) \
	PLACE(P_CURRENT,  "__ukl_off_pcpu_current",   0x980) \
	PLACE(P_PREEMPT,  "__ukl_off_pcpu_preempt",   0x988) \
	PLACE(P_CPU,      "__ukl_off_pcpu_cpu",       0x98c) \
	PLACE(P_TOP,      "__ukl_off_pcpu_top",       0x990) \
	PLACE(K_HANDLER,  "__ukl_off_ksig_handler",   0) \
	PLACE(K_FLAGS,    "__ukl_off_ksig_flags",     8) \
	PLACE(K_RESTORER, "__ukl_off_ksig_restorer",  0x10) \
	PLACE(K_SIG,      "__ukl_off_ksig_sig",       0x50) \
	PLACE(F_UC,       "__ukl_off_sigframe_uc",    8) \
	PLACE(F_STACK,    "__ukl_off_sigframe_stack", 0x18) \
	PLACE(F_SC,       "__ukl_off_sigframe_sc",    0x30) \
	PLACE(F_INFO,     "__ukl_off_sigframe_info",  0x138) \
	PLACE(F_SIZE,     "__ukl_const_sigframe_size", 0x1b8) \
	PLACE(EFLAGS,     "__ukl_const_fix_eflags",   0x50dd5) \
	PLACE(T_CRED,     "__ukl_off_task_cred",      0x600) \
	PLACE(C_CAPS,     "__ukl_off_cred_caps",      0x38) \
	PLACE(RAWIO,      "__ukl_const_cap_rawio",    0x20000) \
	PLACE(SIG_CHECK,  "arch_do_signal_or_restart", 0xffffffff8101b150) \
	PLACE(SIG_SETUP,  "x64_setup_rt_frame",       0xffffffff8101b710) \
	PLACE(SIG_DONE,   "signal_setup_done",        0xffffffff8106b5e0) \
	PLACE(SIG_RETURN, "__x64_sys_rt_sigreturn",   0xffffffff8101ba30) \
	PLACE(RESTORE_FP, "fpu__restore_sig",         0xffffffff810285e0) \
	PLACE(FORCE,      "force_sig_fault",          0xffffffff8106af80) \
	PLACE(FIXUP,      "fixup_exception",          0xffffffff8104ca70) \
	PLACE(NEW_EXEC,   "begin_new_exec",           0xffffffff8119dff0) \
	PLACE(OOPS,       "oops_enter",               0xffffffff8105a170)

#define TEXT_(x) #x
#define DEFINE(name, symbol, value) \
	__asm__(".globl " symbol "\n\t.set " symbol ", " TEXT_(value));
PLACES(DEFINE)
#define CONSTANT(name, symbol, value) \
	__attribute__((unused)) static const uint64_t name = value;
PLACES(CONSTANT)

#define MAX_CPUS   4u
#define GS(cpu)    (0xffff888010000000ull + 0x10000 * (cpu))
#define TASK(n)    (0xffff888020000000ull + 0x1000 * (n))
#define KSTACK(n)  (0xffffc90000000000ull + 0x8000 * (n))
#define USER_STACK 0x7ffe00001000ull
#define MIDDLE     (CALL + 2)		/* between the two gates */

/* --- memory and registers ------------------------------------------------ */

#define PAGE    4096u
#define N_PAGES 64u

static struct page {
	uint64_t vaddr;
	uint8_t data[PAGE];
} pages[N_PAGES];
static unsigned int n_pages;

static uint8_t *page_of(uint64_t vaddr, bool make)
{
	for (unsigned int i = 0; i < n_pages; i++)
		if (pages[i].vaddr == vaddr / PAGE)
			return pages[i].data;
	if (!make || n_pages == N_PAGES)
		return NULL;
	pages[n_pages].vaddr = vaddr / PAGE;
	return pages[n_pages++].data;
}

static void poke(uint64_t vaddr, uint64_t value, size_t len)
{
	memcpy(page_of(vaddr, true) + vaddr % PAGE, &value, len);
}

static const char *const register_names[] = {
	"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp",
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
	"rip", "eflags", "cs", "ss", "fs_base", "gs_base", "k_gs_base",
	"cr2", "cr3", "cr4",
};
#define N_REGISTERS (sizeof(register_names) / sizeof(register_names[0]))

struct vcpu {
	unsigned int index;
	uint64_t reg[N_REGISTERS];
};

static struct vcpu vcpus[MAX_CPUS];
static __thread struct vcpu *current;
static __thread struct {
	unsigned int shift;
	uint64_t value;
} access_;

static void set(struct vcpu *c, const char *name, uint64_t value)
{
	for (size_t i = 0; i < N_REGISTERS; i++)
		if (!strcmp(register_names[i], name))
			c->reg[i] = value;
}

static void set_task(struct vcpu *c, unsigned int n, uint32_t mode)
{
	poke(GS(c->index) + P_CURRENT, TASK(n), 8);
	poke(GS(c->index) + P_CPU, c->index, 4);
	poke(GS(c->index) + P_TOP, KSTACK(n) + STACK, 8);
	poke(TASK(n) + T_MODE, mode, 4);
	poke(TASK(n) + T_STACK, KSTACK(n), 8);
	poke(TASK(n) + T_PID, n, 4);
	poke(TASK(n) + T_TGID, n, 4);
}

static void frame_at(uint64_t rsp, uint64_t ip, uint64_t cs)
{
	const uint64_t words[] = { ip, cs, 0x202, USER_STACK, cs == KCS ? KDS : UDS };

	for (int i = 0; i < 5; i++)
		poke(rsp + 8u * (unsigned int)i, words[i], 8);
}

/* --- the plugin interface ------------------------------------------------ */

struct callback {
	qemu_plugin_exec_cb exec;
	qemu_plugin_mem_cb mem;
	enum qemu_plugin_mem_rw rw;
	void *data;
};

struct qemu_plugin_insn {
	uint64_t pc;
	uint8_t bytes[15];
	size_t len;
	struct callback cb[8];
	unsigned int n;
	qemu_plugin_u64 count;
	uint64_t add;
};

/* A block of one instruction. */
struct qemu_plugin_tb {
	struct qemu_plugin_insn insn;
	qemu_plugin_u64 count, condition;
	uint64_t add, imm;
	struct callback block;
};

struct qemu_plugin_scoreboard {
	uint64_t entry[MAX_CPUS][8];
};

static struct qemu_plugin_scoreboard board;
static void (*on_vcpu)(qemu_plugin_id_t, unsigned int);
static void (*on_tb)(qemu_plugin_id_t, struct qemu_plugin_tb *);
static void (*on_exit_)(qemu_plugin_id_t, void *);

#define API __attribute__((visibility("default")))

API void qemu_plugin_register_vcpu_init_cb(qemu_plugin_id_t id,
					   void (*cb)(qemu_plugin_id_t, unsigned int))
{
	(void)id;
	on_vcpu = cb;
}

API void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					       void (*cb)(qemu_plugin_id_t,
							  struct qemu_plugin_tb *))
{
	(void)id;
	on_tb = cb;
}

API void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id,
					void (*cb)(qemu_plugin_id_t, void *),
					void *data)
{
	(void)id;
	(void)data;
	on_exit_ = cb;
}

static void (*on_syscall)(qemu_plugin_id_t, unsigned int, int64_t, uint64_t, uint64_t,
			  uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
static void (*on_result)(qemu_plugin_id_t, unsigned int, int64_t, int64_t);

API void qemu_plugin_register_vcpu_syscall_cb(
	qemu_plugin_id_t id,
	void (*cb)(qemu_plugin_id_t, unsigned int, int64_t, uint64_t, uint64_t, uint64_t,
		   uint64_t, uint64_t, uint64_t, uint64_t, uint64_t))
{
	(void)id;
	on_syscall = cb;
}

API void qemu_plugin_register_vcpu_syscall_ret_cb(
	qemu_plugin_id_t id,
	void (*cb)(qemu_plugin_id_t, unsigned int, int64_t, int64_t))
{
	(void)id;
	on_result = cb;
}

API size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb)
{
	(void)tb;
	return 1;
}

API struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb,
						     size_t i)
{
	(void)i;
	return (struct qemu_plugin_insn *)&tb->insn;
}

API size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to,
				 size_t n)
{
	n = n < insn->len ? n : insn->len;
	memcpy(to, insn->bytes, n);
	return n;
}

API uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn)
{
	return insn->pc;
}

API void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn)
{
	(void)insn;
	return NULL;
}

API void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					      qemu_plugin_exec_cb cb,
					      enum qemu_plugin_cb_flags flags,
					      void *data)
{
	(void)flags;
	tb->block = (struct callback){ .exec = cb, .data = data };
	tb->condition.score = NULL;
}

API void qemu_plugin_register_vcpu_tb_exec_cond_cb(struct qemu_plugin_tb *tb,
						   qemu_plugin_exec_cb cb,
						   enum qemu_plugin_cb_flags flags,
						   enum qemu_plugin_cond cond,
						   qemu_plugin_u64 entry, uint64_t imm,
						   void *data)
{
	(void)flags;
	(void)cond;
	tb->block = (struct callback){ .exec = cb, .data = data };
	tb->condition = entry;
	tb->imm = imm;
}

API void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(struct qemu_plugin_tb *tb,
							   enum qemu_plugin_op op,
							   qemu_plugin_u64 entry,
							   uint64_t imm)
{
	(void)op;
	tb->count = entry;
	tb->add = imm;
}

API void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
	struct qemu_plugin_insn *insn, enum qemu_plugin_op op, qemu_plugin_u64 entry,
	uint64_t imm)
{
	(void)op;
	insn->count = entry;
	insn->add = imm;
}

API void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
						qemu_plugin_exec_cb cb,
						enum qemu_plugin_cb_flags flags,
						void *data)
{
	(void)flags;
	insn->cb[insn->n++] = (struct callback){ .exec = cb, .data = data };
}

API void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
					  qemu_plugin_mem_cb cb,
					  enum qemu_plugin_cb_flags flags,
					  enum qemu_plugin_mem_rw rw, void *data)
{
	(void)flags;
	insn->cb[insn->n++] = (struct callback){ .mem = cb, .rw = rw, .data = data };
}

API unsigned int qemu_plugin_mem_size_shift(qemu_plugin_meminfo_t info)
{
	(void)info;
	return access_.shift;
}

API qemu_plugin_mem_value qemu_plugin_mem_get_value(qemu_plugin_meminfo_t info)
{
	qemu_plugin_mem_value value = { .type = access_.shift };

	(void)info;
	value.data.u64 = access_.value;
	return value;
}

API GArray *qemu_plugin_get_registers(void)
{
	GArray *array = malloc(sizeof(*array));
	qemu_plugin_reg_descriptor *d = calloc(N_REGISTERS, sizeof(*d));

	for (size_t i = 0; i < N_REGISTERS; i++) {
		d[i].handle = (struct qemu_plugin_register *)(i + 1);
		d[i].name = register_names[i];
	}
	array->data = (char *)d;
	array->len = N_REGISTERS;
	return array;
}

API int qemu_plugin_read_register(struct qemu_plugin_register *handle, GByteArray *buf)
{
	size_t len = strcmp(register_names[(uintptr_t)handle - 1], "eflags") ? 8 : 4;

	memcpy(buf->data + buf->len, &current->reg[(uintptr_t)handle - 1], len);
	buf->len += (unsigned int)len;
	return (int)len;
}

API bool qemu_plugin_read_memory_vaddr(uint64_t addr, GByteArray *to, size_t len)
{
	for (to->len = 0; to->len < len; to->len++) {
		uint8_t *page = page_of(addr + to->len, false);

		if (!page)
			return false;
		to->data[to->len] = page[(addr + to->len) % PAGE];
	}
	return true;
}

API struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t size)
{
	memset(&board, 0, sizeof(board));
	return size <= sizeof(board.entry[0]) ? &board : NULL;
}

API void *qemu_plugin_scoreboard_find(struct qemu_plugin_scoreboard *s,
				      unsigned int vcpu)
{
	return s->entry[vcpu];
}

API GByteArray *g_byte_array_sized_new(unsigned int reserved)
{
	GByteArray *array = calloc(1, sizeof(*array));

	array->data = malloc(reserved);
	return array;
}

API GByteArray *g_byte_array_set_size(GByteArray *array, unsigned int length)
{
	array->len = length;
	return array;
}

API char *g_array_free(GArray *array, int free_segment)
{
	(void)free_segment;
	free(array->data);
	free(array);
	return NULL;
}

/* --- playing instructions ------------------------------------------------ */

static uint64_t *word(qemu_plugin_u64 entry, unsigned int vcpu)
{
	return (uint64_t *)((char *)entry.score->entry[vcpu] + entry.offset);
}

struct insn {
	const char *bytes;
	size_t len;
};
#define INSN(text) (struct insn){ text, sizeof(text) - 1 }
#define NOP   INSN("\x90")
#define POP   INSN("\x59")
#define IRETQ INSN("\x48\xcf")
#define STORE INSN("\xc7\x41\x18\x01\x00\x00\x00")
#define MOVCR3 INSN("\x0f\x22\xdf")
#define SYSRETQ INSN("\x48\x0f\x07")
#define SWAPGS INSN("\x0f\x01\xf8")
#define LIDT INSN("\x0f\x01\x1f")

/* Translates and runs one instruction that writes value to, or reads it from, addr. */
static void step_memory(struct vcpu *c, uint64_t pc, struct insn insn,
			enum qemu_plugin_mem_rw rw, uint64_t addr, unsigned int shift,
			uint64_t value)
{
	struct qemu_plugin_tb tb = { .insn = { .pc = pc, .len = insn.len } };

	current = c;
	access_.shift = shift;
	access_.value = value;
	memcpy(tb.insn.bytes, insn.bytes, insn.len);
	on_tb(1, &tb);
	if (tb.count.score)
		*word(tb.count, c->index) += tb.add;
	if (tb.block.exec && (!tb.condition.score ||
			      *word(tb.condition, c->index) != tb.imm))
		tb.block.exec(c->index, tb.block.data);
	if (tb.insn.count.score)
		*word(tb.insn.count, c->index) += tb.insn.add;
	for (unsigned int i = 0; i < tb.insn.n; i++)
		if (tb.insn.cb[i].exec)
			tb.insn.cb[i].exec(c->index, tb.insn.cb[i].data);
	for (unsigned int i = 0; i < tb.insn.n; i++)
		if (tb.insn.cb[i].mem && tb.insn.cb[i].rw == rw)
			tb.insn.cb[i].mem(c->index, 0, addr, tb.insn.cb[i].data);
}

static void step(struct vcpu *c, uint64_t pc, struct insn insn)
{
	step_memory(c, pc, insn, 0, 0, 0, 0);
}

static void write_mode(struct vcpu *c, uint64_t pc, unsigned int task, uint32_t value)
{
	step_memory(c, pc, STORE, QEMU_PLUGIN_MEM_W, TASK(task) + T_MODE, 2, value);
	poke(TASK(task) + T_MODE, value, 4);
}

/* An event whose frame says that cs:ip was interrupted. */
static void interrupt(struct vcpu *c, uint64_t handler, uint64_t ip, uint64_t cs)
{
	uint64_t rsp = KSTACK(c->index) + STACK - 0x100;

	frame_at(handler == PF ? rsp + 8 : rsp, ip, cs);
	set(c, "rsp", rsp);
	step(c, handler, NOP);
}

static void iret_to(struct vcpu *c, uint64_t ip, uint64_t cs)
{
	uint64_t rsp = KSTACK(c->index) + STACK - 0x28;

	frame_at(rsp, ip, cs);
	set(c, "rsp", rsp);
	step(c, SEAM_OUT_E - 2, IRETQ);
}

/* From the gate's body to the application's next instruction. */
static void rest_of_call(struct vcpu *c, unsigned int task)
{
	write_mode(c, SET1, task, 1);
	set(c, "rdi", KSTACK(task) + STACK - 168);
	step(c, ENTER, NOP);
	set(c, "rsp", KSTACK(task) + STACK - 168);
	step(c, LEAVE, NOP);
	write_mode(c, SET2, task, 2);
	iret_to(c, AT + 0x20, KCS);
	step(c, AT + 0x20, NOP);
}

static void whole_call(struct vcpu *c, unsigned int task)
{
	set(c, "rsp", USER_STACK - 8);
	step(c, CALL, POP);
	step(c, JUMP, NOP);
	rest_of_call(c, task);
}

/* --- loading the plugin -------------------------------------------------- */

static void *plugin;
static char trace[256];

static int install_with(const qemu_info_t *info, const char *vmlinux, const char *more,
			const char *and_more)
{
	char self[256] = "", path[300], out[300];
	char *argv[] = { out, (char *)vmlinux, (char *)more, (char *)and_more };
	int (*entry)(qemu_plugin_id_t, const qemu_info_t *, int, char **), n = 0;

	snprintf(trace, sizeof(trace), "%s/trace", unit_dir());
	snprintf(out, sizeof(out), "out=%s", trace);
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		exit(2);
	*strrchr(self, '/') = 0;
	snprintf(path, sizeof(path), "%s/../../traces/recorder-v4.so", self);
	plugin = dlopen(path, RTLD_NOW);
	if (!plugin) {
		fprintf(stderr, "%s\n", dlerror());
		exit(2);
	}
	*(void **)&entry = dlsym(plugin, "qemu_plugin_install");
	while (n < 4 && argv[n])
		n++;
	return entry(1, info, n, argv);
}

static int install(unsigned int cpus, const char *more, const char *and_more)
{
	const qemu_info_t info = { "x86_64", { 2, 4 }, true, { (int)cpus, (int)cpus } };

	return install_with(&info, "vmlinux=/proc/self/exe", more, and_more);
}

/* As the emulator of one program, which this process is then. */
static int install_user(const char *argument)
{
	const qemu_info_t info = { .target_name = "x86_64" };

	return install_with(&info, "app=a-program-with-a-long-name", argument, NULL);
}

static void start(unsigned int cpus, const char *more, const char *and_more)
{
	CU_ASSERT_EQUAL_FATAL(install(cpus, more, and_more), 0);
	n_pages = 0;
	memset(pages, 0, sizeof(pages));
	memset(vcpus, 0, sizeof(vcpus));
	for (unsigned int i = 0; i < cpus; i++) {
		vcpus[i].index = i;
		set(&vcpus[i], "gs_base", GS(i));
		set_task(&vcpus[i], i, 2);
		frame_at(KSTACK(i) + STACK - 168, 0, 0);
		on_vcpu(1, i);
	}
	poke(USER_STACK - 8, AT + 0x20, 8);
}

static void stop(void)
{
	on_exit_(1, NULL);
	dlclose(plugin);
}

/* The trace's events, END included; their number is the result. */
static size_t read_state(struct ukl_event *event, size_t room, enum ukl_trace_state state)
{
	const struct ukl_event *e;
	struct ukl_reader *reader;
	struct ukl_summary summary;
	size_t n = 0;

	CU_ASSERT_EQUAL_FATAL(ukl_reader_open(&reader, trace, NULL), 0);
	while ((e = ukl_reader_next(reader)))
		if (n < room)
			event[n++] = *e;
	ukl_reader_summary(reader, &summary);
	CU_ASSERT_EQUAL(summary.state, state);
	ukl_reader_close(reader);
	return n;
}

static size_t read_trace(struct ukl_event *event, size_t room)
{
	return read_state(event, room, UKL_TRACE_COMPLETE);
}

static struct ukl_event events[64];

static unsigned int count(enum ukl_class cls, size_t n)
{
	unsigned int found = 0;

	for (size_t i = 0; i < n; i++)
		found += events[i].cls == cls;
	return found;
}

/* --- the tests ----------------------------------------------------------- */

/* Is a system call recorded as these events, from these sides? */
static void system_call(void)
{
	static const struct {
		enum ukl_class cls;
		enum ukl_side side;
	} expected[] = {
		{UKL_EV_APP_IN, UKL_SIDE_UNKNOWN},
		{UKL_EV_GATE_IN, UKL_SIDE_APP},
		{UKL_EV_MODE_WRITE, UKL_SIDE_GATE},
		{UKL_EV_SYS_ENTER, UKL_SIDE_KERNEL},
		{UKL_EV_SYS_LEAVE, UKL_SIDE_KERNEL},
		{UKL_EV_MODE_WRITE, UKL_SIDE_KERNEL},
		{UKL_EV_INT_OUT, UKL_SIDE_GATE},
		{UKL_EV_APP_IN, UKL_SIDE_GATE},
		{UKL_EV_END, UKL_SIDE_UNKNOWN},
	};
	size_t n;

	start(1, NULL, NULL);
	step(&vcpus[0], AT, NOP);
	step(&vcpus[0], AT + 1, NOP);		/* still the application: no event */
	whole_call(&vcpus[0], 0);
	stop();
	n = read_trace(events, 64);
	CU_ASSERT_EQUAL_FATAL(n, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < n; i++) {
		CU_ASSERT_EQUAL(events[i].cls, expected[i].cls);
		CU_ASSERT_EQUAL(events[i].side, expected[i].side);
	}
	CU_ASSERT_EQUAL(events[1].arg[UKL_A_GATE_IN_ret], AT + 0x20);
	CU_ASSERT_EQUAL(events[1].state[UKL_S_task], TASK(0));
	CU_ASSERT_EQUAL(events[1].state[UKL_S_top], KSTACK(0) + STACK);
	/* The value before the store, and the one stored. */
	CU_ASSERT_EQUAL(events[2].state[UKL_S_mode], 2);
	CU_ASSERT_EQUAL(events[2].arg[UKL_A_MODE_WRITE_value], 1);
	CU_ASSERT_EQUAL(events[2].arg[UKL_A_MODE_WRITE_task], TASK(0));
	CU_ASSERT_EQUAL(events[3].arg[UKL_A_SYS_ENTER_frame], KSTACK(0) + STACK - 168);
	CU_ASSERT_EQUAL(events[6].state[UKL_S_ip], AT + 0x20);
	CU_ASSERT_EQUAL(events[6].state[UKL_S_cs], KCS);
}

/* Does the clock tell instructions begun? */
static void clock_counts_instructions(void)
{
	start(1, NULL, NULL);
	for (int i = 0; i < 10; i++)
		step(&vcpus[0], TEXT + 0x100, NOP);
	step(&vcpus[0], AT, NOP);
	stop();
	CU_ASSERT_EQUAL(read_trace(events, 64), 2);
	CU_ASSERT_EQUAL(events[0].time, 10);
}

/* Nor one that a fault cut short, if the clock is exact? */
static void exact_clock(void)
{
	start(1, "clock=exact", NULL);
	step(&vcpus[0], AT, NOP);
	step(&vcpus[0], AT + 1, NOP);
	interrupt(&vcpus[0], PF, AT + 1, KCS);
	iret_to(&vcpus[0], AT + 1, KCS);
	step(&vcpus[0], AT + 1, NOP);
	interrupt(&vcpus[0], TIMER, AT + 2, KCS);
	stop();
	CU_ASSERT_EQUAL_FATAL(read_trace(events, 64), 6);
	for (size_t i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(events[i].time, i);
}

/*
 * What if an event hits a gate's first instructions?  a: application; c, j: first
 * instruction of the gate for CALL, for JMP; C, M, J: interrupted at one of them or
 * between, and back to the same place; x: the task goes on on the other CPU; H: at the
 * first instruction, and on to a signal's handler; r: back there by its sigreturn.
 */
static void gate_in_once(void)
{
	static const struct {
		const char *steps;
		unsigned int gates;
	} row[] = {
		{ "acj", 1 },	{ "aj", 1 },	  { "aCcj", 1 },  { "aCCcj", 1 },
		{ "acCcj", 1 },	{ "acCCcj", 1 },  { "acMj", 1 },  { "acMMj", 1 },
		{ "acJj", 1 },	{ "acJJj", 1 },	  { "aJj", 1 },	  { "aJJj", 1 },
		{ "acMJj", 1 },	{ "acxJj", 1 },	  { "axCcj", 1 }, { "acxMj", 1 },
		{ "acjacj", 2 }, { "ajacJj", 2 }, { "acJjaj", 2 }, { "acHacjrcj", 3 },
	};
	struct vcpu *c;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		bool migrate = false;

		start(2, "tcg=multi", NULL);
		c = &vcpus[0];
		for (const char *s = row[i].steps; *s; s++) {
			uint64_t at = *s == 'C' ? CALL : *s == 'M' ? MIDDLE : JUMP;

			set(c, "rsp", USER_STACK - 8);
			if (*s == 'a')
				step(c, AT, NOP);
			else if (*s == 'c')
				step(c, CALL, POP);
			else if (*s == 'j')
				step(c, JUMP, NOP);
			else if (*s == 'x')
				migrate = true;
			else if (*s == 'r')
				iret_to(c, CALL, KCS);
			else if (*s == 'H') {
				interrupt(c, PF, CALL, KCS);
				iret_to(c, AT, KCS);
			}
			else {
				interrupt(c, PF, at, KCS);
				if (migrate) {
					c = &vcpus[1];
					set_task(c, 0, 2);
				}
				iret_to(c, at, KCS);
			}
			if (*s == 'j')
				rest_of_call(c, 0);
		}
		stop();
		CU_ASSERT_EQUAL(count(UKL_EV_GATE_IN, read_trace(events, 64)),
				row[i].gates);
		for (size_t k = 0; k < 64; k++)
			if (events[k].cls == UKL_EV_GATE_IN)
				CU_ASSERT_EQUAL(events[k].side, UKL_SIDE_APP);
		memset(events, 0, sizeof(events));
	}
}

/* Which side was interrupted, with which words? */
static void interrupts(void)
{
	static const struct {
		uint64_t ip, cs;
		enum ukl_side side;
	} row[] = {
		{ 0x401000, 0x33, UKL_SIDE_USER },
		{ 0xffffffff81800123, 0x10, UKL_SIDE_APP },
		{ 0xffffffff81600152, 0x10, UKL_SIDE_GATE },
		{ 0xffffffff81601080, 0x10, UKL_SIDE_GATE },
		{ 0xffffffff81234567, 0x10, UKL_SIDE_KERNEL },
	};
	const size_t rows = sizeof(row) / sizeof(row[0]);

	start(1, NULL, NULL);
	for (size_t i = 0; i < rows; i++) {
		if (row[i].cs == UCS) {		/* the kernel's GS base is inactive */
			set(&vcpus[0], "gs_base", 0xffff900000000000);
			set(&vcpus[0], "k_gs_base", GS(0));
		} else {
			set(&vcpus[0], "gs_base", GS(0));
		}
		poke(KSTACK(0) + STACK - 0x100, 6, 8);
		interrupt(&vcpus[0], PF, row[i].ip, row[i].cs);
	}
	stop();
	CU_ASSERT_EQUAL_FATAL(read_trace(events, 64), rows + 1);
	for (size_t i = 0; i < rows; i++) {
		CU_ASSERT_EQUAL(events[i].cls, UKL_EV_INT_IN);
		CU_ASSERT_EQUAL(events[i].side, row[i].side);
		CU_ASSERT_EQUAL(events[i].arg[UKL_A_INT_IN_vector], 14);
		CU_ASSERT_EQUAL(events[i].arg[UKL_A_INT_IN_error], 6);
		CU_ASSERT_EQUAL(events[i].state[UKL_S_ip], row[i].ip);
		CU_ASSERT_EQUAL(events[i].state[UKL_S_task], TASK(0));
	}
}

/* A system vector's number is only in the guest's IDT. */
static void vector_from_idt(void)
{
	uint64_t gate = IDT + 16 * 0xec;

	start(1, NULL, NULL);
	for (uint64_t at = IDT; at < IDT + 4096; at += 8)
		poke(at, 0, 8);
	poke(gate, (TIMER & 0xffff) | KCS << 16 | 0x8e00ull << 32 | (TIMER >> 16) << 48,
	     8);
	poke(gate + 8, TIMER >> 32, 8);
	interrupt(&vcpus[0], TIMER, TEXT, KCS);
	stop();
	CU_ASSERT_EQUAL_FATAL(read_trace(events, 64), 2);
	CU_ASSERT_EQUAL(events[0].arg[UKL_A_INT_IN_vector], 0xec);
	CU_ASSERT_EQUAL(events[0].arg[UKL_A_INT_IN_error], 0);
}

/* Opcodes count wherever they stand; sync_core()'s IRET does not. */
static void opcodes(void)
{
	struct vcpu *c = &vcpus[0];

	start(1, NULL, NULL);
	set(c, "rdi", 0x1234000);
	step(c, TEXT + 0x500, MOVCR3);
	step(c, 0x401000, MOVCR3);		/* not the kernel's half */
	step(c, TEXT + 0x600, SWAPGS);
	set(c, "rcx", 0x401234);
	set(c, "r11", 0x246);
	step(c, TEXT + 0x700, SYSRETQ);
	set(c, "rsp", KSTACK(0) + 0x100);
	frame_at(KSTACK(0) + 0x100, TEXT + 0x802, KCS);
	step(c, TEXT + 0x800, IRETQ);		/* to the next instruction */
	frame_at(KSTACK(0) + 0x100, TEXT + 0x900, KCS);
	step(c, TEXT + 0x800, IRETQ);
	stop();
	CU_ASSERT_EQUAL_FATAL(read_trace(events, 64), 4);
	CU_ASSERT_EQUAL(events[0].cls, UKL_EV_CTRL);
	CU_ASSERT_EQUAL(events[0].arg[UKL_A_CTRL_reg], UKL_CTRL_CR3);
	CU_ASSERT_EQUAL(events[0].arg[UKL_A_CTRL_value], 0x1234000);
	CU_ASSERT_EQUAL(events[1].cls, UKL_EV_USER_OUT);
	CU_ASSERT_EQUAL(events[1].arg[UKL_A_USER_OUT_swapgs], 1);
	CU_ASSERT_EQUAL(events[1].state[UKL_S_ip], 0x401234);
	CU_ASSERT_EQUAL(events[1].state[UKL_S_flags], 0x246);
	CU_ASSERT_EQUAL(events[2].cls, UKL_EV_INT_OUT);
}

/* Who made the system call?  SYSCALL does not check privilege. */
static void user_entries(void)
{
	static const struct {
		uint64_t rcx;
		enum ukl_side side;
	} row[] = {
		{ 0x401234, UKL_SIDE_USER },
		{ 0xffffffff81800010, UKL_SIDE_APP },
		{ 0xffffffff81234567, UKL_SIDE_KERNEL },
	};
	struct vcpu *c = &vcpus[0];

	start(1, NULL, NULL);
	for (size_t i = 0; i < 3; i++) {
		/* Only from ring 3 is the kernel's base the inactive one. */
		set(c, "gs_base", i ? GS(0) : 0xffff900000000000);
		set(c, "k_gs_base", i ? 0xffff900000000000 : GS(0));
		set(c, "rcx", row[i].rcx);
		set(c, "r11", 0x10246 + i);
		step(c, SYSCALL, NOP);
	}
	stop();
	CU_ASSERT_EQUAL_FATAL(read_trace(events, 64), 4);
	for (size_t i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(events[i].cls, UKL_EV_USER_IN);
		CU_ASSERT_EQUAL(events[i].side, row[i].side);
		CU_ASSERT_EQUAL(events[i].state[UKL_S_ip], row[i].rcx);
		CU_ASSERT_EQUAL(events[i].state[UKL_S_flags], 0x10246 + i);
		CU_ASSERT_EQUAL(events[i].state[UKL_S_task], TASK(0));
	}
}

/* What is written where: registers, MSRs that matter, the IDTR's base. */
static void control(void)
{
	static const struct {
		uint64_t reg, value;
	} expected[] = {
		{ UKL_CTRL_FSBASE, 0x7f0000001000 },
		{ UKL_CTRL_GSBASE, 0x7f0000001000 },
		{ 0xc0000102, 0x12345678abcdef01 },
		{ UKL_CTRL_IDTR, 0xfffffe0000000000 },
	};
	struct vcpu *c = &vcpus[0];

	start(1, NULL, NULL);
	set(c, "rdi", 0x7f0000001000);
	step(c, TEXT + 0x10, INSN("\xf3\x48\x0f\xae\xd7"));
	step(c, TEXT + 0x20, INSN("\xf3\x48\x0f\xae\xdf"));
	set(c, "rax", 0xffffffffabcdef01);
	set(c, "rdx", 0x12345678);
	set(c, "rcx", 0xc0000102);
	step(c, TEXT + 0x30, INSN("\x0f\x30"));
	set(c, "rcx", 0x6e0);			/* TSC deadline: nobody cares */
	step(c, TEXT + 0x30, INSN("\x0f\x30"));
	step_memory(c, TEXT + 0x40, LIDT, QEMU_PLUGIN_MEM_R, AD, 1, 0xfff);
	step_memory(c, TEXT + 0x40, LIDT, QEMU_PLUGIN_MEM_R, AD, 3, IDT);
	stop();
	CU_ASSERT_EQUAL_FATAL(read_trace(events, 64), 5);
	for (size_t i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(events[i].arg[UKL_A_CTRL_reg], expected[i].reg);
		CU_ASSERT_EQUAL(events[i].arg[UKL_A_CTRL_value], expected[i].value);
	}
}

/* Which branches of the application leave it for kernel text that is no gate? */
static void edges(void)
{
	const uint64_t kernel = TEXT + 0x1000;
	struct vcpu *c = &vcpus[0];

	start(1, NULL, NULL);
	step(c, AT, INSN("\xe8\x00\x00\x00\x00"));	/* to AT: no */
	step(c, AT, INSN("\xe8\x4b\x01\xe0\xff"));	/* to the gate: no */
	step(c, AT, INSN("\xe8\xfb\x0f\x80\xff"));	/* to TEXT + 0x1000 */
	set(c, "rax", kernel);
	step(c, AT, INSN("\xff\xe0"));			/* jmp *%rax */
	set(c, "rax", CALL);
	step(c, AT, INSN("\xff\xd0"));			/* call *%rax, the gate: no */
	step_memory(c, AT, INSN("\xff\x10"), QEMU_PLUGIN_MEM_R, AD, 3, kernel);
	step_memory(c, AT, INSN("\xff\x10"), QEMU_PLUGIN_MEM_R, AD, 3, AT + 8);
	poke(USER_STACK - 8, kernel, 8);
	set(c, "rsp", USER_STACK - 8);
	step(c, AT, INSN("\xc3"));			/* only with edges=all */
	stop();
	CU_ASSERT_EQUAL(count(UKL_EV_APP_EDGE, read_trace(events, 64)), 3);
	for (size_t i = 0; i < 8; i++)
		if (events[i].cls == UKL_EV_APP_EDGE)
			CU_ASSERT_EQUAL(events[i].arg[UKL_A_APP_EDGE_target], kernel);
	start(1, "edges=all", NULL);
	poke(USER_STACK - 8, kernel, 8);
	set(c, "rsp", USER_STACK - 8);
	step(c, AT, INSN("\xc3"));
	stop();
	CU_ASSERT_EQUAL(count(UKL_EV_APP_EDGE, read_trace(events, 64)), 1);
}

static void switch_tasks(struct vcpu *c, unsigned int prev, unsigned int next)
{
	set(c, "rdi", TASK(prev));
	set(c, "rsi", TASK(next));
	step(c, SWITCH, NOP);
	poke(GS(c->index) + P_CURRENT, TASK(next), 8);
}

static void stray_store(struct vcpu *c, uint64_t addr, unsigned int shift)
{
	step_memory(c, TEXT + 0x40, STORE, QEMU_PLUGIN_MEM_W, addr, shift, 1);
}

/* writers=prove: only stores that touch the flag of a live task are strays. */
static void stray_writes(void)
{
	struct vcpu *c = &vcpus[0];
	size_t n;

	start(1, "writers=prove", NULL);
	set_task(c, 1, 0);
	set_task(c, 0, 2);
	stray_store(c, TASK(0) + T_MODE, 2);	/* not known yet */
	switch_tasks(c, 0, 1);
	write_mode(c, SET1, 0, 1);		/* declared */
	stray_store(c, TASK(0) + T_MODE, 2);	/* 1 */
	stray_store(c, TASK(0) + T_MODE - 4, 3);	/* 2: eight bytes over it */
	stray_store(c, TASK(0) + T_MODE + 3, 0);	/* 3: its last byte */
	stray_store(c, TASK(0) + T_MODE - 4, 2);
	stray_store(c, TASK(0) + T_MODE + 4, 2);
	stray_store(c, TASK(2) + T_MODE, 2);	/* no task that we know */
	set(c, "rdi", 0);
	step(c, EXIT, NOP);			/* task 1 exits */
	stray_store(c, TASK(1) + T_MODE, 2);	/* 4: still running */
	switch_tasks(c, 1, 0);
	stray_store(c, TASK(1) + T_MODE, 2);	/* perhaps freed */
	switch_tasks(c, 0, 1);
	stray_store(c, TASK(1) + T_MODE, 2);	/* 5: no, it was only preempted */
	switch_tasks(c, 1, 0);
	set(c, "rdi", TASK(1));
	step(c, FORK, NOP);			/* a new task in its place */
	stray_store(c, TASK(1) + T_MODE, 2);	/* 6 */
	stop();
	n = read_trace(events, 64);
	CU_ASSERT_EQUAL(count(UKL_EV_STRAY_WRITE, n), 6);
}

/* write=events: who reads along sees each event before its instruction is executed. */
static void written_at_once(void)
{
	static const char *const option[] = { "write=packets", "write=events" };

	for (unsigned int i = 0; i < 2; i++) {
		start(1, option[i], NULL);
		switch_tasks(&vcpus[0], 0, 1);
		CU_ASSERT_EQUAL(count(UKL_EV_SWITCH, read_state(events, 64,
						     UKL_TRACE_RECORDING)), i);
		stop();
		CU_ASSERT_EQUAL(count(UKL_EV_SWITCH, read_trace(events, 64)), 1);
	}
}

#define KSIG	(KSTACK(0) + 0x800)
#define REGS	(KSTACK(0) + STACK - 168)
#define SIGNAL	(USER_STACK - 0x800)
#define SC(n)	(SIGNAL + F_SC + 8 * (n))	/* word n of the sigcontext */

/* The sigcontext's words in the order of <asm/sigcontext.h>: 100, 101 ... */
static void poke_signal(void)
{
	for (uint64_t n = 0; n < 24; n++)
		poke(SC(n), 100 + n, 8);
	poke(SC(18), 0x002b000000000033, 8);	/* cs gs fs ss */
	poke(SIGNAL, AT + 0xa00, 8);
	poke(SIGNAL + F_STACK, 0x7f0000000000, 8);
	poke(SIGNAL + F_STACK + 8, 0xffffffff00000001, 8);
	poke(SIGNAL + F_STACK + 16, 0x8000, 8);
	poke(KSIG + K_HANDLER, AT + 0x900, 8);
	poke(KSIG + K_FLAGS, 0xc000004, 8);
	poke(KSIG + K_RESTORER, AT + 0xa00, 8);
	poke(KSIG + K_SIG, 11, 4);
	frame_at(REGS + 16 * 8, AT + 0x900, CSX);
	poke(REGS + UKL_S_sp * 8, SIGNAL, 8);
}

/* Is the frame in user memory told as it lies there? */
static void check_sigcontext(const struct ukl_event *e)
{
	static const enum ukl_slot order[] = {
		UKL_S_r8, UKL_S_r9, UKL_S_r10, UKL_S_r11, UKL_S_r12, UKL_S_r13,
		UKL_S_r14, UKL_S_r15, UKL_S_di, UKL_S_si, UKL_S_bp, UKL_S_bx,
		UKL_S_dx, UKL_S_ax, UKL_S_cx, UKL_S_sp, UKL_S_ip, UKL_S_flags,
	};

	for (unsigned int i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		CU_ASSERT_EQUAL(e->state[order[i]], 100 + i);
	CU_ASSERT_EQUAL(e->state[UKL_S_cs], 0x33);
	CU_ASSERT_EQUAL(e->state[UKL_S_ss], 0x2b);
}

static void check_signal_events(void)
{
	static const enum ukl_class expected[] = {
		UKL_EV_SIG_FORCE, UKL_EV_SIG_SETUP, UKL_EV_SIG_FRAME, UKL_EV_SIG_START,
		UKL_EV_SIG_START, UKL_EV_SIG_START, UKL_EV_SIG_RETURN,
		UKL_EV_SIG_RESTORED, UKL_EV_SIG_CHECK, UKL_EV_END,
	};

	CU_ASSERT_EQUAL_FATAL(read_trace(events, 64), 10);
	for (int i = 0; i < 10; i++)
		CU_ASSERT_EQUAL_FATAL(events[i].cls, expected[i]);
	CU_ASSERT_EQUAL(events[0].arg[UKL_A_SIG_FORCE_addr], 0x10);
	CU_ASSERT_EQUAL(events[1].arg[UKL_A_SIG_SETUP_sig], 11);
	CU_ASSERT_EQUAL(events[1].arg[UKL_A_SIG_SETUP_flags], 0xc000004);
	CU_ASSERT_EQUAL(events[1].state[UKL_S_ip], AT + 0x900);
	check_sigcontext(&events[2]);
	CU_ASSERT_EQUAL(events[2].arg[UKL_A_SIG_FRAME_frame], SIGNAL);
	CU_ASSERT_EQUAL(events[2].arg[UKL_A_SIG_FRAME_pretcode], AT + 0xa00);
	CU_ASSERT_EQUAL(events[2].arg[UKL_A_SIG_FRAME_stack_flags], 1);
	CU_ASSERT_EQUAL(events[2].arg[UKL_A_SIG_FRAME_stack_size], 0x8000);
	CU_ASSERT_EQUAL(events[2].arg[UKL_A_SIG_FRAME_trapno], 120);
	CU_ASSERT_EQUAL(events[2].arg[UKL_A_SIG_FRAME_cr2], 122);
	CU_ASSERT_EQUAL(events[2].arg[UKL_A_SIG_FRAME_fpstate], 123);
	CU_ASSERT_EQUAL(events[3].arg[UKL_A_SIG_START_handler], AT + 0x900);
	CU_ASSERT_EQUAL(events[3].state[UKL_S_sp], SIGNAL);
	CU_ASSERT_EQUAL(events[4].arg[UKL_A_SIG_START_failed], 1);
	check_sigcontext(&events[6]);
	CU_ASSERT_EQUAL(events[6].arg[UKL_A_SIG_RETURN_frame], SIGNAL);
	CU_ASSERT_EQUAL(events[7].state[UKL_S_sp], SIGNAL + 8);
}

/* From the fault to sigreturn; a 32-bit handler's frame is not looked at. */
static void signals(void)
{
	struct vcpu *c = &vcpus[0];

	start(1, NULL, NULL);
	poke_signal();
	set(c, "rdi", 11);
	set(c, "rdx", 0x10);
	step(c, FORCE, NOP);
	set(c, "rdi", KSIG);
	set(c, "rsi", REGS);
	step(c, SIG_SETUP, NOP);
	set(c, "rdi", 0);
	set(c, "rsi", KSIG);
	step(c, SIG_DONE, NOP);
	set(c, "rdi", 1);
	step(c, SIG_DONE, NOP);			/* failed: there is no frame */
	set(c, "rdi", 0);
	poke(REGS + UKL_S_cs * 8, U32CS, 8);
	step(c, SIG_DONE, NOP);
	poke(REGS + UKL_S_sp * 8, SIGNAL + 8, 8);
	step(c, SIG_RETURN, NOP);
	set(c, "rsi", 0);
	step(c, RESTORE_FP, NOP);
	poke(REGS + UKL_S_sp * 8, 0x10000, 8);
	step(c, SIG_RETURN, NOP);		/* nothing there: no event */
	set(c, "rdi", REGS);
	step(c, SIG_CHECK, NOP);
	stop();
	check_signal_events();
}

/* Look-ups in the exception table, exec, an oops. */
static void rare_places(void)
{
	struct vcpu *c = &vcpus[0];

	start(1, NULL, NULL);
	set(c, "rdi", REGS);
	set(c, "rsi", 14);
	set(c, "rcx", 0x1234);
	frame_at(REGS + 16 * 8, TEXT + 0x40, KCS);
	step(c, FIXUP, NOP);
	poke(TASK(0) + T_CRED, KSTACK(0) + 0x400, 8);
	poke(KSTACK(0) + 0x400 + C_CAPS, 0x1ffffffffff, 8);
	step(c, NEW_EXEC, NOP);
	step(c, OOPS, NOP);
	stop();
	CU_ASSERT_EQUAL_FATAL(read_trace(events, 64), 4);
	CU_ASSERT_EQUAL(events[0].cls, UKL_EV_FIXUP);
	CU_ASSERT_EQUAL(events[0].arg[UKL_A_FIXUP_vector], 14);
	CU_ASSERT_EQUAL(events[0].arg[UKL_A_FIXUP_addr], 0x1234);
	CU_ASSERT_EQUAL(events[0].state[UKL_S_ip], TEXT + 0x40);
	CU_ASSERT_EQUAL(events[1].cls, UKL_EV_EXEC_BEGIN);
	CU_ASSERT_EQUAL(events[1].arg[UKL_A_EXEC_BEGIN_caps], 0x1ffffffffff);
	CU_ASSERT_EQUAL(events[2].cls, UKL_EV_OOPS);
}

/* A task is announced before its first switch, and again when it is a new one. */
static void announcements(void)
{
	static const enum ukl_class expected[] = {
		UKL_EV_TASK, UKL_EV_TASK, UKL_EV_SWITCH, UKL_EV_SWITCH, UKL_EV_FORK,
		UKL_EV_TASK, UKL_EV_SWITCH, UKL_EV_END,
	};
	struct vcpu *c = &vcpus[0];

	start(1, NULL, NULL);
	set_task(c, 1, 0);
	set_task(c, 0, 0);
	switch_tasks(c, 0, 1);
	switch_tasks(c, 1, 0);
	set(c, "rdi", TASK(1));
	step(c, FORK, NOP);
	switch_tasks(c, 0, 1);
	stop();
	CU_ASSERT_EQUAL_FATAL(read_trace(events, 64), 8);
	for (int i = 0; i < 8; i++)
		CU_ASSERT_EQUAL(events[i].cls, expected[i]);
	CU_ASSERT_EQUAL(events[1].arg[UKL_A_TASK_ids], 0x100000001);
}

/* from=app: nothing before the first thread becomes one of UKL. */
static void from_app(void)
{
	start(1, "from=app", NULL);
	interrupt(&vcpus[0], PF, TEXT, KCS);
	write_mode(&vcpus[0], SET1, 0, 0);
	interrupt(&vcpus[0], PF, TEXT, KCS);
	write_mode(&vcpus[0], SET2, 0, 2);
	interrupt(&vcpus[0], PF, TEXT, KCS);
	stop();
	CU_ASSERT_EQUAL_FATAL(read_trace(events, 64), 4);
	CU_ASSERT_EQUAL(events[0].cls, UKL_EV_MODE_WRITE);
	CU_ASSERT_EQUAL(events[1].cls, UKL_EV_TASK);
	CU_ASSERT_EQUAL(events[2].cls, UKL_EV_INT_IN);
}

/* One thread for all CPUs tells every callback index 0: the GS base knows better. */
static void single_thread(void)
{
	struct vcpu *c = &vcpus[0];

	start(2, NULL, NULL);			/* both say hello on this thread */
	set(c, "gs_base", 0);
	interrupt(c, PF, TEXT, KCS);		/* nobody's */
	set(c, "gs_base", GS(1));
	interrupt(c, PF, TEXT, KCS);
	set(c, "gs_base", GS(0));
	interrupt(c, PF, TEXT, KCS);
	step(c, AT, NOP);
	set(c, "gs_base", GS(1));
	step(c, AT, NOP);
	step(c, AT, NOP);
	stop();
	CU_ASSERT_EQUAL_FATAL(read_trace(events, 64), 6);
	CU_ASSERT_EQUAL(events[0].cpu, 1);
	CU_ASSERT_EQUAL(events[1].cpu, 0);
	CU_ASSERT_EQUAL(count(UKL_EV_APP_IN, 6), 2);
}

#define CALLS 3000

static void *many_calls(void *data)
{
	struct vcpu *c = data;

	step(c, AT, NOP);
	for (int i = 0; i < CALLS; i++)
		whole_call(c, c->index);
	return NULL;
}

/* Every CPU has its thread: no event is lost, each stream in its own order. */
static void threads(void)
{
	const struct ukl_event *e;
	struct ukl_reader *reader;
	pthread_t thread[MAX_CPUS];
	unsigned int gates[MAX_CPUS] = { 0 };
	uint64_t last = 0;

	start(MAX_CPUS, "tcg=multi", NULL);
	for (unsigned int i = 0; i < MAX_CPUS; i++)
		pthread_create(&thread[i], NULL, many_calls, &vcpus[i]);
	for (unsigned int i = 0; i < MAX_CPUS; i++)
		pthread_join(thread[i], NULL);
	stop();
	CU_ASSERT_EQUAL_FATAL(ukl_reader_open(&reader, trace, NULL), 0);
	while ((e = ukl_reader_next(reader))) {
		gates[e->cpu] += e->cls == UKL_EV_GATE_IN;
		CU_ASSERT_TRUE(e->cls == UKL_EV_END || e->time >= last);
		last = e->time;
	}
	ukl_reader_close(reader);
	for (unsigned int i = 0; i < MAX_CPUS; i++)
		CU_ASSERT_EQUAL(gates[i], CALLS);
}

static atomic_bool ended;

static void *calls_until_the_end(void *data)
{
	struct vcpu *c = data;

	while (!atomic_load(&ended))
		whole_call(c, c->index);
	return NULL;
}

/* What if QEMU ends while other threads are in the middle of an event? */
static void exit_while_running(void)
{
	pthread_t thread[MAX_CPUS - 1];

	start(MAX_CPUS, "tcg=multi", NULL);
	for (unsigned int i = 0; i < MAX_CPUS - 1; i++)
		pthread_create(&thread[i], NULL, calls_until_the_end, &vcpus[i]);
	many_calls(&vcpus[MAX_CPUS - 1]);
	on_exit_(1, NULL);
	atomic_store(&ended, true);
	for (unsigned int i = 0; i < MAX_CPUS - 1; i++)
		pthread_join(thread[i], NULL);
	dlclose(plugin);
	CU_ASSERT_TRUE(read_trace(events, 64) > 0);
}

/* --- user mode */

#define NR_GETPID 39
#define NR_FORK   57
#define NR_EXIT   60

static void start_user(void)
{
	CU_ASSERT_EQUAL_FATAL(install_user(NULL), 0);
	memset(vcpus, 0, sizeof(vcpus));
	set(&vcpus[0], "rip", 0x401000);
	current = &vcpus[0];
	on_vcpu(1, 0);
}

static void begin_call(int64_t nr)
{
	current = &vcpus[0];
	set(&vcpus[0], "rax", (uint64_t)nr);
	on_syscall(1, 0, nr, 7, 0, 0, 0, 0, 0, 0, 0);
}

static void user_call(int64_t nr, int64_t result)
{
	begin_call(nr);
	on_result(1, 0, nr, result);
}

/* The trace's events without the many END. */
static size_t read_user_trace(uint64_t *lost)
{
	struct ukl_summary summary;
	struct ukl_reader *reader;
	const struct ukl_event *e;
	size_t n = 0;

	CU_ASSERT_EQUAL_FATAL(ukl_reader_open(&reader, trace, NULL), 0);
	CU_ASSERT_TRUE(ukl_env_is_user(ukl_reader_env(reader)));
	while ((e = ukl_reader_next(reader)))
		if (e->cls != UKL_EV_END && n < 64)
			events[n++] = *e;
	ukl_reader_summary(reader, &summary);
	CU_ASSERT_EQUAL(summary.state, UKL_TRACE_COMPLETE);
	*lost = summary.discarded;
	ukl_reader_close(reader);
	return n;
}

/* A program's calls, and those of a child that is killed, in the order of birth. */
static void user_mode(void)
{
	static const struct {
		enum ukl_class cls;
		bool child;
	} expected[] = {
		{ UKL_EV_TASK, false }, { UKL_EV_SWITCH, false },
		{ UKL_EV_USER_IN, false }, { UKL_EV_USER_OUT, false },
		{ UKL_EV_USER_IN, false }, { UKL_EV_FORK, false },
		{ UKL_EV_TASK, true }, { UKL_EV_SWITCH, true },
		{ UKL_EV_USER_IN, true }, { UKL_EV_USER_OUT, true },
		{ UKL_EV_USER_OUT, false }, { UKL_EV_USER_IN, false },
		{ UKL_EV_EXIT, false },
	};
	int before = dup(0), after;
	uint64_t lost;
	pid_t child;
	size_t n;

	close(before);
	start_user();
	after = dup(0);
	CU_ASSERT_EQUAL(after, before);		/* a program sees no descriptor of ours */
	close(after);
	user_call(NR_GETPID, -3);
	begin_call(NR_FORK);
	child = fork();
	if (!child) {
		on_result(1, 0, NR_FORK, 0);
		user_call(NR_GETPID, 5);
		on_exit_(1, NULL);		/* not the program's end */
		raise(SIGKILL);
	}
	waitpid(child, NULL, 0);
	on_result(1, 0, NR_FORK, child);
	begin_call(NR_EXIT);
	stop();
	n = read_user_trace(&lost);
	CU_ASSERT_EQUAL(lost, 0);
	CU_ASSERT_EQUAL_FATAL(n, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < n; i++) {
		CU_ASSERT_EQUAL(events[i].cls, expected[i].cls);
		CU_ASSERT_EQUAL(events[i].cpu, expected[i].child);
	}
	CU_ASSERT_STRING_EQUAL(&events[0].arg[UKL_A_TASK_comm0], "a-program-with-");
	CU_ASSERT_EQUAL(events[2].state[UKL_S_ip], 0x401000);
	CU_ASSERT_EQUAL(events[2].state[UKL_S_ax], NR_GETPID);
	CU_ASSERT_EQUAL(events[2].state[UKL_S_task], (uint64_t)getpid());
	CU_ASSERT_EQUAL(events[3].state[UKL_S_ax], (uint64_t)-3);
	CU_ASSERT_EQUAL(events[5].arg[UKL_A_FORK_child], (uint64_t)child);
	CU_ASSERT_EQUAL(events[8].state[UKL_S_task], (uint64_t)child);
	CU_ASSERT_EQUAL(events[12].arg[UKL_A_EXIT_code], 7);
}

/* Calls that the emulator makes again, or that end in another place, have no result. */
static void user_no_result(void)
{
	uint64_t lost;

	start_user();
	user_call(0, -512);
	user_call(15, -513);
	stop();
	CU_ASSERT_EQUAL_FATAL(read_user_trace(&lost), 4);
	CU_ASSERT_EQUAL(events[2].cls, UKL_EV_USER_IN);
	CU_ASSERT_EQUAL(events[3].cls, UKL_EV_USER_IN);
}

/* Children that make a call and wait, or are dead. */
static uint64_t user_children(unsigned int n, bool dead)
{
	pid_t child[100];
	uint64_t lost;
	int done[2];
	char c;

	start_user();
	CU_ASSERT_EQUAL_FATAL(pipe(done), 0);
	for (unsigned int i = 0; i < n; i++) {
		child[i] = fork();
		if (!child[i]) {
			begin_call(NR_GETPID);
			if (write(done[1], "", 1) != 1 || dead)
				raise(SIGKILL);
			for (;;)
				pause();
		}
		CU_ASSERT_EQUAL(read(done[0], &c, 1), 1);
		if (dead)
			waitpid(child[i], NULL, 0);
	}
	stop();
	for (unsigned int i = 0; i < n && !dead; i++) {
		kill(child[i], SIGKILL);
		waitpid(child[i], NULL, 0);
	}
	close(done[0]);
	close(done[1]);
	read_user_trace(&lost);
	return lost;
}

static void user_many(void)
{
	CU_ASSERT_EQUAL(user_children(100, true), 0);
	CU_ASSERT_EQUAL(user_children(70, false), 6);
}

static void user_refusals(void)
{
	CU_ASSERT_NOT_EQUAL(install_user("vmlinux=/proc/self/exe"), 0);
	dlclose(plugin);
	CU_ASSERT_NOT_EQUAL(install_user("out="), 0);
	dlclose(plugin);
}

/* Wrong arguments stop QEMU before the guest starts. */
static void refusals(void)
{
	static const struct {
		unsigned int cpus;
		const char *argument;
	} row[] = {
		{ 1, "writers=maybe" }, { 1, "write=now" }, { 1, "nonsense=1" },
		{ 2, "clock=insn" },
		{ 2, "clock=exact" }, { 1, "clock=sun" },
		{ 1, "vmlinux=/etc/passwd" }, { 1, "vmlinux=" }, { 1, "out=" },
		{ 1, "out=/proc/no/such" }, { 300, NULL },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		CU_ASSERT_NOT_EQUAL(install(row[i].cpus, row[i].argument, NULL), 0);
		dlclose(plugin);
	}
}

static const struct unit_test tests[] = {
	{ "a system call, event by event", system_call },
	{ "the clock counts instructions", clock_counts_instructions },
	{ "the exact clock does not count what faulted", exact_clock },
	{ "one GATE_IN a call, whatever interrupts it", gate_in_once },
	{ "interrupts: side, vector, words", interrupts },
	{ "a vector from the guest's IDT", vector_from_idt },
	{ "instructions found by opcode", opcodes },
	{ "system calls of ring 3, and stray ones", user_entries },
	{ "control registers, MSRs, IDTR", control },
	{ "branches out of the application", edges },
	{ "stray writes", stray_writes },
	{ "events are written at once, if asked to", written_at_once },
	{ "a signal, from the fault to sigreturn", signals },
	{ "fixups, exec, oops", rare_places },
	{ "announcements", announcements },
	{ "from=app", from_app },
	{ "several CPUs on one thread", single_thread },
	{ "several CPUs on their own threads", threads },
	{ "the end, in the middle of events", exit_while_running },
	{ "refusals", refusals },
	{ "a program and its child in user mode", user_mode },
	{ "calls without a result in user mode", user_no_result },
	{ "more threads than streams in user mode", user_many },
	{ "refusals in user mode", user_refusals },
	{ NULL, NULL },
};

/* A recorder lives as long as its QEMU; here it is installed again and again. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

int main(void)
{
	return unit_main("recorder", tests);
}
