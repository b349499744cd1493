/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.h - the one part of writing JSON that is easy to get wrong
 */
#ifndef UKL_JSON_H
#define UKL_JSON_H

#include <stdio.h>

/* In quotes; bytes that are not UTF-8 become U+FFFD, so the result always parses. */
void ukl_json_string(FILE *out, const char *text);

#endif /* UKL_JSON_H */
