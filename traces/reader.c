/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reader.c - see reader.h
 *
 * Two steps keep this both safe and fast.  packet_check() walks a packet that
 * was read into memory, with a cursor that cannot leave it, and accepts it whole
 * or not at all.  decode() then walks the same bytes once more without asking.
 */
#include "reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "metadata.h"
#include "packet.h"
#include "untar.h"
#include "vocabulary.h"
#include "whole.h"
#include "writer.h"

const char *const ukl_trace_state_name[UKL_TRACE_STATES] = {
	[UKL_TRACE_COMPLETE] = "complete",
	[UKL_TRACE_RECORDING] = "recording",
	[UKL_TRACE_TORN] = "torn",
};

/* A packet, and what take_args() may read behind it */
#define BUFFER_SIZE ((UKL_PACKET_MAX + 8 * UKL_MAX_ARGS + 63) & ~63u)

struct stream {
	const uint8_t *p, *end;		/* rest of the checked packet in buf */
	bool fresh;			/* p is at the packet's first event */
	bool done;			/* no more events will come */
	int fd;
	uint64_t file_at;		/* where the next packet begins */
	uint64_t next_seq;
	uint64_t loaded;		/* events in all packets loaded so far */
	uint8_t *buf;
	struct ukl_stream_summary sum;
	struct ukl_event event;
};

struct ukl_reader {
	char *name;
	int dir_fd;			/* -1: the parts are in parts */
	struct ukl_parts parts;
	bool recording, left_over;	/* .recording is locked; is there unlocked */
	bool gap;
	struct ukl_env env;
	uint8_t uuid[16];
	char uuid_text[UKL_UUID_TEXT];
	unsigned int n_streams;
	struct stream *streams;
	uint64_t order;
	struct stream *current;		/* whose event was yielded last */
	uint64_t limit_time;		/* until this, current stays the earliest */
	unsigned int limit_cpu;
	bool damaged;
	struct ukl_error reason;
};

/* --- damage -------------------------------------------------------------- */

/* The stream ends here.  The first reason is kept; it is the cause of others. */
__attribute__((format(printf, 5, 6)))
static void break_off(struct ukl_reader *r, struct stream *s,
		      enum ukl_error_code code, uint64_t offset,
		      const char *format, ...)
{
	char file[256], text[400];
	va_list ap;

	s->done = true;
	r->gap = true;
	if (r->damaged)
		return;
	r->damaged = true;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	snprintf(file, sizeof(file), "%s/stream_%u", r->name,
		 (unsigned int)(s - r->streams));
	ukl_error_set(&r->reason, code, file, offset, "%s", text);
	r->reason.event = r->order;
}

/* The events may be good, but nobody knows what else is there. */
static void cannot(struct ukl_reader *r, const char *what, const char *name)
{
	if (r->damaged)
		return;
	r->damaged = true;
	ukl_error_set(&r->reason, UKL_ERR_IO, r->name, UKL_NOWHERE, "cannot %s %s: %s",
		      what, name, strerror(errno));
}

/* --- checking a packet --------------------------------------------------- */

/* What is wrong with a packet: where in it, and a sentence. */
struct flaw {
	size_t at;
	const char *text;
};

/* Before the checksum: says more of a file that was moved, cut or mixed up. */
static const char *header_flaw(const struct ukl_reader *r, const struct stream *s,
			       const struct ukl_packet *h)
{
	if (h->magic != UKL_CTF_MAGIC || h->stream_id)
		return "no packet begins here";
	if (memcmp(h->uuid, r->uuid, sizeof(h->uuid)))
		return "this packet belongs to another trace";
	if (h->cpu_id != (uint32_t)(s - r->streams))
		return "this packet belongs to another stream";
	if (h->packet_seq_num != s->next_seq)
		return "a packet is missing, doubled or out of order before this one";
	if (h->content_size != h->packet_size || h->packet_size % 64 ||
	    h->packet_size / 8 < UKL_PACKET_HEADER ||
	    h->packet_size / 8 > UKL_PACKET_MAX)
		return "the packet's size is impossible";
	return NULL;
}

/* What the header says of the packet's place in its stream. */
static const char *place_flaw(const struct stream *s, const struct ukl_packet *h)
{
	if (h->timestamp_begin > h->timestamp_end ||
	    h->timestamp_begin < s->sum.last_time)
		return "the clock goes backwards";
	if (h->events_discarded < s->sum.discarded)
		return "the count of discarded events goes backwards";
	if (h->flags & ~UKL_PACKET_LAST)
		return "the packet has flags that format 1 does not know";
	return NULL;
}

/* Arguments, by class; 0: there is no such class.  ukl_class_info has much else. */
static const uint8_t n_args[UKL_CLASSES] = {
#define N_ARGS(id, NAME, name, samples, meaning, args) [id] = UKL_NARGS_##NAME,
#define N_ARGS_ARG(NAME, name, meaning)
	UKL_EVENTS(N_ARGS, N_ARGS_ARG)
#undef N_ARGS
#undef N_ARGS_ARG
};

/* On success *size is the whole event and lies within left. */
static inline const char *event_flaw(const struct ukl_event_header *h, size_t left,
				     uint64_t last_time, size_t *size)
{
	if (h->id >= UKL_CLASSES || !n_args[h->id])
		return "an event of no known class";
	if (h->side >= UKL_SIDES)
		return "an event on no known side";
	if (h->n_state != __builtin_popcount(h->state_mask))
		return "n_state does not fit state_mask";
	if (h->timestamp < last_time)
		return "the clock goes backwards within the packet";
	*size = UKL_EVENT_HEADER + 8u * (n_args[h->id] + h->n_state);
	return *size > left ? "an event reaches past the packet's end" : NULL;
}

/* END closes the last packet, nowhere else, and its counts must be true. */
static const char *end_flaw(const struct stream *s, const struct ukl_packet *p,
			    const struct ukl_event_header *e, bool at_end)
{
	const uint64_t *arg = (const uint64_t *)(e + 1);
	bool closing = at_end && (p->flags & UKL_PACKET_LAST);

	if ((e->id == UKL_EV_END) != closing)
		return closing ? "the closing packet does not end in an END event" :
				 "an END event within the stream";
	if (!closing)
		return NULL;
	if (arg[UKL_A_END_events] + 1 != s->loaded + p->n_events)
		return "the END event counts other events than the stream holds";
	if (arg[UKL_A_END_discarded] != p->events_discarded)
		return "the END event counts other losses than its packet";
	return NULL;
}

/* The walk that makes decode() safe: every event once, from header to end. */
static inline __attribute__((always_inline))
struct flaw walk(const struct stream *s, size_t size)
{
	const struct ukl_packet *p = (const struct ukl_packet *)s->buf;
	uint64_t last = p->timestamp_begin;
	struct flaw flaw = { UKL_PACKET_HEADER, NULL };
	uint32_t n = 0;

	while (flaw.at < size) {
		const struct ukl_event_header *e;
		size_t len;

		if (size - flaw.at < UKL_EVENT_HEADER)
			flaw.text = "an event reaches past the packet's end";
		if (flaw.text)
			return flaw;
		e = (const struct ukl_event_header *)(s->buf + flaw.at);
		flaw.text = event_flaw(e, size - flaw.at, last, &len);
		if (!flaw.text && !n && e->timestamp != p->timestamp_begin)
			flaw.text = "the packet does not begin at its first event";
		if (!flaw.text && (e->id == UKL_EV_END || flaw.at + len == size))
			flaw.text = end_flaw(s, p, e, flaw.at + len == size);
		if (flaw.text)
			return flaw;
		last = e->timestamp;
		flaw.at += len;
		n++;
	}
	flaw.at = 0;
	if (!n || n != p->n_events)
		flaw.text = "the packet counts other events than it holds";
	else if (last != p->timestamp_end)
		flaw.text = "the packet does not end at its last event";
	return flaw;
}

static struct flaw walk_anywhere(const struct stream *s, size_t size)
{
	return walk(s, size);
}

#ifdef __x86_64__
__attribute__((target("popcnt")))
static struct flaw walk_popcnt(const struct stream *s, size_t size)
{
	return walk(s, size);
}
#endif

/* Not every processor that runs this counts bits by itself. */
static struct flaw events_flaw(const struct stream *s, size_t size)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("popcnt"))
		return walk_popcnt(s, size);
#endif
	return walk_anywhere(s, size);
}

/* In the order of trust: only a packet with a right checksum is looked into. */
static struct flaw packet_flaw(const struct stream *s, size_t size)
{
	const struct ukl_packet *h = (const struct ukl_packet *)s->buf;
	struct flaw flaw = { 0, NULL };

	if (h->crc32c != ukl_packet_crc(s->buf, size))
		flaw.text = "the packet's checksum is wrong";
	if (!flaw.text)
		flaw.text = place_flaw(s, h);
	return flaw.text ? flaw : events_flaw(s, size);
}

/* --- loading a packet ---------------------------------------------------- */

/* From here on the packet is known to be good. */
static void accept_packet(struct ukl_reader *r, struct stream *s)
{
	const struct ukl_packet *h = (const struct ukl_packet *)s->buf;
	size_t size = h->packet_size / 8;

	if (h->events_discarded != s->sum.discarded)
		r->gap = true;
	if (!s->sum.packets)
		s->sum.first_time = h->timestamp_begin;
	s->sum.last_time = h->timestamp_end;
	s->sum.discarded = h->events_discarded;
	s->sum.last = h->flags & UKL_PACKET_LAST;
	s->sum.packets++;
	s->sum.bytes += size;
	s->loaded += h->n_events;
	s->file_at += size;
	s->next_seq++;
	s->p = s->buf + UKL_PACKET_HEADER;
	s->end = s->buf + size;
	s->fresh = true;
}

/* A stream ends well only behind its closing packet. */
static void end_of_file(struct ukl_reader *r, struct stream *s)
{
	if (s->sum.last)
		s->done = true;
	else
		break_off(r, s, UKL_ERR_FORMAT, s->file_at, "the stream ends without"
			  " its closing packet: %s", r->recording ?
			  "it is being recorded" :
			  "the recorder was stopped, or the file was cut");
}

/* One packet from the file into buf, checked; or the stream is done. */
static void load_packet(struct ukl_reader *r, struct stream *s)
{
	const struct ukl_packet *h = (const struct ukl_packet *)s->buf;
	ssize_t got = read_whole(s->fd, s->buf, UKL_PACKET_MAX, s->file_at);
	const char *text;
	struct flaw flaw;

	if (got < 0)
		return break_off(r, s, UKL_ERR_IO, s->file_at, "cannot read: %s",
				 strerror(errno));
	if (!got)
		return end_of_file(r, s);
	if (s->sum.last)
		return break_off(r, s, UKL_ERR_FORMAT, s->file_at,
				 "something follows the closing packet");
	if ((size_t)got < UKL_PACKET_HEADER)
		return break_off(r, s, UKL_ERR_FORMAT, s->file_at, "the file ends"
				 " within a packet's header, after %zd bytes", got);
	text = header_flaw(r, s, h);
	if (text)
		return break_off(r, s, UKL_ERR_FORMAT, s->file_at, "%s", text);
	if (h->packet_size / 8 > (uint64_t)got)
		return break_off(r, s, UKL_ERR_FORMAT, s->file_at, "the file ends"
				 " within a packet: it has %zd of %" PRIu64 " bytes",
				 got, h->packet_size / 8);
	flaw = packet_flaw(s, h->packet_size / 8);
	if (flaw.text)
		return break_off(r, s, UKL_ERR_FORMAT, s->file_at + flaw.at, "%s",
				 flaw.text);
	accept_packet(r, s);
}

/* --- decoding and merging ------------------------------------------------ */

static inline const struct ukl_event_header *peek(const struct stream *s)
{
	return (const struct ukl_event_header *)s->p;
}

/*
 * A packet's first event holds the whole vector; what it changed is only seen by
 * comparing, so that a trace reads the same however it was cut into packets.
 */
static uint32_t take_whole(struct ukl_event *e, uint32_t mask, const uint64_t *word)
{
	uint32_t changed = 0;

	for (unsigned int slot = 0; slot < UKL_STATE_SLOTS; slot++) {
		uint64_t value = mask >> slot & 1 ? *word++ : 0;

		changed |= (uint32_t)(value != e->state[slot]) << slot;
		e->state[slot] = value;
	}
	return changed;
}

static inline uint32_t take_changes(struct ukl_event *e, uint32_t mask,
				    const uint64_t *word)
{
	for (uint64_t rest = mask; rest; rest &= rest - 1)
		e->state[__builtin_ctzll(rest)] = *word++;
	return mask;
}

/*
 * The first n words, and zeros.  All are read, so a packet's buffer goes on behind it;
 * that costs less than to ask for each of them whether it is one.
 */
static inline void take_args(uint64_t *restrict arg, const uint64_t *restrict word,
			     unsigned int n)
{
#define EACH(x) x, x, x, x, x, x, x, x, x, x, x, x
	static const uint64_t masks[2 * UKL_MAX_ARGS] = { EACH(~0ull), EACH(0) };
	const uint64_t *mask = masks + UKL_MAX_ARGS - n;

#pragma GCC unroll 12
	for (unsigned int i = 0; i < UKL_MAX_ARGS; i++)
		arg[i] = word[i] & mask[i];
}

static inline const struct ukl_event *decode(struct ukl_reader *r, struct stream *s)
{
	const struct ukl_event_header *h = peek(s);
	const uint64_t *args = (const uint64_t *)(h + 1);
	const uint64_t *word = args + n_args[h->id];
	struct ukl_event *e = &s->event;

	e->time = h->timestamp;
	e->order = r->order++;
	e->cls = h->id;
	e->side = h->side;
	take_args(e->arg, args, n_args[h->id]);
	s->p = (const uint8_t *)(word + h->n_state);
	e->changed = s->fresh ? take_whole(e, h->state_mask, word) :
				take_changes(e, h->state_mask, word);
	s->fresh = false;
	s->sum.events++;
	return e;
}

/* Called before anything peeks: a stream is done or has an event. */
static inline void refill(struct ukl_reader *r, struct stream *s)
{
	if (s->p == s->end && !s->done)
		load_packet(r, s);
}

static inline bool before(uint64_t time, unsigned int cpu, uint64_t other_time,
			  unsigned int other_cpu)
{
	return time < other_time || (time == other_time && cpu < other_cpu);
}

/*
 * The earliest stream becomes current, the second earliest the limit up to which
 * current may run on without looking at the others.
 */
static void choose(struct ukl_reader *r)
{
	r->current = NULL;
	r->limit_time = UINT64_MAX;
	r->limit_cpu = UKL_MAX_STREAMS;
	for (unsigned int i = 0; i < r->n_streams; i++) {
		struct stream *s = &r->streams[i];
		struct stream *c = r->current;

		if (s->done)
			continue;
		if (c && !before(peek(s)->timestamp, i, peek(c)->timestamp,
				 c->event.cpu)) {
			if (before(peek(s)->timestamp, i, r->limit_time,
				   r->limit_cpu)) {
				r->limit_time = peek(s)->timestamp;
				r->limit_cpu = i;
			}
			continue;
		}
		if (c) {
			r->limit_time = peek(c)->timestamp;
			r->limit_cpu = c->event.cpu;
		}
		r->current = s;
	}
}

/* The packet is at its end, or another stream's turn may have come. */
__attribute__((noinline))
static const struct ukl_event *next_elsewhere(struct ukl_reader *r)
{
	struct stream *s = r->current;

	if (s)
		refill(r, s);
	if (!s || s->done || !before(peek(s)->timestamp, s->event.cpu, r->limit_time,
				     r->limit_cpu))
		choose(r);
	return r->current ? decode(r, r->current) : NULL;
}

const struct ukl_event *ukl_reader_next(struct ukl_reader *r)
{
	struct stream *s = r->current;

	if (s && s->p != s->end && peek(s)->timestamp < r->limit_time)
		return decode(r, s);
	return next_elsewhere(r);
}

bool ukl_reader_gap(const struct ukl_reader *r)
{
	return r->gap;
}

/* --- opening ------------------------------------------------------------- */

/* Never blocks, even if somebody put a FIFO there. */
static int open_part(const struct ukl_reader *r, const char *name)
{
	if (r->dir_fd < 0)
		return ukl_parts_open(&r->parts, name);
	return openat(r->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* A live recorder holds the lock; a dead one leaves the file. */
static void look_for_recorder(struct ukl_reader *r)
{
	int fd = open_part(r, ".recording");

	if (fd < 0 && errno != ENOENT)
		cannot(r, "open", ".recording");
	if (fd < 0)
		return;
	if (!flock(fd, LOCK_SH | LOCK_NB))
		r->left_over = true;
	else if (errno == EWOULDBLOCK)
		r->recording = true;
	else
		cannot(r, "lock", ".recording");
	close(fd);
}

static int no_memory(struct ukl_error *err, const char *name)
{
	return ukl_error_set(err, UKL_ERR_NOMEM, name, UKL_NOWHERE, "out of memory");
}

/* Opens a regular file; -1 and errno otherwise. */
static int open_regular(const struct ukl_reader *r, const char *name, struct stat *st)
{
	int fd = open_part(r, name);

	if (fd < 0)
		return -1;
	if (!fstat(fd, st) && S_ISREG(st->st_mode))
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

/* The size was checked; a file that grows meanwhile is cut at it. */
static int parse_metadata(struct ukl_reader *r, int fd, size_t size,
			  struct ukl_error *err)
{
	char file[4096], *text = malloc(size + 1);
	ssize_t got;
	int ret;

	if (!text)
		return no_memory(err, r->name);
	got = read_whole(fd, text, size, 0);
	snprintf(file, sizeof(file), "%s/metadata", r->name);
	if (got < 0)
		ret = ukl_error_errno(err, file, "cannot read");
	else
		ret = ukl_metadata_parse(text, (size_t)got, file, &r->env, r->uuid,
					 err);
	free(text);
	return ret;
}

static int open_metadata(struct ukl_reader *r, struct ukl_error *err)
{
	struct stat st;
	int ret, fd = open_regular(r, "metadata", &st);

	if (fd < 0 && errno == ENOENT)
		return ukl_error_set(err, UKL_ERR_FORMAT, r->name, UKL_NOWHERE,
				     "this is not a trace: it holds no file"
				     " \"metadata\"");
	if (fd < 0)
		return ukl_error_errno(err, r->name, "cannot open metadata");
	if (st.st_size > UKL_METADATA_MAX)
		ret = ukl_error_set(err, UKL_ERR_FORMAT, r->name, UKL_NOWHERE,
				    "metadata has more than %u bytes",
				    UKL_METADATA_MAX);
	else
		ret = parse_metadata(r, fd, (size_t)st.st_size, err);
	close(fd);
	return ret;
}

/* Everything is allocated by this number, so it is limited. */
static int count_streams(struct ukl_reader *r, struct ukl_error *err)
{
	const char *text = ukl_env_get(&r->env, UKL_ENV_STREAMS);
	char *end = NULL;
	unsigned long n = text ? strtoul(text, &end, 10) : 0;

	if (!text || *end || n < 1 || n > UKL_MAX_STREAMS)
		return ukl_error_set(err, UKL_ERR_FORMAT, r->name, UKL_NOWHERE,
				     "metadata's env entry streams is %s, not a number"
				     " from 1 to %u", text ? text : "missing",
				     UKL_MAX_STREAMS);
	r->n_streams = (unsigned int)n;
	return 0;
}

/* A stream that is missing is damage, not a reason to keep the others back. */
static int open_stream(struct ukl_reader *r, unsigned int cpu, struct ukl_error *err)
{
	struct stream *s = &r->streams[cpu];
	struct stat st;
	char name[32];

	s->event.cpu = (uint8_t)cpu;
	s->buf = aligned_alloc(64, BUFFER_SIZE);
	if (!s->buf)
		return no_memory(err, r->name);
	memset(s->buf, 0, BUFFER_SIZE);
	s->p = s->end = s->buf;
	snprintf(name, sizeof(name), "stream_%u", cpu);
	s->fd = open_regular(r, name, &st);
	if (s->fd < 0)
		break_off(r, s, errno == ENOENT ? UKL_ERR_FORMAT : UKL_ERR_IO,
			  UKL_NOWHERE, "cannot open the stream: %s", strerror(errno));
	return 0;
}

/* All are opened before the first is read: reasons come in the order of CPUs. */
static int open_streams(struct ukl_reader *r, struct ukl_error *err)
{
	int ret = 0;

	r->streams = calloc(r->n_streams, sizeof(*r->streams));
	if (!r->streams)
		return no_memory(err, r->name);
	for (unsigned int i = 0; i < r->n_streams; i++)
		r->streams[i].fd = -1;
	for (unsigned int i = 0; i < r->n_streams && !ret; i++)
		ret = open_stream(r, i, err);
	for (unsigned int i = 0; i < r->n_streams && !ret; i++)
		refill(r, &r->streams[i]);
	return ret;
}

/* A stream too many means that env and files are not of one trace. */
static void look_for_strangers(struct ukl_reader *r)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "stream_%u", r->n_streams);
	fd = open_part(r, name);
	if (fd < 0 && errno != ENOENT)
		cannot(r, "look for", name);
	if (fd < 0)
		return;
	close(fd);
	if (r->damaged)
		return;
	r->damaged = true;
	r->gap = true;
	ukl_error_set(&r->reason, UKL_ERR_FORMAT, r->name, UKL_NOWHERE,
		      "holds %s, but its metadata says %u streams", name, r->n_streams);
}

static int open_dir(struct ukl_reader *r, const char *dir, struct ukl_error *err)
{
	if (!strcmp(dir, "-"))
		return ukl_parts_untar(&r->parts, STDIN_FILENO, err);
	r->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->dir_fd >= 0)
		return 0;
	return ukl_error_errno(err, dir, "cannot open the trace directory");
}

static int setup(struct ukl_reader *r, const char *dir, struct ukl_error *err)
{
	int ret = open_dir(r, dir, err);

	if (ret)
		return ret;
	look_for_recorder(r);
	ret = open_metadata(r, err);
	if (!ret)
		ret = count_streams(r, err);
	if (!ret)
		ret = open_streams(r, err);
	if (ret)
		return ret;
	look_for_strangers(r);
	ukl_uuid_text(r->uuid, r->uuid_text);
	return 0;
}

int ukl_reader_open(struct ukl_reader **reader, const char *dir, struct ukl_error *err)
{
	struct ukl_reader *r = calloc(1, sizeof(*r));
	int ret;

	if (!r || !(r->name = strdup(strcmp(dir, "-") ? dir : "(standard input)"))) {
		free(r);
		return no_memory(err, dir);
	}
	r->dir_fd = -1;
	ukl_parts_init(&r->parts);
	ukl_env_init(&r->env);
	ret = setup(r, dir, err);
	if (ret)
		ukl_reader_close(r);
	else
		*reader = r;
	return ret;
}

void ukl_reader_close(struct ukl_reader *r)
{
	for (unsigned int i = 0; r->streams && i < r->n_streams; i++) {
		if (r->streams[i].fd >= 0)
			close(r->streams[i].fd);
		free(r->streams[i].buf);
	}
	free(r->streams);
	ukl_parts_deinit(&r->parts);
	ukl_env_deinit(&r->env);
	if (r->dir_fd >= 0)
		close(r->dir_fd);
	free(r->name);
	free(r);
}

/* --- results ------------------------------------------------------------- */

/* A stream without packets has no first time. */
static void add_stream(struct ukl_summary *sum, const struct ukl_stream_summary *one)
{
	if (one->packets && (!sum->packets || one->first_time < sum->first_time))
		sum->first_time = one->first_time;
	if (one->last_time > sum->last_time)
		sum->last_time = one->last_time;
	sum->events += one->events;
	sum->packets += one->packets;
	sum->bytes += one->bytes;
	sum->discarded += one->discarded;
}

/* The streams decide; the lock file only names who is to blame. */
void ukl_reader_summary(const struct ukl_reader *r, struct ukl_summary *sum)
{
	memset(sum, 0, sizeof(*sum));
	sum->n_streams = r->n_streams;
	for (unsigned int i = 0; i < r->n_streams; i++)
		add_stream(sum, &r->streams[i].sum);
	if (!r->recording && !r->left_over && !r->damaged) {
		sum->state = UKL_TRACE_COMPLETE;
		return;
	}
	sum->state = r->recording ? UKL_TRACE_RECORDING : UKL_TRACE_TORN;
	sum->reason = r->reason;
	if (!r->damaged)
		ukl_error_set(&sum->reason, UKL_ERR_FORMAT, r->name, UKL_NOWHERE,
			      r->recording ? "a recorder is still writing" :
			      "its recorder ended before it closed the trace");
}

int ukl_reader_trouble(const struct ukl_reader *r, struct ukl_error *err)
{
	if (!r->damaged || r->reason.code != UKL_ERR_IO)
		return 0;
	if (err)
		*err = r->reason;
	return UKL_ERR_IO;
}

void ukl_reader_stream(const struct ukl_reader *r, unsigned int stream,
		       struct ukl_stream_summary *summary)
{
	*summary = r->streams[stream].sum;
}

const struct ukl_env *ukl_reader_env(const struct ukl_reader *r)
{
	return &r->env;
}

const char *ukl_reader_name(const struct ukl_reader *r)
{
	return r->name;
}

unsigned int ukl_reader_streams(const struct ukl_reader *r)
{
	return r->n_streams;
}

const char *ukl_reader_uuid(const struct ukl_reader *r)
{
	return r->uuid_text;
}
