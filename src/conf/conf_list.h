/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * conf_list: a list of strings that somebody wrote.
 * Runs on: any thread. Owns: its strings.
 */
#ifndef MUNNEL_CONF_CONF_LIST_H
#define MUNNEL_CONF_CONF_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct conf_list { /* all zero is an empty list */
    char **items;
    size_t count;
};

int conf_list_add(struct conf_list *list, const char *text);              /* copies; 0, or -1 when out of memory */
int conf_list_copy(struct conf_list *list, const struct conf_list *from); /* into an empty list; 0 or -1 */
bool conf_list_has(const struct conf_list *list, const char *text);
void conf_list_done(struct conf_list *list); /* empty again */

#endif
