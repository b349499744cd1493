// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * echo.c - a TCP echo server on epoll; a UKL application and an ordinary program
 *
 *   echo [-w] [-c CONNECTIONS] [PORT]
 *
 * Listens on every IPv4 address (PORT 5555 by default; 0 lets the system choose),
 * prints "echo: listening on port N", and returns each byte to its sender until
 * the sender closes its half.  With -c it ends after that many connections are
 * closed, with status 0 and a line of totals.  With -w it has an io worker, a thread
 * in the kernel that waits for as long as the server lives.
 *
 * One thread, non-blocking sockets, level-triggered epoll.  A connection owns one
 * buffer and waits either for input (buffer empty) or for room in its socket
 * (buffer not empty), never for both, so a peer that does not read only stops its
 * own connection.
 *
 * Exit status: 0 done; 1 a system call failed (named); 2 usage; 3 static data is
 * not as the linker left it, that is, an earlier run shows through.
 */
#include <errno.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEFAULT_PORT	5555
#define MAX_FDS		1024		/* connections are found by descriptor */
#define BUFFER_BYTES	(16 * 1024 - 32)
#define SNDBUF_BYTES	(32 * 1024)	/* bounds what a silent peer can pin */
#define BATCH		64		/* events taken per epoll_wait() */

struct connection {
	int fd;				/* 0: free (0 is never a socket here) */
	int at_eof;			/* the peer sends no more */
	uint32_t head, tail;		/* buf[head .. tail) is to be sent */
	uint32_t interest;		/* what epoll waits for */
	char buf[BUFFER_BYTES];
};

struct server {
	int listener, epoll;
	struct connection *conn;	/* MAX_FDS of them, paged in as used */
	unsigned long closed, bytes;
	unsigned long stop_after;	/* connections; 0: never */
};

/* What a second run must find as the first one found it. */
static unsigned long fresh_data = 0x5eed;
static unsigned long fresh_bss;
static __thread unsigned long fresh_tls = 0x715;

static void die(const char *what)
{
	dprintf(2, "echo: %s failed: errno %d\n", what, errno);
	exit(1);
}

static int check(int ret, const char *what)
{
	if (ret < 0)
		die(what);
	return ret;
}

static void check_fresh(void)
{
	if (fresh_data != 0x5eed || fresh_bss || fresh_tls != 0x715) {
		dprintf(2, "echo: static data is stale: data=%lx bss=%lx tls=%lx\n",
			fresh_data, fresh_bss, fresh_tls);
		exit(3);
	}
	fresh_data++;
	fresh_bss++;
	fresh_tls++;
}

static void watch(struct server *s, int op, struct connection *c, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = c };

	check(epoll_ctl(s->epoll, op, c->fd, &ev), "epoll_ctl");
	c->interest = events;
}

static void close_connection(struct server *s, struct connection *c)
{
	close(c->fd);			/* leaves the epoll set by itself */
	c->fd = 0;
	s->closed++;
}

/* Sends what is buffered; returns -1 when the connection broke. */
static int drain(struct server *s, struct connection *c)
{
	ssize_t n;

	while (c->head < c->tail) {
		n = send(c->fd, c->buf + c->head, c->tail - c->head, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		c->head += (uint32_t)n;
		s->bytes += (unsigned long)n;
	}
	return 0;
}

/* Takes what the peer sent; returns -1 when the connection broke. */
static int fill(struct connection *c)
{
	ssize_t n;

	do
		n = read(c->fd, c->buf, BUFFER_BYTES);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	c->head = 0;
	c->tail = (uint32_t)n;
	c->at_eof = n == 0;
	return 0;
}

static void serve(struct server *s, struct connection *c)
{
	int broken = 0;
	uint32_t want;

	if (c->head == c->tail)
		broken = fill(c);
	if (!broken)
		broken = drain(s, c);
	if (broken || (c->at_eof && c->head == c->tail)) {
		close_connection(s, c);
		return;
	}
	want = c->head < c->tail ? EPOLLOUT : EPOLLIN;
	if (want != c->interest)
		watch(s, EPOLL_CTL_MOD, c, want);
}

static void accept_all(struct server *s)
{
	struct connection *c;
	int fd;

	for (;;) {
		fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0)
			break;
		if (fd >= MAX_FDS) {	/* more peers than we have room for */
			close(fd);
			s->closed++;
			continue;
		}
		c = &s->conn[fd];
		c->fd = fd;
		c->head = c->tail = 0;
		c->at_eof = 0;
		watch(s, EPOLL_CTL_ADD, c, EPOLLIN);
	}
	if (errno != EAGAIN && errno != EMFILE && errno != ENFILE)
		die("accept4");
}

static int open_listener(int port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_ANY),
	};
	socklen_t len = sizeof(addr);
	int on = 1, sndbuf = SNDBUF_BYTES;
	int fd = check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
		       "socket");

	check(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), "setsockopt");
	check(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sndbuf, sizeof(sndbuf)),
	      "setsockopt");	/* accepted sockets inherit it */
	check(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), "bind");
	check(listen(fd, 128), "listen");
	check(getsockname(fd, (struct sockaddr *)&addr, &len), "getsockname");
	dprintf(1, "echo: listening on port %d\n", ntohs(addr.sin_port));
	return fd;
}

static void *map_ring(int ring, off_t what)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring, what);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

/* A read that never ends, and must not be tried by the caller */
static void start_worker(void)
{
	static char byte;
	struct io_uring_params p = { 0 };
	int ring = check((int)syscall(SYS_io_uring_setup, 1, &p), "io_uring_setup");
	char *queue = map_ring(ring, IORING_OFF_SQ_RING);
	struct io_uring_sqe *sqe = map_ring(ring, IORING_OFF_SQES);
	int fds[2];

	check((int)syscall(SYS_pipe2, fds, 0), "pipe2");
	sqe->opcode = IORING_OP_READ;
	sqe->flags = IOSQE_ASYNC;
	sqe->fd = fds[0];
	sqe->addr = (unsigned long)&byte;
	sqe->len = 1;
	*(unsigned int *)(queue + p.sq_off.array) = 0;
	*(unsigned int *)(queue + p.sq_off.tail) = 1;
	check((int)syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0), "io_uring_enter");
}

static void server_init(struct server *s, int port, unsigned long stop_after)
{
	size_t size = MAX_FDS * sizeof(struct connection);
	struct connection *conn = mmap(NULL, size, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
				       -1, 0);
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL };

	if (conn == MAP_FAILED)
		die("mmap");
	*s = (struct server){
		.conn = conn,
		.stop_after = stop_after,
		.epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1"),
		.listener = open_listener(port),
	};
	check(epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->listener, &ev), "epoll_ctl");
}

static void server_run(struct server *s)
{
	struct epoll_event ev[BATCH];
	int i, n;

	while (!s->stop_after || s->closed < s->stop_after) {
		n = epoll_wait(s->epoll, ev, BATCH, -1);
		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (i = 0; i < n; i++) {
			if (ev[i].data.ptr)
				serve(s, ev[i].data.ptr);
			else
				accept_all(s);
		}
	}
}

static void server_deinit(struct server *s)
{
	close(s->listener);
	close(s->epoll);
	munmap(s->conn, MAX_FDS * sizeof(struct connection));
}

static unsigned long number(const char *text, unsigned long max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!*text || *text == '-' || *end || value > max) {
		dprintf(2, "echo: \"%s\" is not a number from 0 to %lu\n"
			"usage: echo [-w] [-c CONNECTIONS] [PORT]\n", text, max);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	struct server s;
	unsigned long stop_after = 0, port = DEFAULT_PORT;
	int i;

	check_fresh();
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-w"))
			start_worker();
		else if (!strcmp(argv[i], "-c"))
			stop_after = number(i + 1 < argc ? argv[++i] : "", 1000000000);
		else
			port = number(argv[i], 65535);
	}
	server_init(&s, (int)port, stop_after);
	server_run(&s);
	server_deinit(&s);
	dprintf(1, "echo: connections=%lu bytes=%lu\n", s.closed, s.bytes);
	return 0;
}
