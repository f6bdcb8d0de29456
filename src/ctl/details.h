/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * details: one thing of the administration API, a line for each member that it has.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_DETAILS_H
#define MUNNEL_CTL_DETAILS_H

#include "ctl/value_text.h"
#include "lib/display/display.h"

struct detail {
    const char *label;
    const char *name; /* as answer.h takes it */
    enum value_kind kind;
};

/* `title`, then what is there. */
void details_print(const struct display *display, const char *title, const json_t *json, const struct detail *details,
                   size_t count);

#endif
