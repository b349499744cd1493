/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * writer.c - see writer.h
 *
 * Each stream builds its packet in memory and knows where its last whole packet
 * ends in the file, so taking back a packet is one ftruncate().
 */
#include "writer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "metadata.h"
#include "packet.h"
#include "vocabulary.h"
#include "whole.h"

#define LOCK_NAME ".recording"
#define REPLAY_NAME ".replay"

/* Aligned so that two virtual CPUs never share a cache line. */
struct stream {
	uint8_t *buf;			/* UKL_PACKET_MAX bytes */
	uint32_t used;			/* bytes of buf, header included */
	uint32_t n_events;		/* in buf */
	uint64_t begin, last;		/* clock */
	uint64_t vec[UKL_STATE_SLOTS];	/* the state vector now */
	uint64_t file_end;		/* of the last whole packet */
	uint64_t seq;
	uint64_t events;		/* in whole packets */
	uint64_t discarded;
	int fd;
	unsigned int cpu;
} __attribute__((aligned(64)));

/* In shared memory with its streams and, behind them, their packets. */
struct ukl_writer {
	char *dir;
	int dir_fd, lock_fd;
	uint8_t uuid[16];
	uint32_t limit;			/* a packet that has less than an event left */
	bool complained;
	unsigned int n_streams;
	struct stream streams[];
};

static size_t size_of(unsigned int n_streams)
{
	return sizeof(struct ukl_writer) +
	       n_streams * (sizeof(struct stream) + UKL_PACKET_MAX);
}

/* --- packets ------------------------------------------------------------- */

/* What is left of the old packet is overwritten, not cleared. */
static void packet_start(struct stream *s)
{
	s->used = UKL_PACKET_HEADER;
	__atomic_store_n(&s->n_events, 0, __ATOMIC_RELAXED);
}

/* Only the first failure is told: the guest's console is no place for a flood. */
static void complain(struct ukl_writer *w, const struct stream *s, int error)
{
	if (__atomic_exchange_n(&w->complained, true, __ATOMIC_RELAXED))
		return;
	fprintf(stderr, "ukl: %s/stream_%u: byte %" PRIu64 ": cannot write: %s; events"
		" are discarded and counted until there is room again\n", w->dir,
		s->cpu, s->file_end, strerror(error));
}

/* The header is filled in last, when all it counts is known. */
static void packet_seal(const struct ukl_writer *w, struct stream *s, uint32_t flags)
{
	struct ukl_packet *p = (struct ukl_packet *)s->buf;

	p->magic = UKL_CTF_MAGIC;
	p->stream_id = 0;
	memcpy(p->uuid, w->uuid, sizeof(p->uuid));
	p->timestamp_begin = s->begin;
	p->timestamp_end = s->last;
	p->content_size = (uint64_t)s->used * 8;
	p->packet_size = p->content_size;
	p->packet_seq_num = s->seq;
	p->events_discarded = s->discarded;
	p->cpu_id = s->cpu;
	p->n_events = s->n_events;
	p->flags = flags;
	p->crc32c = ukl_packet_crc(s->buf, s->used);
}

/* Puts the packet as it is behind the last whole one, or nothing of it. */
static int packet_put(struct ukl_writer *w, struct stream *s, uint32_t flags)
{
	int error;

	packet_seal(w, s, flags);
	error = write_whole(s->fd, s->buf, s->used, s->file_end);
	if (!error)
		return 0;
	/* If even this fails, the reader will find the half packet. */
	if (ftruncate(s->fd, (off_t)s->file_end))
		complain(w, s, errno);
	complain(w, s, error);
	return error;
}

/*
 * Writes the packet out, or takes it back and counts its events as lost.  The
 * sequence number is only used up by a packet that reached the file, so a gap
 * always means damage.
 */
static int packet_write(struct ukl_writer *w, struct stream *s, uint32_t flags)
{
	int error = packet_put(w, s, flags);

	if (error) {
		__atomic_fetch_add(&s->discarded, s->n_events, __ATOMIC_RELAXED);
	} else {
		s->file_end += s->used;
		s->seq++;
		__atomic_store_n(&s->events, s->events + s->n_events,
				 __ATOMIC_RELAXED);
	}
	packet_start(s);
	return error;
}

/* --- events -------------------------------------------------------------- */

/* The sampled slots that differ from what the stream had; returns their mask. */
static inline uint32_t put_changes(struct stream *s, uint64_t *out, uint32_t sampled,
				   const uint64_t *state)
{
	uint32_t mask = 0;

	while (sampled) {
		unsigned int slot = (unsigned int)__builtin_ctz(sampled);
		uint64_t value = state[slot];
		uint32_t differs = value != s->vec[slot];

		sampled &= sampled - 1;
		s->vec[slot] = value;
		*out = value;		/* kept only if out moves on */
		out += differs;
		mask |= differs << slot;
	}
	return mask;
}

/* The first event of a packet carries the whole vector: packets stand alone. */
static uint32_t put_whole(struct stream *s, uint64_t *out, uint32_t sampled,
			  const uint64_t *state)
{
	uint32_t mask = 0;

	for (unsigned int slot = 0; slot < UKL_STATE_SLOTS; slot++) {
		if (sampled >> slot & 1)
			s->vec[slot] = state[slot];
		if (!s->vec[slot])
			continue;
		*out++ = s->vec[slot];
		mask |= 1u << slot;
	}
	return mask;
}

/*
 * The hot path: no branch depends on what the guest did but the loop over changes.
 */
void ukl_writer_event(struct ukl_writer *w, unsigned int stream, uint64_t when,
		      enum ukl_class cls, enum ukl_side side, const uint64_t *args,
		      uint32_t sampled, const uint64_t *state)
{
	struct stream *s = &w->streams[stream];
	unsigned int n_args = ukl_class_info[cls].n_args;
	struct ukl_event_header *head;
	uint64_t *out;
	uint32_t mask;

	if (s->used > w->limit)
		packet_write(w, s, 0);
	head = (struct ukl_event_header *)(s->buf + s->used);
	out = (uint64_t *)(head + 1);
	for (unsigned int i = 0; i < n_args; i++)
		*out++ = args[i];
	if (s->n_events)
		mask = put_changes(s, out, sampled, state);
	else
		mask = put_whole(s, out, sampled, state);
	if (when > s->last)
		s->last = when;
	if (!s->n_events)
		s->begin = s->last;
	head->timestamp = s->last;
	head->id = (uint16_t)cls;
	head->n_state = (uint8_t)__builtin_popcount(mask);
	head->side = (uint8_t)side;
	head->state_mask = mask;
	s->used += UKL_EVENT_HEADER + 8 * (n_args + head->n_state);
	__atomic_store_n(&s->n_events, s->n_events + 1, __ATOMIC_RELAXED);
}

void ukl_writer_discard(struct ukl_writer *w, unsigned int stream, uint64_t n)
{
	__atomic_fetch_add(&w->streams[stream].discarded, n, __ATOMIC_RELAXED);
}

void ukl_writer_flush(struct ukl_writer *w, unsigned int stream)
{
	if (w->streams[stream].n_events)
		packet_write(w, &w->streams[stream], 0);
}

/* What could not be written now is tried again with the next event. */
void ukl_writer_show(struct ukl_writer *w, unsigned int stream)
{
	packet_put(w, &w->streams[stream], 0);
}

/*
 * Kept and not yet written count as kept; a packet taken back later leaves this
 * sum.
 */
uint64_t ukl_writer_events(const struct ukl_writer *w)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < w->n_streams; i++)
		sum += __atomic_load_n(&w->streams[i].events, __ATOMIC_RELAXED) +
		       __atomic_load_n(&w->streams[i].n_events, __ATOMIC_RELAXED);
	return sum;
}

uint64_t ukl_writer_discarded(const struct ukl_writer *w)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < w->n_streams; i++)
		sum += __atomic_load_n(&w->streams[i].discarded, __ATOMIC_RELAXED);
	return sum;
}

void ukl_writer_packet_size(struct ukl_writer *w, unsigned int bytes)
{
	if (bytes < UKL_PACKET_MIN)
		bytes = UKL_PACKET_MIN;
	if (bytes > UKL_PACKET_MAX)
		bytes = UKL_PACKET_MAX;
	w->limit = bytes - UKL_EVENT_MAX;
}

/* --- the directory ------------------------------------------------------- */

/* The number of "stream_N", or -1. */
static int stream_number(const char *name)
{
	char again[32];
	int n;

	if (sscanf(name, "stream_%d", &n) != 1 || n < 0)
		return -1;
	snprintf(again, sizeof(again), "stream_%d", n);
	return strcmp(again, name) ? -1 : n;
}

static bool part_of_trace(const char *name)
{
	return !strcmp(name, "metadata") || !strcmp(name, LOCK_NAME) ||
	       !strcmp(name, REPLAY_NAME) || stream_number(name) >= 0;
}

static bool dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/*
 * Calls visit for each name in the directory, until it returns non-zero.  The
 * stream gets a descriptor of its own, as closedir() closes it.
 */
static int for_each_name(struct ukl_writer *w, struct ukl_error *err,
			 int (*visit)(struct ukl_writer *w, const char *name,
				      struct ukl_error *err))
{
	int ret = 0, fd = openat(w->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!d) {
		ret = ukl_error_errno(err, w->dir, "cannot list the directory");
		if (fd >= 0)
			close(fd);
		return ret;
	}
	while (!ret && (entry = readdir(d)))
		if (!dots(entry->d_name))
			ret = visit(w, entry->d_name, err);
	closedir(d);
	return ret;
}

static int visit_check(struct ukl_writer *w, const char *name, struct ukl_error *err)
{
	if (part_of_trace(name))
		return 0;
	return ukl_error_set(err, UKL_ERR_USAGE, w->dir, UKL_NOWHERE,
			     "holds \"%.80s\", which is not part of a trace: give an"
			     " empty or new directory", name);
}

/* The lock file stays: it is ours by now; so is what a replay needs. */
static int visit_remove(struct ukl_writer *w, const char *name, struct ukl_error *err)
{
	if (!strcmp(name, LOCK_NAME) || !strcmp(name, REPLAY_NAME) ||
	    !unlinkat(w->dir_fd, name, 0))
		return 0;
	return ukl_error_errno(err, w->dir, "cannot remove the older trace's %s", name);
}

/*
 * Looks before it locks: a directory of somebody else must not even get a lock
 * file.
 */
static int open_dir(struct ukl_writer *w, struct ukl_error *err)
{
	if (mkdir(w->dir, 0777) && errno != EEXIST)
		return ukl_error_errno(err, w->dir, "cannot create the directory");
	w->dir_fd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->dir_fd < 0)
		return ukl_error_errno(err, w->dir, "cannot open the directory");
	return for_each_name(w, err, visit_check);
}

/* A recorder that ends in this moment unlinks the file that was just opened. */
static bool lock_is_current(const struct ukl_writer *w)
{
	struct stat ours, named;

	return !fstat(w->lock_fd, &ours) &&
	       !fstatat(w->dir_fd, LOCK_NAME, &named, 0) &&
	       ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

/*
 * flock() goes with the open file, so it ends with the process however that ends.
 */
static int take_lock(struct ukl_writer *w, struct ukl_error *err)
{
	w->lock_fd = openat(w->dir_fd, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (w->lock_fd < 0)
		return ukl_error_errno(err, w->dir, "cannot create " LOCK_NAME);
	if (!flock(w->lock_fd, LOCK_EX | LOCK_NB) && lock_is_current(w))
		return 0;
	return ukl_error_set(err, UKL_ERR_BUSY, w->dir, UKL_NOWHERE,
			     "another recorder is writing here: wait for it or give"
			     " another directory");
}

/* Random, so that streams of different runs cannot be mistaken for each other. */
static void make_uuid(uint8_t uuid[16])
{
	struct timespec now;

	if (getrandom(uuid, 16, GRND_NONBLOCK) != 16) {
		clock_gettime(CLOCK_REALTIME, &now);
		memcpy(uuid, &now, 16);
		uuid[0] ^= (uint8_t)getpid();
	}
	uuid[6] = (uuid[6] & 0x0f) | 0x40;	/* RFC 4122: version 4, variant 1 */
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
}

/* Complete before the first event, so that a torn trace can always be read. */
static int write_metadata(struct ukl_writer *w, const struct ukl_env *env,
			  struct ukl_error *err)
{
	char *text = ukl_metadata_text(env, w->uuid);
	int fd, ret = 0, error;

	if (!text)
		return ukl_error_set(err, UKL_ERR_NOMEM, w->dir, UKL_NOWHERE,
				     "out of memory");
	fd = openat(w->dir_fd, "metadata", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0666);
	error = fd < 0 ? errno :
		write_whole(fd, (const uint8_t *)text, strlen(text), 0);
	if (fd >= 0 && close(fd) && !error)
		error = errno;
	if (error) {
		errno = error;
		ret = ukl_error_errno(err, w->dir, "cannot write the metadata");
	}
	free(text);
	return ret;
}

static int open_stream(struct ukl_writer *w, struct stream *s, unsigned int cpu,
		       struct ukl_error *err)
{
	char name[32];

	s->cpu = cpu;
	s->buf = (uint8_t *)&w->streams[w->n_streams] + (size_t)cpu * UKL_PACKET_MAX;
	packet_start(s);
	snprintf(name, sizeof(name), "stream_%u", cpu);
	s->fd = openat(w->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (s->fd < 0)
		return ukl_error_errno(err, w->dir, "cannot create %s", name);
	return 0;
}

static int open_streams(struct ukl_writer *w, struct ukl_error *err)
{
	int ret = 0;

	for (unsigned int i = 0; i < w->n_streams && !ret; i++)
		ret = open_stream(w, &w->streams[i], i, err);
	return ret;
}

/* Wrong calls are told before anything on disk is touched. */
static int check_request(const char *dir, const struct ukl_env *env, unsigned int n,
			 struct ukl_error *err)
{
	const char *clock = ukl_env_get(env, UKL_ENV_CLOCK);

	if (n < 1 || n > UKL_MAX_STREAMS)
		return ukl_error_set(err, UKL_ERR_USAGE, dir, UKL_NOWHERE,
				     "%u streams: a trace has 1 to %u", n,
				     UKL_MAX_STREAMS);
	if (!clock || (strcmp(clock, "insn") && strcmp(clock, "order")))
		return ukl_error_set(err, UKL_ERR_USAGE, dir, UKL_NOWHERE,
				     "env entry clock must be \"insn\" or \"order\"");
	return 0;
}

/* Its default action would kill QEMU at a file size limit; EFBIG is enough. */
static void ignore_sigxfsz(void)
{
	struct sigaction action;

	if (!sigaction(SIGXFSZ, NULL, &action) && action.sa_handler == SIG_DFL)
		signal(SIGXFSZ, SIG_IGN);
}

/* The number of streams is the writer's to say. */
static int fill_env(struct ukl_env *copy, const struct ukl_env *env, unsigned int n,
		    struct ukl_error *err)
{
	char number[16];
	int ret = ukl_env_copy(copy, env, err);

	snprintf(number, sizeof(number), "%u", n);
	return ret ? ret : ukl_env_set(copy, UKL_ENV_STREAMS, number, err);
}

/* Everything but the allocation of w; w may be half built when this fails. */
static int setup(struct ukl_writer *w, const struct ukl_env *env, unsigned int n,
		 struct ukl_error *err)
{
	struct ukl_env copy;
	int ret;

	ukl_env_init(&copy);
	ret = fill_env(&copy, env, n, err);
	if (!ret)
		ret = open_dir(w, err);
	if (!ret)
		ret = take_lock(w, err);
	if (!ret)
		ret = for_each_name(w, err, visit_remove);
	if (!ret)
		ret = write_metadata(w, &copy, err);
	if (!ret)
		ret = open_streams(w, err);
	ukl_env_deinit(&copy);
	return ret;
}

/* No descriptor yet, so that ukl_writer_abandon() can undo half of what follows. */
static struct ukl_writer *allocate(const char *dir, unsigned int n_streams)
{
	char *copy = strdup(dir);
	/* The pages are touched now, not while the guest runs. */
	struct ukl_writer *w = mmap(NULL, size_of(n_streams), PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (!copy || w == MAP_FAILED) {
		if (w != MAP_FAILED)
			munmap(w, size_of(n_streams));
		free(copy);
		return NULL;
	}
	w->dir = copy;
	w->n_streams = n_streams;
	w->dir_fd = w->lock_fd = -1;
	for (unsigned int i = 0; i < n_streams; i++)
		w->streams[i].fd = -1;
	return w;
}

int ukl_writer_open(struct ukl_writer **writer, const char *dir,
		    const struct ukl_env *env, unsigned int n_streams,
		    struct ukl_error *err)
{
	struct ukl_writer *w;
	int ret = check_request(dir, env, n_streams, err);

	if (ret)
		return ret;
	w = allocate(dir, n_streams);
	if (!w)
		return ukl_error_set(err, UKL_ERR_NOMEM, dir, UKL_NOWHERE,
				     "out of memory");
	make_uuid(w->uuid);
	ukl_writer_packet_size(w, UKL_PACKET_MAX);
	ignore_sigxfsz();
	ret = setup(w, env, n_streams, err);
	if (ret)
		ukl_writer_abandon(w);
	else
		*writer = w;
	return ret;
}

/* --- the end ------------------------------------------------------------- */

/*
 * END counts what reached the file, so it must be made after any earlier packet is
 * out.
 */
static void put_end(struct ukl_writer *w, unsigned int i)
{
	struct stream *s = &w->streams[i];
	uint64_t args[UKL_NARGS_END];

	if (s->used > w->limit)
		packet_write(w, s, 0);
	args[UKL_A_END_events] = s->events + s->n_events;
	args[UKL_A_END_discarded] = s->discarded;
	ukl_writer_event(w, i, s->last, UKL_EV_END, UKL_SIDE_UNKNOWN, args, 0, NULL);
}

/*
 * If the last packet does not fit, its events are given up and END alone is
 * tried: a closed trace with a loss that is counted says more than a torn one.
 */
static int close_stream(struct ukl_writer *w, unsigned int i, struct ukl_error *err)
{
	struct stream *s = &w->streams[i];
	int error;

	put_end(w, i);
	error = packet_write(w, s, UKL_PACKET_LAST);
	if (error) {
		s->discarded--;		/* END itself is not lost yet */
		put_end(w, i);
		error = packet_write(w, s, UKL_PACKET_LAST);
	}
	if (close(s->fd) && !error)
		error = errno;
	s->fd = -1;
	if (!error)
		return 0;
	errno = error;
	return ukl_error_errno(err, w->dir, "cannot write the end of stream_%u, the"
			       " trace stays torn", i);
}

/* The first error is reported; the other streams are closed all the same. */
int ukl_writer_close(struct ukl_writer *w, struct ukl_error *err)
{
	int ret = 0;

	for (unsigned int i = 0; i < w->n_streams; i++) {
		int one = close_stream(w, i, ret ? NULL : err);

		ret = ret ? ret : one;
	}
	if (!ret && unlinkat(w->dir_fd, LOCK_NAME, 0))
		ret = ukl_error_errno(err, w->dir, "cannot remove " LOCK_NAME);
	ukl_writer_abandon(w);
	return ret;
}

void ukl_writer_abandon(struct ukl_writer *w)
{
	for (unsigned int i = 0; i < w->n_streams; i++)
		if (w->streams[i].fd >= 0)
			close(w->streams[i].fd);
	if (w->lock_fd >= 0)
		close(w->lock_fd);
	if (w->dir_fd >= 0)
		close(w->dir_fd);
	free(w->dir);
	munmap(w, size_of(w->n_streams));
}

/* --- beside a program ---------------------------------------------------- */

static int move_descriptor(int *fd, int from)
{
	int moved = fcntl(*fd, F_DUPFD_CLOEXEC, from);

	if (moved < 0)
		return -1;
	close(*fd);
	*fd = moved;
	return 0;
}

int ukl_writer_move(struct ukl_writer *w, int from, struct ukl_error *err)
{
	int ret = move_descriptor(&w->dir_fd, from);

	if (!ret)
		ret = move_descriptor(&w->lock_fd, from);
	for (unsigned int i = 0; i < w->n_streams && !ret; i++)
		ret = move_descriptor(&w->streams[i].fd, from);
	if (!ret)
		return 0;
	return ukl_error_errno(err, w->dir, "cannot have descriptors from %d up; raise"
			       " the limit with \"ulimit -n\"", from);
}
