/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * strlist: a growing list of strings.
 * Runs on: any thread. Owns: its strings.
 */
#ifndef MUNNEL_LIB_BASE_STRLIST_H
#define MUNNEL_LIB_BASE_STRLIST_H

#include <stdbool.h>
#include <stddef.h>

struct strlist { /* all zero is an empty list */
    char **items;
    size_t count;
};

int strlist_add(struct strlist *list, const char *text);            /* copies; 0, or -1 when out of memory */
int strlist_copy(struct strlist *list, const struct strlist *from); /* into an empty list; 0 or -1 */
bool strlist_has(const struct strlist *list, const char *text);
bool strlist_same(const struct strlist *a, const struct strlist *b); /* the same strings in the same order */
void strlist_done(struct strlist *list);                             /* empty again */

#endif
