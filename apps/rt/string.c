/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * string.c - the <string.h> and <stdlib.h> functions applications use
 *
 * memcpy, memmove, memset and memcmp are also called by the compiler itself.
 * Built with -fno-tree-loop-distribute-patterns, or gcc would turn the loops
 * below into calls of the functions they are in.
 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

unsigned long __isoc23_strtoul(const char *, char **, int);
long __isoc23_strtol(const char *, char **, int);

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	void *ret = to;

	asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
	return ret;
}

void *memset(void *to, int c, size_t n)
{
	void *ret = to;

	asm volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(c) : "memory");
	return ret;
}

void *memmove(void *to, const void *from, size_t n)
{
	unsigned char *d = to;
	const unsigned char *s = from;

	if ((uintptr_t)d - (uintptr_t)s >= n)	/* d is not inside the source */
		return memcpy(to, from, n);
	while (n--)
		d[n] = s[n];
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a, *q = b;

	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

size_t strlen(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return (size_t)(p - s);
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b || !*a)
			return (unsigned char)*a - (unsigned char)*b;
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)(uintptr_t)s;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return INT_MAX;
}

static int prefix_base(const char **s, int base)
{
	int hex = (*s)[0] == '0' && ((*s)[1] | 0x20) == 'x' && digit((*s)[2]) < 16;

	if (hex && (base == 0 || base == 16)) {
		*s += 2;
		return 16;
	}
	if (base)
		return base;
	return **s == '0' ? 8 : 10;
}

unsigned long strtoul(const char *s, char **end, int base)
{
	const char *start = s;
	unsigned long value = 0;
	int negative, overflow = 0, any = 0;

	while (*s == ' ' || (*s >= '\t' && *s <= '\r'))
		s++;
	negative = *s == '-';
	s += *s == '-' || *s == '+';
	base = prefix_base(&s, base);
	for (; digit(*s) < base; s++, any = 1) {
		overflow |= __builtin_mul_overflow(value, (unsigned long)base, &value);
		overflow |= __builtin_add_overflow(value, (unsigned long)digit(*s),
						   &value);
	}
	if (end)
		*end = (char *)(uintptr_t)(any ? s : start);
	if (overflow) {
		errno = ERANGE;
		return ULONG_MAX;
	}
	return negative ? -value : value;
}

/* Magnitudes beyond LONG_MAX are an overflow here, unlike in strtoul(). */
long strtol(const char *s, char **end, int base)
{
	const char *p = s;
	unsigned long value = strtoul(s, end, base);
	int negative;

	while (*p == ' ' || (*p >= '\t' && *p <= '\r'))
		p++;
	negative = *p == '-';
	if (negative ? (long)value <= 0 : (long)value >= 0)
		return (long)value;
	errno = ERANGE;
	return negative ? LONG_MIN : LONG_MAX;
}

/* Newer C libraries' headers rename strtol() and strtoul() to these. */
unsigned long __isoc23_strtoul(const char *s, char **end, int base)
{
	return strtoul(s, end, base);
}

long __isoc23_strtol(const char *s, char **end, int base)
{
	return strtol(s, end, base);
}
