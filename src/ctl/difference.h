/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * difference: what a change of the configuration does or would do, for people: a line each with + ~ or -.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_DIFFERENCE_H
#define MUNNEL_CTL_DIFFERENCE_H

#include "lib/base/error.h"
#include "lib/display/display.h"

/* A Difference of the API. Nothing different is a line, too. 0, or -1 with error. */
int difference_print(const struct display *display, const json_t *difference, struct error *error);

#endif
