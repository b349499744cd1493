// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * opcodes.c - which instructions matter, from their bytes
 *
 * Capstone decodes, but it is asked only about instructions whose first bytes
 * make it worth while: nearly every instruction of the kernel comes past here
 * once.  Translation may happen on several threads, so Capstone has a lock.
 */
#include <capstone/capstone.h>
#include <pthread.h>

#include "recorder.h"

static csh capstone;
static cs_insn *decoded;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

int opcodes_init(struct ukl_error *err)
{
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &capstone) != CS_ERR_OK)
		return ukl_error_set(
			err, UKL_ERR_NOMEM, "", UKL_NOWHERE,
			"Capstone cannot decode x86-64; install a libcapstone"
			" that can");
	cs_option(capstone, CS_OPT_DETAIL, CS_OPT_ON);
	decoded = cs_malloc(capstone);
	return decoded ? 0 : ukl_error_set(err, UKL_ERR_NOMEM, "", UKL_NOWHERE,
					   "not enough memory to decode instructions");
}

/* General registers in the order of their x86 numbers. */
static const struct {
	x86_reg r64, r32;
	uint8_t slot;
} registers[] = {
	{X86_REG_RAX, X86_REG_EAX, UKL_S_ax},	{X86_REG_RCX, X86_REG_ECX, UKL_S_cx},
	{X86_REG_RDX, X86_REG_EDX, UKL_S_dx},	{X86_REG_RBX, X86_REG_EBX, UKL_S_bx},
	{X86_REG_RSP, X86_REG_ESP, UKL_S_sp},	{X86_REG_RBP, X86_REG_EBP, UKL_S_bp},
	{X86_REG_RSI, X86_REG_ESI, UKL_S_si},	{X86_REG_RDI, X86_REG_EDI, UKL_S_di},
	{X86_REG_R8, X86_REG_R8D, UKL_S_r8},	{X86_REG_R9, X86_REG_R9D, UKL_S_r9},
	{X86_REG_R10, X86_REG_R10D, UKL_S_r10}, {X86_REG_R11, X86_REG_R11D, UKL_S_r11},
	{X86_REG_R12, X86_REG_R12D, UKL_S_r12}, {X86_REG_R13, X86_REG_R13D, UKL_S_r13},
	{X86_REG_R14, X86_REG_R14D, UKL_S_r14}, {X86_REG_R15, X86_REG_R15D, UKL_S_r15},
};

static uint8_t slot_of(unsigned int reg)
{
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		if (registers[i].r64 == reg || registers[i].r32 == reg)
			return registers[i].slot;
	return UKL_STATE_SLOTS;
}

static const cs_insn *decode(const uint8_t *bytes, size_t len, uint64_t pc)
{
	return cs_disasm_iter(capstone, &bytes, &len, &pc, decoded) ? decoded : NULL;
}

static const struct {
	unsigned int id;
	enum probe_kind kind;
} system_insn[] = {
	{ X86_INS_IRETQ, PROBE_IRET },
	{ X86_INS_SYSRET, PROBE_SYSRET },
	{ X86_INS_SYSEXIT, PROBE_SYSEXIT },
	{ X86_INS_SWAPGS, PROBE_SWAPGS },
	{ X86_INS_WRMSR, PROBE_WRMSR },
	{ X86_INS_WRFSBASE, PROBE_WRFSBASE },
	{ X86_INS_WRGSBASE, PROBE_WRGSBASE },
	{ X86_INS_LIDT, PROBE_LIDT },
};

/* First bytes of all of the above and of MOV to a control register. */
static bool may_be_system(const uint8_t *bytes, size_t len)
{
	while (len &&
	       (bytes[0] == 0xf3 || bytes[0] == 0x66 || (bytes[0] & 0xf0) == 0x40)) {
		bytes++;
		len--;
	}
	if (len && bytes[0] == 0xcf)
		return true;
	if (len < 2 || bytes[0] != 0x0f)
		return false;
	switch (bytes[1]) {
	case 0x01: case 0x07: case 0x22: case 0x30: case 0x35: case 0xae:
		return true;
	default:
		return false;
	}
}

static void system_kind(const cs_insn *insn, struct opcode *op)
{
	const cs_x86_op *operand = insn->detail->x86.operands;

	for (size_t i = 0; i < sizeof(system_insn) / sizeof(system_insn[0]); i++)
		if (system_insn[i].id == insn->id)
			op->kind = system_insn[i].kind;
	if (insn->id == X86_INS_MOV && insn->detail->x86.op_count == 2 &&
	    operand[0].type == X86_OP_REG && operand[0].reg >= X86_REG_CR0 &&
	    operand[0].reg <= X86_REG_CR15) {
		op->kind = PROBE_MOV_CR;
		op->which = (uint8_t)(operand[0].reg - X86_REG_CR0);
		op->reg = slot_of(operand[1].reg);
	} else if (op->kind == PROBE_WRFSBASE || op->kind == PROBE_WRGSBASE) {
		op->reg = slot_of(operand[0].reg);
	}
}

bool opcode_system(const uint8_t *bytes, size_t len, uint64_t pc, struct opcode *op)
{
	const cs_insn *insn;

	*op = (struct opcode){ .kind = PROBE_NONE };
	if (!may_be_system(bytes, len))
		return false;
	pthread_mutex_lock(&lock);
	insn = decode(bytes, len, pc);
	if (insn)
		system_kind(insn, op);
	pthread_mutex_unlock(&lock);
	return op->kind != PROBE_NONE;
}

static void branch_kind(const cs_insn *insn, struct opcode *op)
{
	const cs_x86_op *operand = insn->detail->x86.operands;

	if (cs_insn_group(capstone, insn, CS_GRP_RET)) {
		op->kind = PROBE_EDGE_RET;
	} else if (!cs_insn_group(capstone, insn, CS_GRP_JUMP) &&
		   !cs_insn_group(capstone, insn, CS_GRP_CALL)) {
		return;
	} else if (operand[0].type == X86_OP_IMM) {
		op->kind = PROBE_EDGE_DIRECT;
		op->target = (uint64_t)operand[0].imm;
	} else if (operand[0].type == X86_OP_REG) {
		op->kind = PROBE_EDGE_REG;
		op->reg = slot_of(operand[0].reg);
	} else if (operand[0].type == X86_OP_MEM) {
		op->kind = PROBE_EDGE_MEM;
	}
}

bool opcode_branch(const uint8_t *bytes, size_t len, uint64_t pc, struct opcode *op)
{
	const cs_insn *insn;

	*op = (struct opcode){ .kind = PROBE_NONE };
	pthread_mutex_lock(&lock);
	insn = decode(bytes, len, pc);
	if (insn)
		branch_kind(insn, op);
	pthread_mutex_unlock(&lock);
	return op->kind != PROBE_NONE;
}

/* The first operand is memory and not only read. */
bool opcode_stores(const uint8_t *bytes, size_t len, uint64_t pc)
{
	const cs_insn *insn;
	bool stores;

	pthread_mutex_lock(&lock);
	insn = decode(bytes, len, pc);
	stores = insn && insn->detail->x86.op_count &&
		 insn->detail->x86.operands[0].type == X86_OP_MEM &&
		 insn->detail->x86.operands[0].access & CS_AC_WRITE;
	pthread_mutex_unlock(&lock);
	return stores;
}
