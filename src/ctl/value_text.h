/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * value_text: a member of an answer as people read it, in a line of its own or a cell of a table.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_VALUE_TEXT_H
#define MUNNEL_CTL_VALUE_TEXT_H

#include <jansson.h>

enum value_kind {
    VALUE_TEXT,
    VALUE_STATE, /* a text with a colour of its own */
    VALUE_FLAG,  /* "yes", or nothing */
    VALUE_LIST,
    VALUE_COUNT,
    VALUE_BYTES,
    VALUE_BIT_RATE,
    VALUE_RATE,
    VALUE_MS,
    VALUE_CLOCK, /* a time */
    VALUE_AGE,   /* how long ago it was */
    VALUE_TIME   /* both */
};

/* `name`: as answer.h takes it. malloc'ed; "" or "-" if it is missing; NULL: out of memory. */
char *value_text(const json_t *json, const char *name, enum value_kind kind);

#endif
