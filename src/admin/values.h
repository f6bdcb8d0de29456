/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * values: what many answers have in them, as JSON.
 * Runs on: the control thread. Owns: nothing; the JSON is the caller's, and NULL when out of memory.
 */
#ifndef MUNNEL_ADMIN_VALUES_H
#define MUNNEL_ADMIN_VALUES_H

#include "lib/base/strlist.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define VALUE_NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
/* Can a service, an agent or a group have it? In a query one that cannot would be answered by an empty list, which
 * hides a mistake. */
bool value_is_name(const char *text);
int64_t value_wall_ms(void); /* milliseconds since 1970 */
/* RFC 3339 in UTC: of a moment since 1970; 0: null. */
json_t *value_time(int64_t wall_ms);
json_t *value_time_of(uint64_t us);                      /* of one of clock_us(); 0: null */
json_t *value_text(const char *text);                    /* what is not UTF-8 becomes '?'; NULL: null */
json_t *value_texts(const struct strlist *texts);        /* NULL: ["*"] */
json_t *value_ms(uint64_t us);                           /* milliseconds with fractions; 0: null */
json_t *value_span_ms(uint64_t from_us, uint64_t to_us); /* null, if one of the two did not happen */

#endif
