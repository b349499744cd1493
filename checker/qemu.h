/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qemu.h - command lines for QEMU, and what QEMU says of itself
 *
 * For verbs that run QEMU and then end: memory is given back by the end of the
 * process, and the lack of it ends the process with a sentence.
 *
 * A replayable trace has, in its directory .replay (UKL_REPLAY_*), what QEMU
 * logged while recording and the words that make the same machine again.
 */
#ifndef UKL_QEMU_H
#define UKL_QEMU_H

#include <stddef.h>

#define UKL_INSTALL_QEMU \
	"install one: on Debian 13 'apt-get install qemu-system-x86'," \
	" on Debian 12 the same with '-t bookworm-backports'"

#define UKL_REPLAY_DIR   ".replay"
#define UKL_REPLAY_LOG   ".replay/log"		/* QEMU's, of all that came from outside */
#define UKL_REPLAY_WORDS ".replay/words"	/* each ended by a NUL */
#define UKL_REPLAY_SUMS  ".replay/sums"		/* of the files booted: CRC PATH */

/* A command line under construction. */
struct ukl_words {
	char **word;		/* NULL-terminated */
	size_t n, room;
};

void *ukl_need(void *memory);

__attribute__((format(printf, 1, 2)))
char *ukl_text(const char *format, ...);

/* Takes the word over. */
void ukl_words_add(struct ukl_words *w, char *word);
void ukl_words_pair(struct ukl_words *w, const char *option, const char *value);

/* As bytes, each word ended by a NUL; 0, or -1 and errno. */
int ukl_words_save(const struct ukl_words *w, const char *path);
int ukl_words_load(struct ukl_words *w, const char *path);

/* The directory of this program, where all else was built; 0, or -1 and errno. */
int ukl_build_dir(char *dir, size_t size);

/* QEMU splits option values at commas; two of them stand for one. */
char *ukl_commas(const char *s);

/* The file's CRC32C; 0, or -1 and errno. */
int ukl_sum(const char *path, unsigned int *sum);

/* Runs a program and keeps the start of what it says; -1 if it cannot be run. */
int ukl_capture(char *const argv[], char *buf, size_t size);

/* What QEMU calls itself, "10.0.2 (Debian ...)"; not 0: why not was said. */
int ukl_qemu_version(const char *verb, const char *qemu, char *version, size_t size,
		     int *major, int *minor);

/* Which of the two plugins this QEMU takes: 4 or 7; negative: why none was said. */
int ukl_qemu_plugin_api(const char *verb, const char *qemu, char *version, size_t size);

#endif /* UKL_QEMU_H */
