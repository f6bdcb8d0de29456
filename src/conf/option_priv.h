/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * option_priv: what option.c (the walk through an object) and option_value.c (one value) share.
 * Runs on: start, reload or a tool. Owns: nothing.
 */
#ifndef MUNNEL_CONF_OPTION_PRIV_H
#define MUNNEL_CONF_OPTION_PRIV_H

#include "conf/option.h"

enum { OPTION_VALUE_TEXT = 64, OPTION_WANTED_TEXT = 256 };

/* Stores a value, after all checks; frees what was there. 0 or -1 with the place's error. */
int option_set_value(const struct option_spec *spec, void *base, json_t *value, const struct option_place *place);
int option_add_text(const struct option_spec *spec, void *base, const json_t *value, const struct option_place *place);

const char *option_show(const json_t *value, char text[OPTION_VALUE_TEXT]); /* what was written; cut where it is long */
/* What would be right there. */
const char *option_wanted(const struct option_spec *spec, const struct option_place *place,
                          char text[OPTION_WANTED_TEXT]);
void option_append(char *text, size_t size, const char *more);

static inline void *option_at(void *base, size_t offset) {
    return (char *)base + offset;
}

#endif
