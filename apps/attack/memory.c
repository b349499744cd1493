// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memory.c - have the kernel write ukl_mode, or the application's text, for us
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

/* Bytes 2 0 0 0, as ukl_mode would have them */
static uint32_t two = 2;

static bool read_refused(unsigned long addr)
{
	int fd = open("/dev/zero", O_RDONLY);
	bool ok = read(fd, (void *)addr, 4) == -1 && errno == EFAULT;

	close(fd);
	return ok && getrandom((void *)addr, 4, 0) == -1 && errno == EFAULT;
}

static bool write_refused(unsigned long addr)
{
	int fds[2];
	bool ok;

	if (pipe(fds))
		return false;
	ok = write(fds[1], (void *)addr, 4) == -1 && errno == EFAULT;
	close(fds[0]);
	close(fds[1]);
	return ok;
}

static bool vm_refused(unsigned long addr)
{
	struct iovec from = { &two, sizeof(two) }, to = { (void *)addr, sizeof(two) };

	return syscall(SYS_process_vm_writev, getpid(), &from, 1ul, &to, 1ul, 0ul) == -1 &&
	       errno == EFAULT;
}

static bool proc_mem_refused(unsigned long addr)
{
	int fd = open("/proc/self/mem", O_RDWR);
	bool ok = lseek(fd, (off_t)addr, SEEK_SET) == (off_t)addr &&
		  write(fd, &two, sizeof(two)) == -1 && errno == EIO;

	close(fd);
	return ok;
}

/* FUTEX_WAKE_OP stores to its second word: here "set it to 2". */
static bool futex_refused(unsigned long addr)
{
	static uint32_t word;

	return syscall(SYS_futex, &word, FUTEX_WAKE_OP, 1, 1ul, addr,
		       FUTEX_OP(FUTEX_OP_SET, 2, FUTEX_OP_CMP_EQ, 0)) == -1 &&
	       errno == EFAULT;
}

static void exit_with_tid_there(const void *addr)
{
	syscall(SYS_set_tid_address, *(const unsigned long *)addr);
}

/* At its end the kernel would clear the word and wake: the store fails, unseen. */
static bool tid_refused(unsigned long addr)
{
	return in_child(exit_with_tid_there, &addr) == 0;
}

static bool mapping_refused(unsigned long addr)
{
	void *at = (void *)(addr & ~4095ul);

	return mmap(at, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED &&
	       mprotect(at, 4096, PROT_READ | PROT_WRITE | PROT_EXEC) == -1 &&
	       munmap(at, 4096) == -1;
}

static bool uffd_refused(unsigned long addr)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { { addr & ~4095ul, 4096 },
				       UFFDIO_REGISTER_MODE_MISSING, 0 };
	struct uffdio_copy copy = { addr & ~4095ul, (unsigned long)&two & ~4095ul, 4096,
				    0, 0 };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	bool ok = fd >= 0 && !ioctl(fd, UFFDIO_API, &api) &&
		  ioctl(fd, UFFDIO_REGISTER, &reg) == -1 && errno == EINVAL &&
		  ioctl(fd, UFFDIO_COPY, &copy) == -1 && errno == EINVAL;

	close(fd);
	return ok;
}

static bool tracer_refused(unsigned long addr)
{
	pid_t child = fork();
	bool ok;
	int status;

	if (!child) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(child, &status, 0);
	ok = ptrace(PTRACE_POKEDATA, child, addr, 2) == -1 && errno == EIO;
	ptrace(PTRACE_CONT, child, NULL, NULL);
	waitpid(child, &status, 0);
	return ok && WIFEXITED(status);
}

static bool each(bool (*refused)(unsigned long))
{
	for (int t = 0; t < TARGETS; t++) {
		if (!refused(attacker.target[t]))
			return false;
	}
	return true;
}

/* Directories of the kernel's knobs: none of the names is about UKL. */
static bool no_knob(void)
{
	return system("! find /proc/sys /sys -iname '*ukl*' 2>/dev/null | grep -q .") == 0;
}

void attack_memory(void)
{
	check("read() and getrandom() into kernel memory: EFAULT", each(read_refused));
	check("write() from there: EFAULT", each(write_refused));
	check("process_vm_writev() there: EFAULT", each(vm_refused));
	check("/proc/self/mem there: EIO", each(proc_mem_refused));
	check("FUTEX_WAKE_OP on a word there: EFAULT", each(futex_refused));
	check("set_tid_address() there, then exit: nothing", each(tid_refused));
	check("PTRACE_POKEDATA there: EIO", each(tracer_refused));
	check("mmap(), mprotect(), munmap() there: refused", each(mapping_refused));
	check("userfaultfd there: EINVAL", each(uffd_refused));
	check("no file of /proc/sys or /sys is about UKL", no_knob());
}
