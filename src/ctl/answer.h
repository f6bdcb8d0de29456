/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * answer: members of what the administration API answered, by dotted names, "relays.now"; and as people read them.
 *
 * A member that is missing is as one that is null: a server of another version may have fewer.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_ANSWER_H
#define MUNNEL_CTL_ANSWER_H

#include "lib/display/number_text.h"

#include <jansson.h>
#include <stdbool.h>

json_t *answer_at(const json_t *json, const char *name); /* NULL: missing or null */
/* A text; `otherwise` if it is none. */
const char *answer_text(const json_t *json, const char *name, const char *otherwise);
/* An address that stands for its network, of IPv6 a /64: "192.0.2.7", "2001:db8::/64"; "" if it is none. */
enum { ANSWER_SOURCE = 64 };
const char *answer_source(const json_t *json, const char *name, char text[ANSWER_SOURCE]);
bool answer_is(const json_t *json, const char *name, const char *text);
double answer_number(const json_t *json, const char *name); /* -1: it is none, which number_text.h writes as "-" */
/* A number of bytes per second, or the mean of the last 10 seconds of Rates; -1: neither. */
double answer_rate(const json_t *json, const char *name);
/* The texts of a list, with ", " between them: malloc'ed, "" if there are none; NULL: out of memory. */
char *answer_list(const json_t *json, const char *name);

#endif
