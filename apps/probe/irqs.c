// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * irqs.c - interrupts of the tick and of devices, caused and counted: none is lost
 *
 * Meanwhile the program computes, makes system calls and page faults, so that they
 * strike it wherever it can be.  A guest without network or serial line is told.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "probe.h"

static volatile sig_atomic_t rings;

static void ring(int sig)
{
	(void)sig;
	rings++;
}

static long us_of(struct timeval t)
{
	return t.tv_sec * 1000000 + t.tv_usec;
}

/* The tick asks whom it interrupted: the application's time is user time. */
static void test_accounting(void)
{
	struct itimerval it = { .it_value = { 0, 100000 } };
	struct rusage usage;
	int status;
	pid_t pid = fork();

	if (!pid) {
		rings = 0;
		signal(SIGVTALRM, ring);
		alarm(20);
		setitimer(ITIMER_VIRTUAL, &it, NULL);
		while (!rings)
			;
		_exit(0);
	}
	check("100 ms of its own time: the virtual timer rings",
	      wait4(pid, &status, 0, &usage) == pid && !status);
	check("computing is user's time, not the system's",
	      us_of(usage.ru_utime) > 2 * us_of(usage.ru_stime));
}

/* --- devices --------------------------------------------------------------------------- */

/* The number of the row of /proc/interrupts that ends in that device's name. */
static const char *row_of(const char *device)
{
	FILE *f = fopen("/proc/interrupts", "r");
	static char line[1024];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		found = strlen(line) > strlen(device) &&
			!strcmp(line + strlen(line) - strlen(device), device);
	}
	if (f)
		fclose(f);
	return found ? strtok(line, " :") : NULL;
}

/* Each time the line has fallen silent: the kernel learns that by an interrupt. */
static void test_serial(void)
{
	enum { PIECES = 50, PIECE = 16 };
	int fd = open("/dev/ttyS0", O_WRONLY | O_NOCTTY), n = 0;
	const char *found = row_of("ttyS0");
	char row[16], blanks[PIECE];
	unsigned long before;

	if (fd < 0 || !found) {
		printf("# no serial line\n");
		return;
	}
	strcpy(row, found);
	memset(blanks, '\r', PIECE);
	before = interrupts(row, ALL_CPUS);
	while (n < PIECES && write(fd, blanks, PIECE) == PIECE && !tcdrain(fd))
		n++;
	check("50 pieces to the serial line", n == PIECES);
	check("each by an interrupt of the line's",
	      interrupts(row, ALL_CPUS) - before >= PIECES);
	close(fd);
}

enum { PINGS = 100, PAYLOAD = 1000 };

struct ping {
	struct icmphdr header;
	unsigned char payload[PAYLOAD];
};

static unsigned short checksum(const void *data, size_t size)
{
	const unsigned short *p = data;
	unsigned int sum = 0;

	for (size_t i = 0; i < size / 2; i++)
		sum += p[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (unsigned short)~sum;
}

static void make_ping(struct ping *p, int n)
{
	memset(p, 0, sizeof(*p));
	p->header.type = ICMP_ECHO;
	p->header.un.echo.sequence = htons((unsigned short)n);
	for (int i = 0; i < PAYLOAD; i++)
		p->payload[i] = (unsigned char)(n + i);
	p->header.checksum = checksum(p, sizeof(*p));
}

/* Looks for the answer between pieces of work, without sleeping. */
static bool pinged(int fd, int n)
{
	struct sockaddr_in gateway = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(0x0a000202) };
	struct ping p;
	unsigned char packet[60 + sizeof(p)];
	long since = seconds();
	ssize_t got;

	make_ping(&p, n);
	if (sendto(fd, &p, sizeof(p), 0, (void *)&gateway, sizeof(gateway)) != sizeof(p))
		return false;
	do {
		work();
		got = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);
	} while ((got < 0 || packet[20] != ICMP_ECHOREPLY) && seconds() - since < 20);
	return got == 20 + sizeof(p) &&
	       !memcmp(packet + 20 + sizeof(p.header), p.payload, PAYLOAD);
}

static void test_network(void)
{
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), n = 0;
	const char *found = row_of("virtio0");
	unsigned long before;
	char row[16];

	if (fd < 0 || !found) {
		printf("# no network\n");
		return;
	}
	strcpy(row, found);
	before = interrupts(row, ALL_CPUS);
	while (n < PINGS && pinged(fd, n))
		n++;
	check("100 packets to the gateway, each answered", n == PINGS);
	check("each answer an interrupt of the network's",
	      interrupts(row, ALL_CPUS) - before >= PINGS);
	close(fd);
}

/* --- what others inject ------------------------------------------------------------------ */

static void tell(const char *row, unsigned long n)
{
	printf("storm: %s %lu\n", row, n);
	fflush(stdout);
}

/*
 * "-storm ROW N": works on processor 0 and tells what that row of /proc/interrupts
 * sums up to, at first and when it changes, until it is N more.  Who is told injects the
 * next a little later: every other one into the program, the others mostly into the kernel.
 */
int help_storm(char **argv)
{
	unsigned long told = interrupts(argv[0], ALL_CPUS), n = told;
	unsigned long last = told + strtoul(argv[1], NULL, 0);

	move_to(0, 0);
	tell(argv[0], told);
	while (told < last) {
		for (volatile int i = 0; told % 2 && i < 3000000; i++)
			;
		for (int i = 0; told % 2 == 0 && i < 20; i++)
			work();
		n = interrupts(argv[0], ALL_CPUS);
		if (n != told)
			tell(argv[0], told = n);
	}
	return 0;
}

/* Says so, and makes no system call ever after, on processor 0. */
int help_spin(char **argv)
{
	(void)argv;
	move_to(0, 0);
	printf("spin: begins\n");
	fflush(stdout);
	for (;;)
		;
}

void probe_irqs(void)
{
	test_accounting();
	test_serial();
	test_network();
}
