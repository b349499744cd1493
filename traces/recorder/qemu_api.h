/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qemu_api.h - the part of QEMU's TCG plugin interface that the recorder uses
 *
 * No Debian package ships qemu-plugin.h, so the interface is declared here, for
 * the two versions in use: API 4 (QEMU 10.0, 10.1) and API 7 (QEMU 11.1).
 * RECORDER_API chooses.  All that differs between them is in this file; the rest
 * of the recorder is written against API 4 with macros for the differences.
 *
 * The functions resolve inside QEMU when the plugin is loaded, those of GLib too.
 */
#ifndef RECORDER_QEMU_API_H
#define RECORDER_QEMU_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if RECORDER_API != 4 && RECORDER_API != 7
#error "define RECORDER_API as 4 or 7"
#endif

#define QEMU_PLUGIN_EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;

typedef struct {
	const char *target_name;
	struct {
		int min, cur;
	} version;
	bool system_emulation;
	struct {
		int smp_vcpus, max_vcpus;
	} system;
} qemu_info_t;

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_scoreboard;
struct qemu_plugin_register;

typedef struct {
	struct qemu_plugin_scoreboard *score;
	size_t offset;
} qemu_plugin_u64;

enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_CB_R_REGS };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_R = 1, QEMU_PLUGIN_MEM_W };
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
enum qemu_plugin_cond { QEMU_PLUGIN_COND_NE = 3 };

typedef struct {
	uint32_t type;			/* log2 of the size in bytes */
	union {
		uint64_t u64; /* little endian hosts: narrower ones alias it */
		struct {
			uint64_t low, high;
		} u128;
	} data;
} qemu_plugin_mem_value;

typedef struct {
	char *data;
	unsigned int len;
} GArray;

typedef struct {
	uint8_t *data;
	unsigned int len;
} GByteArray;

typedef void (*qemu_plugin_exec_cb)(unsigned int vcpu, void *userdata);
typedef void (*qemu_plugin_mem_cb)(unsigned int vcpu, qemu_plugin_meminfo_t info,
				   uint64_t vaddr, void *userdata);

#if RECORDER_API == 4
typedef struct {
	struct qemu_plugin_register *handle;
	const char *name, *feature;
} qemu_plugin_reg_descriptor;

#define ON_VCPU(name, vcpu) \
	void name(__attribute__((unused)) qemu_plugin_id_t id_, unsigned int vcpu)
#define ON_TB(name, tb) \
	void name(__attribute__((unused)) qemu_plugin_id_t id_, \
		  struct qemu_plugin_tb *tb)
#define ON_EXIT(name) \
	void name(__attribute__((unused)) qemu_plugin_id_t id_, \
		  __attribute__((unused)) void *data_)

void qemu_plugin_register_vcpu_init_cb(qemu_plugin_id_t id,
				       void (*cb)(qemu_plugin_id_t, unsigned int));
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*cb)(qemu_plugin_id_t,
						      struct qemu_plugin_tb *));
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id,
				    void (*cb)(qemu_plugin_id_t, void *), void *data);
int qemu_plugin_read_register(struct qemu_plugin_register *handle, GByteArray *buf);

/* User mode only.  Its interface in API 7 is not used, so not declared. */
#define HAVE_SYSCALLS
void qemu_plugin_register_vcpu_syscall_cb(
	qemu_plugin_id_t id,
	void (*cb)(qemu_plugin_id_t id, unsigned int vcpu, int64_t nr, uint64_t a1,
		   uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6,
		   uint64_t a7, uint64_t a8));
void qemu_plugin_register_vcpu_syscall_ret_cb(
	qemu_plugin_id_t id,
	void (*cb)(qemu_plugin_id_t id, unsigned int vcpu, int64_t nr, int64_t result));

#define REGISTER_VCPU_INIT(id, cb) qemu_plugin_register_vcpu_init_cb(id, cb)
#define REGISTER_TB_TRANS(id, cb)  qemu_plugin_register_vcpu_tb_trans_cb(id, cb)
#define READ_REGISTER(handle, buf) (qemu_plugin_read_register(handle, buf) > 0)
#else
typedef struct {
	struct qemu_plugin_register *handle;
	const char *name, *feature;
	bool is_readonly;
} qemu_plugin_reg_descriptor;

#define ON_VCPU(name, vcpu) \
	void name(unsigned int vcpu, __attribute__((unused)) void *data_)
#define ON_TB(name, tb) \
	void name(struct qemu_plugin_tb *tb, __attribute__((unused)) void *data_)
#define ON_EXIT(name) void name(__attribute__((unused)) void *data_)

void qemu_plugin_register_vcpu_init_cb(qemu_plugin_id_t id,
				       void (*cb)(unsigned int, void *), void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*cb)(struct qemu_plugin_tb *, void *),
					   void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*cb)(void *),
				    void *data);
bool qemu_plugin_read_register(struct qemu_plugin_register *handle, GByteArray *buf);

/* New with API 6: a callback for each interrupt and exception delivered. */
#define HAVE_DISCONTINUITIES
#define QEMU_PLUGIN_DISCON_INTERRUPT 1
typedef int qemu_plugin_discon;
void qemu_plugin_register_vcpu_discon_cb(qemu_plugin_id_t id, qemu_plugin_discon type,
					 void (*cb)(unsigned int, qemu_plugin_discon,
						    uint64_t, uint64_t, void *),
					 void *data);

#define REGISTER_VCPU_INIT(id, cb) qemu_plugin_register_vcpu_init_cb(id, cb, NULL)
#define REGISTER_TB_TRANS(id, cb)  qemu_plugin_register_vcpu_tb_trans_cb(id, cb, NULL)
#define READ_REGISTER(handle, buf) qemu_plugin_read_register(handle, buf)
#endif

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb,
						 size_t idx);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *dest,
			     size_t len);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);

void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  qemu_plugin_exec_cb cb,
					  enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_tb_exec_cond_cb(struct qemu_plugin_tb *tb,
					       qemu_plugin_exec_cb cb,
					       enum qemu_plugin_cb_flags flags,
					       enum qemu_plugin_cond cond,
					       qemu_plugin_u64 entry, uint64_t imm,
					       void *data);
void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(struct qemu_plugin_tb *tb,
						       enum qemu_plugin_op op,
						       qemu_plugin_u64 entry,
						       uint64_t imm);
void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
	struct qemu_plugin_insn *insn, enum qemu_plugin_op op, qemu_plugin_u64 entry,
	uint64_t imm);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    qemu_plugin_exec_cb cb,
					    enum qemu_plugin_cb_flags flags,
					    void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
				      qemu_plugin_mem_cb cb,
				      enum qemu_plugin_cb_flags flags,
				      enum qemu_plugin_mem_rw rw, void *data);
unsigned int qemu_plugin_mem_size_shift(qemu_plugin_meminfo_t info);
qemu_plugin_mem_value qemu_plugin_mem_get_value(qemu_plugin_meminfo_t info);

GArray *qemu_plugin_get_registers(void);
bool qemu_plugin_read_memory_vaddr(uint64_t addr, GByteArray *data, size_t len);

struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t element_size);
void *qemu_plugin_scoreboard_find(struct qemu_plugin_scoreboard *score,
				  unsigned int vcpu);

GByteArray *g_byte_array_sized_new(unsigned int reserved);
GByteArray *g_byte_array_set_size(GByteArray *array, unsigned int length);
char *g_array_free(GArray *array, int free_segment);

#endif /* RECORDER_QEMU_API_H */
