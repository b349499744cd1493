/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calls.c - the system calls of x86-64 and how they are compared; see calls.h
 */
#include "calls.h"

#include <inttypes.h>
#include <string.h>

static const struct {
	char letter;
	const char *meaning;
} letters[] = {
	{ 'v', "the value" },
	{ 'i', "its low 32 bits: descriptors, flags, signals" },
	{ 'p', "an address: only whether it is 0" },
	{ 'e', "a result: the error, or that there is none; the number is a pid, an address,"
	       " a time or a size of the kernel's own" },
	{ '-', "not at all: pids, times, addresses, and what depends on them or is not"
	       " always looked at" },
	{ 'x', "the call is left out: the scheduler decides how often it is made, or ring 3"
	       " asks its vdso instead" },
};

/* By number. */
static const struct ukl_call calls[] = {
	[0] = { "read", "ipv", 'v' },
	[1] = { "write", "ipv", 'v' },
	[2] = { "open", "pi-", 'v' },
	[3] = { "close", "i", 'v' },
	[4] = { "stat", "pp", 'v' },
	[5] = { "fstat", "ip", 'v' },
	[6] = { "lstat", "pp", 'v' },
	[7] = { "poll", "pii", 'v' },
	[8] = { "lseek", "ivi", 'v' },
	[9] = { "mmap", "pviiiv", 'e' },
	[10] = { "mprotect", "pvi", 'v' },
	[11] = { "munmap", "pv", 'v' },
	[12] = { "brk", "-", '-' },
	[13] = { "rt_sigaction", "ippv", 'v' },
	[14] = { "rt_sigprocmask", "ippv", 'v' },
	[15] = { "rt_sigreturn", "", '-' },
	[16] = { "ioctl", "ii-", 'v' },
	[17] = { "pread64", "ipvv", 'v' },
	[18] = { "pwrite64", "ipvv", 'v' },
	[19] = { "readv", "ipi", 'v' },
	[20] = { "writev", "ipi", 'v' },
	[21] = { "access", "pi", 'v' },
	[22] = { "pipe", "p", 'v' },
	[23] = { "select", "ipppp", 'v' },
	[24] = { "sched_yield", "", 'x' },
	[25] = { "mremap", "pvvi-", 'e' },
	[26] = { "msync", "pvi", 'v' },
	[27] = { "mincore", "pvp", 'v' },
	[28] = { "madvise", "pvi", 'v' },
	[32] = { "dup", "i", 'v' },
	[33] = { "dup2", "ii", 'v' },
	[34] = { "pause", "", 'v' },
	[35] = { "nanosleep", "pp", 'v' },
	[36] = { "getitimer", "ip", 'v' },
	[37] = { "alarm", "i", 'e' },
	[38] = { "setitimer", "ipp", 'v' },
	[39] = { "getpid", "", 'e' },
	[40] = { "sendfile", "iipv", 'v' },
	[41] = { "socket", "iii", 'v' },
	[42] = { "connect", "ipi", 'v' },
	[43] = { "accept", "ipp", 'v' },
	[44] = { "sendto", "ipvipi", 'v' },
	[45] = { "recvfrom", "ipvipp", 'v' },
	[46] = { "sendmsg", "ipi", 'v' },
	[47] = { "recvmsg", "ipi", 'v' },
	[48] = { "shutdown", "ii", 'v' },
	[49] = { "bind", "ipi", 'v' },
	[50] = { "listen", "ii", 'v' },
	[51] = { "getsockname", "ipp", 'v' },
	[52] = { "getpeername", "ipp", 'v' },
	[53] = { "socketpair", "iiip", 'v' },
	[54] = { "setsockopt", "iiipi", 'v' },
	[55] = { "getsockopt", "iiipp", 'v' },
	[56] = { "clone", "vpppp", 'e' },
	[57] = { "fork", "", 'e' },
	[58] = { "vfork", "", 'e' },
	[59] = { "execve", "ppp", 'v' },
	[60] = { "exit", "i", '-' },
	[61] = { "wait4", "-pip", 'e' },
	[62] = { "kill", "-i", 'v' },
	[63] = { "uname", "p", 'v' },
	[72] = { "fcntl", "ii-", 'v' },
	[73] = { "flock", "ii", 'v' },
	[74] = { "fsync", "i", 'v' },
	[75] = { "fdatasync", "i", 'v' },
	[76] = { "truncate", "pv", 'v' },
	[77] = { "ftruncate", "iv", 'v' },
	[78] = { "getdents", "ipi", 'v' },
	[79] = { "getcwd", "pv", 'v' },
	[80] = { "chdir", "p", 'v' },
	[81] = { "fchdir", "i", 'v' },
	[82] = { "rename", "pp", 'v' },
	[83] = { "mkdir", "pi", 'v' },
	[84] = { "rmdir", "p", 'v' },
	[85] = { "creat", "pi", 'v' },
	[86] = { "link", "pp", 'v' },
	[87] = { "unlink", "p", 'v' },
	[88] = { "symlink", "pp", 'v' },
	[89] = { "readlink", "ppi", 'v' },
	[90] = { "chmod", "pi", 'v' },
	[91] = { "fchmod", "ii", 'v' },
	[92] = { "chown", "pii", 'v' },
	[93] = { "fchown", "iii", 'v' },
	[94] = { "lchown", "pii", 'v' },
	[95] = { "umask", "i", 'v' },
	[96] = { "gettimeofday", "", 'x' },
	[97] = { "getrlimit", "ip", 'v' },
	[98] = { "getrusage", "ip", 'v' },
	[99] = { "sysinfo", "p", 'v' },
	[100] = { "times", "p", 'e' },
	[102] = { "getuid", "", 'v' },
	[104] = { "getgid", "", 'v' },
	[105] = { "setuid", "i", 'v' },
	[106] = { "setgid", "i", 'v' },
	[107] = { "geteuid", "", 'v' },
	[108] = { "getegid", "", 'v' },
	[109] = { "setpgid", "--", 'v' },
	[110] = { "getppid", "", 'e' },
	[111] = { "getpgrp", "", 'e' },
	[112] = { "setsid", "", 'e' },
	[113] = { "setreuid", "ii", 'v' },
	[114] = { "setregid", "ii", 'v' },
	[115] = { "getgroups", "ip", 'v' },
	[116] = { "setgroups", "ip", 'v' },
	[117] = { "setresuid", "iii", 'v' },
	[118] = { "getresuid", "ppp", 'v' },
	[119] = { "setresgid", "iii", 'v' },
	[120] = { "getresgid", "ppp", 'v' },
	[121] = { "getpgid", "-", 'e' },
	[124] = { "getsid", "-", 'e' },
	[125] = { "capget", "pp", 'v' },
	[126] = { "capset", "pp", 'v' },
	[127] = { "rt_sigpending", "pv", 'v' },
	[128] = { "rt_sigtimedwait", "pppv", 'v' },
	[129] = { "rt_sigqueueinfo", "-ip", 'v' },
	[130] = { "rt_sigsuspend", "pv", 'v' },
	[131] = { "sigaltstack", "pp", 'v' },
	[132] = { "utime", "pp", 'v' },
	[133] = { "mknod", "pii", 'v' },
	[135] = { "personality", "i", 'v' },
	[137] = { "statfs", "pp", 'v' },
	[138] = { "fstatfs", "ip", 'v' },
	[140] = { "getpriority", "i-", 'v' },
	[141] = { "setpriority", "i-i", 'v' },
	[149] = { "mlock", "pv", 'v' },
	[150] = { "munlock", "pv", 'v' },
	[157] = { "prctl", "i----", 'v' },
	[158] = { "arch_prctl", "ip", 'v' },
	[160] = { "setrlimit", "ip", 'v' },
	[161] = { "chroot", "p", 'v' },
	[162] = { "sync", "", 'v' },
	[186] = { "gettid", "", 'e' },
	[200] = { "tkill", "-i", 'v' },
	[201] = { "time", "", 'x' },
	[202] = { "futex", "", 'x' },
	[203] = { "sched_setaffinity", "-vp", 'v' },
	[204] = { "sched_getaffinity", "-vp", 'e' },
	[213] = { "epoll_create", "i", 'v' },
	[217] = { "getdents64", "ipi", 'v' },
	[218] = { "set_tid_address", "p", 'e' },
	[219] = { "restart_syscall", "", 'x' },
	[221] = { "fadvise64", "ivvi", 'v' },
	[222] = { "timer_create", "ipp", 'v' },
	[223] = { "timer_settime", "iipp", 'v' },
	[226] = { "timer_delete", "i", 'v' },
	[228] = { "clock_gettime", "", 'x' },
	[229] = { "clock_getres", "", 'x' },
	[230] = { "clock_nanosleep", "iipp", 'v' },
	[231] = { "exit_group", "i", '-' },
	[232] = { "epoll_wait", "ipii", 'v' },
	[233] = { "epoll_ctl", "iiip", 'v' },
	[234] = { "tgkill", "--i", 'v' },
	[235] = { "utimes", "pp", 'v' },
	[247] = { "waitid", "i-pip", 'v' },
	[257] = { "openat", "ipi-", 'v' },
	[258] = { "mkdirat", "ipi", 'v' },
	[259] = { "mknodat", "ipii", 'v' },
	[260] = { "fchownat", "ipiii", 'v' },
	[262] = { "newfstatat", "ippi", 'v' },
	[263] = { "unlinkat", "ipi", 'v' },
	[264] = { "renameat", "ipip", 'v' },
	[265] = { "linkat", "ipipi", 'v' },
	[266] = { "symlinkat", "pip", 'v' },
	[267] = { "readlinkat", "ippi", 'v' },
	[268] = { "fchmodat", "ipi", 'v' },
	[269] = { "faccessat", "ipi", 'v' },
	[270] = { "pselect6", "ippppp", 'v' },
	[271] = { "ppoll", "pippv", 'v' },
	[273] = { "set_robust_list", "pv", 'v' },
	[275] = { "splice", "ipipvi", 'v' },
	[276] = { "tee", "iivi", 'v' },
	[277] = { "sync_file_range", "ivvi", 'v' },
	[280] = { "utimensat", "ippi", 'v' },
	[281] = { "epoll_pwait", "ipiipv", 'v' },
	[282] = { "signalfd", "ipv", 'v' },
	[283] = { "timerfd_create", "ii", 'v' },
	[284] = { "eventfd", "i", 'v' },
	[285] = { "fallocate", "iivv", 'v' },
	[286] = { "timerfd_settime", "iipp", 'v' },
	[287] = { "timerfd_gettime", "ip", 'v' },
	[288] = { "accept4", "ippi", 'v' },
	[289] = { "signalfd4", "ipvi", 'v' },
	[290] = { "eventfd2", "ii", 'v' },
	[291] = { "epoll_create1", "i", 'v' },
	[292] = { "dup3", "iii", 'v' },
	[293] = { "pipe2", "pi", 'v' },
	[295] = { "preadv", "ipiv", 'v' },
	[296] = { "pwritev", "ipiv", 'v' },
	[297] = { "rt_tgsigqueueinfo", "--ip", 'v' },
	[302] = { "prlimit64", "-ipp", 'v' },
	[306] = { "syncfs", "i", 'v' },
	[307] = { "sendmmsg", "ipii", 'v' },
	[309] = { "getcpu", "", 'x' },
	[310] = { "process_vm_readv", "-pvpvv", 'v' },
	[311] = { "process_vm_writev", "-pvpvv", 'v' },
	[316] = { "renameat2", "ipipi", 'v' },
	[318] = { "getrandom", "pvi", 'v' },
	[319] = { "memfd_create", "pi", 'v' },
	[322] = { "execveat", "ipppi", 'v' },
	[324] = { "membarrier", "iii", 'v' },
	[325] = { "mlock2", "pvi", 'v' },
	[326] = { "copy_file_range", "ipipvi", 'v' },
	[327] = { "preadv2", "ipivvi", 'v' },
	[328] = { "pwritev2", "ipivvi", 'v' },
	[332] = { "statx", "ipiip", 'v' },
	[334] = { "rseq", "pviv", 'v' },
	[424] = { "pidfd_send_signal", "iipi", 'v' },
	[425] = { "io_uring_setup", "ip", 'v' },
	[426] = { "io_uring_enter", "iiiipv", 'v' },
	[427] = { "io_uring_register", "iipi", 'v' },
	[434] = { "pidfd_open", "-i", 'v' },
	[435] = { "clone3", "pv", 'e' },
	[436] = { "close_range", "iii", 'v' },
	[437] = { "openat2", "ippv", 'v' },
	[439] = { "faccessat2", "ipii", 'v' },
	[441] = { "epoll_pwait2", "ipippv", 'v' },
};

#define N_CALLS (sizeof(calls) / sizeof(calls[0]))
/* Errors are the last page of numbers. */
#define MIN_ERROR ((uint64_t)-4095)

const struct ukl_call *ukl_call_find(uint32_t nr)
{
	static const struct ukl_call other = { NULL, "", 'e' };

	return nr < N_CALLS && calls[nr].name ? &calls[nr] : &other;
}

static bool same(char rule, uint64_t a, uint64_t b)
{
	switch (rule) {
	case 'v':
		return a == b;
	case 'i':
		return (uint32_t)a == (uint32_t)b;
	case 'p':
		return !a == !b;
	case 'e':
		return a == b || (a < MIN_ERROR && b < MIN_ERROR);
	}
	return true;
}

bool ukl_call_same_args(uint32_t nr, const uint64_t *a, const uint64_t *b)
{
	const char *rule = ukl_call_find(nr)->args;

	for (unsigned int i = 0; rule[i]; i++) {
		if (!same(rule[i], a[i], b[i]))
			return false;
	}
	return true;
}

bool ukl_call_same_result(uint32_t nr, uint64_t a, uint64_t b)
{
	return same(ukl_call_find(nr)->result, a, b);
}

void ukl_call_name(FILE *out, uint32_t nr)
{
	const struct ukl_call *call = ukl_call_find(nr);

	if (call->name)
		fputs(call->name, out);
	else
		fprintf(out, "call %" PRIu32, nr);
}

static void put_arg(FILE *out, char rule, uint64_t value)
{
	if (rule == 'p' && value)
		fputs("&", out);
	else if (rule == '-')
		fputs(".", out);
	else
		fprintf(out, "0x%" PRIx64, rule == 'i' ? (uint32_t)value : value);
}

void ukl_call_text(FILE *out, uint32_t nr, const uint64_t *args)
{
	const char *rule = ukl_call_find(nr)->args;

	ukl_call_name(out, nr);
	fputc('(', out);
	for (unsigned int i = 0; rule[i]; i++) {
		fputs(i ? ", " : "", out);
		put_arg(out, rule[i], args[i]);
	}
	fputc(')', out);
}

void ukl_call_result_text(FILE *out, uint32_t nr, uint64_t result)
{
	ukl_call_name(out, nr);
	if (result >= MIN_ERROR)
		fprintf(out, " = -%" PRIu64, -result);
	else
		fprintf(out, " = 0x%" PRIx64, result);
}

void ukl_call_rules(FILE *out)
{
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		fprintf(out, "# %c %s\n", letters[i].letter, letters[i].meaning);
	for (uint32_t nr = 0; nr < N_CALLS; nr++) {
		if (calls[nr].name)
			fprintf(out, "%3" PRIu32 " %-20s %-6s %c\n", nr, calls[nr].name,
				*calls[nr].args ? calls[nr].args : ".", calls[nr].result);
	}
}
