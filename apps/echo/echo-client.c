// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * echo-client.c - load an echo server and compare every byte that comes back
 *
 *   echo-client [-h ADDRESS] [-p PORT] [-c CONNECTIONS] [-b BYTES] [-s SEED]
 *               [-t SECONDS]
 *
 * Opens CONNECTIONS (8) connections at once to ADDRESS (127.0.0.1) PORT (5555)
 * and sends BYTES (100000) pseudo-random bytes over each, in messages of many
 * sizes.  Connections with even numbers wait for each message's echo before the
 * next (request and response); odd ones read only while they cannot send, behind
 * a small receive buffer, so that the server meets full sockets (backpressure).
 * Each then closes its sending half and expects end of file after BYTES bytes.
 * Runs in the guest beside the server and on the host outside it; SEED makes
 * payloads differ and repeatable.
 *
 * Prints "echo-client: connections=C bytes=B: all equal".  Exit status: 0 all
 * equal; 1 a difference, a short echo, a refused connection or no end within
 * SECONDS (60), each named; 2 usage.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 512
#define CHUNK		65536

struct options {
	struct sockaddr_in server;
	unsigned long connections, bytes, seed, seconds;
};

/* xorshift64*: the same seed gives sender and comparer the same bytes. */
struct generator {
	uint64_t state;
};

struct flow {
	int fd;
	int streaming;
	unsigned long sent, received, total;
	unsigned long message_end;	/* sent == message_end: between messages */
	struct generator data, expected, sizes;
	unsigned char pending[CHUNK];	/* generated, not yet taken by the socket */
	size_t head, tail;
};

static const unsigned int message_sizes[] = {
	1, 2, 3, 7, 64, 511, 512, 513, 1460, 4095, 4096, 4097, 16384, 65535,
};

#define SIZES (sizeof(message_sizes) / sizeof(message_sizes[0]))

static uint64_t next(struct generator *g)
{
	g->state ^= g->state >> 12;
	g->state ^= g->state << 25;
	g->state ^= g->state >> 27;
	return g->state * 0x2545F4914F6CDD1Dull;
}

static void generate(struct generator *g, unsigned char *buf, size_t n)
{
	while (n--)
		*buf++ = (unsigned char)(next(g) >> 56);
}

static void fail(size_t i, const char *what)
{
	fprintf(stderr, "echo-client: connection %zu: %s\n", i, what);
	exit(1);
}

static void fail_errno(size_t i, const char *what)
{
	fprintf(stderr, "echo-client: connection %zu: %s: %s\n", i, what,
		strerror(errno));
	exit(1);
}

/* Fills pending with the next part of the current message, or starts one. */
static void refill(struct flow *f)
{
	unsigned long size;

	if (f->sent == f->message_end) {
		size = message_sizes[next(&f->sizes) % SIZES];
		if (size > f->total - f->sent)
			size = f->total - f->sent;
		f->message_end = f->sent + size;
	}
	f->head = 0;
	f->tail = f->message_end - f->sent;
	generate(&f->data, f->pending, f->tail);
}

static int may_send(const struct flow *f)
{
	if (f->head < f->tail)
		return 1;
	return f->sent < f->total && (f->streaming || f->received == f->sent);
}

static void send_some(struct flow *f, size_t i)
{
	ssize_t n;

	if (f->head == f->tail)
		refill(f);
	n = send(f->fd, f->pending + f->head, f->tail - f->head,
		 MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		fail_errno(i, "send");
	f->head += (size_t)n;
	f->sent += (unsigned long)n;
	if (f->sent == f->total && shutdown(f->fd, SHUT_WR))
		fail_errno(i, "shutdown");
}

/* Compares what came; at end of file, closes. */
static void receive_some(struct flow *f, size_t i)
{
	static unsigned char got[CHUNK], want[CHUNK];
	ssize_t n = recv(f->fd, got, sizeof(got), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		fail_errno(i, "recv");
	if (n == 0 && f->received != f->total)
		fail(i, "the server closed before it had echoed everything");
	if (n == 0) {
		close(f->fd);
		f->fd = -1;
		return;
	}
	f->received += (unsigned long)n;
	if (f->received > f->sent)
		fail(i, "more came back than was sent");
	generate(&f->expected, want, (size_t)n);
	if (memcmp(got, want, (size_t)n))
		fail(i, "the echo differs from what was sent");
}

static void flow_init(struct flow *f, size_t i, const struct options *o)
{
	int small = 4096;
	uint64_t seed = (o->seed + 1) * 0x9E3779B97F4A7C15ull + i * 0x2545F491ull + 1;

	*f = (struct flow){
		.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
		.streaming = i & 1,
		.total = o->bytes,
		.data = { seed }, .expected = { seed }, .sizes = { seed ^ 0x5555 },
	};
	if (f->fd < 0)
		fail_errno(i, "socket");
	if (f->streaming)
		setsockopt(f->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	if (connect(f->fd, (const struct sockaddr *)&o->server, sizeof(o->server)))
		fail_errno(i, "connect");
	if (!f->total && shutdown(f->fd, SHUT_WR))
		fail_errno(i, "shutdown");
}

static int milliseconds_left(const struct timespec *start, unsigned long seconds)
{
	struct timespec now;
	long gone;

	clock_gettime(CLOCK_MONOTONIC, &now);
	gone = (now.tv_sec - start->tv_sec) * 1000 +
	       (now.tv_nsec - start->tv_nsec) / 1000000;
	return gone >= (long)seconds * 1000 ? 0 : (int)((long)seconds * 1000 - gone);
}

/* Returns how many flows are still open. */
static size_t prepare_poll(struct flow *flows, struct pollfd *polls, size_t n)
{
	size_t i, open = 0;

	for (i = 0; i < n; i++) {
		polls[i].fd = flows[i].fd;		/* poll() skips -1 */
		polls[i].events = POLLIN | (may_send(&flows[i]) ? POLLOUT : 0);
		open += flows[i].fd >= 0;
	}
	return open;
}

static void run(struct flow *flows, const struct options *o)
{
	static struct pollfd polls[MAX_CONNECTIONS];
	struct timespec start;
	size_t i;
	int ready;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (prepare_poll(flows, polls, o->connections)) {
		ready = poll(polls, o->connections,
			     milliseconds_left(&start, o->seconds));
		if (ready < 0 && errno != EINTR)
			fail_errno(0, "poll");
		if (ready == 0) {
			fprintf(stderr, "echo-client: not done after %lu s\n",
				o->seconds);
			exit(1);
		}
		for (i = 0; i < o->connections; i++) {
			int writable = polls[i].revents & POLLOUT;

			if (writable && may_send(&flows[i]))
				send_some(&flows[i], i);
			if (polls[i].revents & ~POLLOUT &&
			    !(writable && flows[i].streaming))
				receive_some(&flows[i], i);
		}
	}
}

static void usage(void)
{
	fprintf(stderr, "usage: echo-client [-h ADDRESS] [-p PORT] [-c 1..%d]"
		" [-b BYTES] [-s SEED] [-t SECONDS]\n", MAX_CONNECTIONS);
	exit(2);
}

static unsigned long number(const char *text, unsigned long min, unsigned long max)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *text == '-' || end == text || *end || value < min ||
	    value > max) {
		fprintf(stderr, "echo-client: \"%s\" is not a number from %lu to %lu\n",
			text, min, max);
		usage();
	}
	return value;
}

static void parse_address(struct options *o, const char *text)
{
	if (inet_pton(AF_INET, text, &o->server.sin_addr) == 1)
		return;
	fprintf(stderr, "echo-client: \"%s\" is not an IPv4 address\n", text);
	usage();
}

static void parse(struct options *o, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "h:p:c:b:s:t:")) != -1) {
		if (c == 'h') {
			parse_address(o, optarg);
		} else if (c == 'p') {
			o->server.sin_port = htons((uint16_t)number(optarg, 1, 65535));
		} else if (c == 'c') {
			o->connections = number(optarg, 1, MAX_CONNECTIONS);
		} else if (c == 'b') {
			o->bytes = number(optarg, 0, 1ul << 40);
		} else if (c == 's') {
			o->seed = number(optarg, 0, ~0ul - 1);
		} else if (c == 't') {
			o->seconds = number(optarg, 1, 100000);
		} else if (c == '?') {
			usage();
		}
	}
	if (optind != argc)
		usage();
}

int main(int argc, char **argv)
{
	struct options o = {
		.server = { .sin_family = AF_INET, .sin_port = htons(5555),
			    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) },
		.connections = 8, .bytes = 100000, .seed = 0, .seconds = 60,
	};
	struct flow *flows;
	size_t i;

	parse(&o, argc, argv);
	flows = calloc(o.connections, sizeof(*flows));
	if (!flows)
		fail_errno(0, "calloc");
	for (i = 0; i < o.connections; i++)
		flow_init(&flows[i], i, &o);
	run(flows, &o);
	free(flows);
	printf("echo-client: connections=%lu bytes=%lu: all equal\n", o.connections,
	       o.connections * o.bytes);
	return 0;
}
