// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * qemu.c - command lines for QEMU, and what QEMU says of itself; see qemu.h
 */
#define _GNU_SOURCE
#include "qemu.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../traces/crc32c.h"
#include "cmd.h"

void *ukl_need(void *memory)
{
	if (memory)
		return memory;
	fputs("ukl: not enough memory\n", stderr);
	exit(UKL_EXIT_TROUBLE);
}

char *ukl_text(const char *format, ...)
{
	va_list args;
	char *s;

	va_start(args, format);
	if (vasprintf(&s, format, args) < 0)
		s = NULL;
	va_end(args);
	return ukl_need(s);
}

void ukl_words_add(struct ukl_words *w, char *word)
{
	if (w->n + 1 >= w->room) {
		w->room = w->room ? 2 * w->room : 64;
		w->word = ukl_need(realloc(w->word, w->room * sizeof(*w->word)));
	}
	w->word[w->n++] = word;
	w->word[w->n] = NULL;
}

void ukl_words_pair(struct ukl_words *w, const char *option, const char *value)
{
	ukl_words_add(w, ukl_text("%s", option));
	ukl_words_add(w, ukl_text("%s", value));
}

int ukl_build_dir(char *dir, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", dir, size - 1);

	if (len < 0)
		return -1;
	dir[len] = 0;
	*strrchr(dir, '/') = 0;
	return 0;
}

char *ukl_commas(const char *s)
{
	char *doubled = ukl_need(malloc(2 * strlen(s) + 1)), *to = doubled;

	for (; *s; s++) {
		*to++ = *s;
		if (*s == ',')
			*to++ = ',';
	}
	*to = 0;
	return doubled;
}

int ukl_words_save(const struct ukl_words *w, const char *path)
{
	FILE *file = fopen(path, "w");
	int bad = 0;

	if (!file)
		return -1;
	for (size_t i = 0; i < w->n; i++)
		bad |= fputs(w->word[i], file) < 0 || putc(0, file) < 0;
	return fclose(file) || bad ? -1 : 0;
}

int ukl_words_load(struct ukl_words *w, const char *path)
{
	FILE *file = fopen(path, "r");
	char *word = NULL;
	size_t room = 0;
	int bad;

	if (!file)
		return -1;
	while (getdelim(&word, &room, 0, file) > 0)
		ukl_words_add(w, ukl_text("%s", word));
	bad = ferror(file);
	free(word);
	fclose(file);
	return bad ? -1 : 0;
}

int ukl_sum(const char *path, unsigned int *sum)
{
	FILE *file = fopen(path, "r");
	char buf[65536];
	size_t n;
	int bad;

	if (!file)
		return -1;
	*sum = 0;
	while ((n = fread(buf, 1, sizeof(buf), file)) > 0)
		*sum = ukl_crc32c(*sum, buf, n);
	bad = ferror(file);
	fclose(file);
	return bad ? -1 : 0;
}

/* Runs a program and keeps the start of what it says; -1 if it cannot be run. */
int ukl_capture(char *const argv[], char *buf, size_t size)
{
	int pipes[2], status;
	size_t len = 0;
	ssize_t got;
	pid_t pid;

	if (pipe(pipes) || (pid = fork()) < 0)
		return -1;
	if (!pid) {
		dup2(pipes[1], 1);
		dup2(pipes[1], 2);
		close(pipes[0]);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(pipes[1]);
	while (len + 1 < size && (got = read(pipes[0], buf + len, size - len - 1)) > 0)
		len += (size_t)got;
	buf[len] = 0;
	close(pipes[0]);
	if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* What QEMU calls itself, "10.0.2 (Debian ...)", without the newline. */
int ukl_qemu_version(const char *verb, const char *qemu, char *version, size_t size,
		     int *major, int *minor)
{
	char *argv[] = { ukl_text("%s", qemu), ukl_text("--version"), NULL };
	char buf[512];
	const char *number;

	if (ukl_capture(argv, buf, sizeof(buf)) == 127) {
		fprintf(stderr, "ukl: %s: there is no %s; " UKL_INSTALL_QEMU "\n", verb,
			qemu);
		return UKL_EXIT_TROUBLE;
	}
	number = strstr(buf, "version ");
	if (!number || sscanf(number, "version %d.%d", major, minor) != 2) {
		fprintf(stderr, "ukl: %s: %s --version does not tell a version of"
			" QEMU; name another with --qemu\n", verb, qemu);
		return UKL_EXIT_TROUBLE;
	}
	number += strlen("version ");
	snprintf(version, size, "%.*s", (int)strcspn(number, "\n"), number);
	return 0;
}

static int has_plugins(const char *qemu)
{
	char *argv[] = { ukl_text("%s", qemu), ukl_text("-plugin"), ukl_text("help"),
			 NULL };
	char buf[512];

	return ukl_capture(argv, buf, sizeof(buf)) == 0;
}

int ukl_qemu_plugin_api(const char *verb, const char *qemu, char *version, size_t size)
{
	int major, minor;

	if (ukl_qemu_version(verb, qemu, version, size, &major, &minor))
		return -UKL_EXIT_TROUBLE;
	if (major < 10 || (major == 11 && minor == 0)) {
		fprintf(stderr,
			"ukl: %s: this is QEMU %s, but recording needs 10.0,"
			" 10.1, 10.2, 11.1 or later; " UKL_INSTALL_QEMU "\n",
			verb, version);
		return -UKL_EXIT_TROUBLE;
	}
	if (!has_plugins(qemu)) {
		fprintf(stderr,
			"ukl: %s: this QEMU %s was built without TCG plugins;"
			" use Debian's qemu-system-x86 or build one with"
			" --enable-plugins\n",
			verb, version);
		return -UKL_EXIT_TROUBLE;
	}
	return major == 10 ? 4 : 7;
}
