/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stdio.c - snprintf() and dprintf(), as far as applications here use them
 *
 * Conversions: %d %i %u %x %p %s %c %% with flags 0 and -, a width, and the
 * lengths l, ll and z.  No floating point, no precision.  Anything else is
 * copied as it stands, so that a mistake is seen in the output.  A dprintf()
 * longer than LINE_MAX_BYTES is cut.  Nothing is buffered between calls.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

/* Where output goes: counts everything, keeps what fits. */
struct sink {
	char *buf;
	size_t size;
	size_t used;
};

struct spec {
	int width;
	int left;		/* '-' */
	char pad;		/* ' ' or '0' */
	int is_long;
};

static void put(struct sink *sink, char c)
{
	if (sink->used + 1 < sink->size)
		sink->buf[sink->used] = c;
	sink->used++;
}

static void put_padded(struct sink *sink, const struct spec *spec, const char *s,
		       size_t len)
{
	size_t width = (size_t)spec->width, fill = width > len ? width - len : 0;
	size_t i;

	if (spec->pad == '0' && len && *s == '-') {	/* the sign comes first */
		put(sink, *s++);
		len--;
	}
	for (i = 0; i < fill && !spec->left; i++)
		put(sink, spec->pad);
	while (len--)
		put(sink, *s++);
	for (i = 0; i < fill && spec->left; i++)
		put(sink, ' ');
}

static void put_number(struct sink *sink, const struct spec *spec,
		       unsigned long value, unsigned int base, const char *sign)
{
	char text[32];
	char *p = text + sizeof(text);

	do {
		*--p = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	for (; *sign; sign++)
		*--p = *sign;
	put_padded(sink, spec, p, (size_t)(text + sizeof(text) - p));
}

static const char *parse_spec(const char *f, struct spec *spec)
{
	*spec = (struct spec){ .pad = ' ' };
	for (; *f == '0' || *f == '-'; f++) {
		if (*f == '0')
			spec->pad = '0';
		else
			spec->left = 1;
	}
	if (spec->left)
		spec->pad = ' ';
	for (; *f >= '0' && *f <= '9'; f++)
		spec->width = spec->width * 10 + (*f - '0');
	for (; *f == 'l' || *f == 'z'; f++)
		spec->is_long = 1;
	return f;
}

static void put_string(struct sink *sink, const struct spec *spec, const char *s)
{
	if (!s)
		s = "(null)";
	put_padded(sink, spec, s, strlen(s));
}

static void put_signed(struct sink *sink, const struct spec *spec, long v)
{
	unsigned long magnitude = v < 0 ? -(unsigned long)v : (unsigned long)v;

	put_number(sink, spec, magnitude, 10, v < 0 ? "-" : "");
}

int vsnprintf(char *buf, size_t size, const char *f, va_list ap)
{
	struct sink sink = { buf, size, 0 };
	struct spec spec;
	char c;

	for (; *f; f++) {
		if (*f != '%') {
			put(&sink, *f);
			continue;
		}
		f = parse_spec(f + 1, &spec);
		switch (*f) {
		case 'd':
		case 'i':
			put_signed(&sink, &spec, spec.is_long ? va_arg(ap, long) :
				   va_arg(ap, int));
			break;
		case 'u':
		case 'x':
			put_number(&sink, &spec, spec.is_long ?
				   va_arg(ap, unsigned long) :
				   va_arg(ap, unsigned int),
				   *f == 'x' ? 16 : 10, "");
			break;
		case 'p':		/* digits grow leftwards: "0x" reversed */
			put_number(&sink, &spec, va_arg(ap, uintptr_t), 16, "x0");
			break;
		case 's':
			put_string(&sink, &spec, va_arg(ap, const char *));
			break;
		case 'c':
			c = (char)va_arg(ap, int);
			put_padded(&sink, &spec, &c, 1);
			break;
		case '\0':
			f--;
			break;
		default:
			put(&sink, *f);
		}
	}
	if (size)
		buf[sink.used < size ? sink.used : size - 1] = '\0';
	return (int)sink.used;
}

int snprintf(char *buf, size_t size, const char *f, ...)
{
	va_list ap;
	int n;

	va_start(ap, f);
	n = vsnprintf(buf, size, f, ap);
	va_end(ap);
	return n;
}

static int write_all(int fd, const char *buf, size_t n)
{
	ssize_t done;

	while (n) {
		done = write(fd, buf, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		buf += done;
		n -= (size_t)done;
	}
	return 0;
}

int dprintf(int fd, const char *f, ...)
{
	char line[LINE_MAX_BYTES];
	va_list ap;
	int n;

	va_start(ap, f);
	n = vsnprintf(line, sizeof(line), f, ap);
	va_end(ap);
	if ((size_t)n >= sizeof(line))
		n = sizeof(line) - 1;
	return write_all(fd, line, (size_t)n) ? -1 : n;
}
