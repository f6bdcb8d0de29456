/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * screen: the terminal, full of a grid; and its keys. One .c with the curses library, one for builds without it.
 *
 * While it is open, SIGINT, SIGTERM, SIGHUP and SIGQUIT only end screen_wait(), so that the terminal is as it was
 * before the process ends by them. SIGTSTP stops the process with the terminal as it was.
 * Runs on: the main thread; one at a time, as there is one terminal. Owns: the terminal's modes, handlers of signals.
 */
#ifndef MUNNEL_CTL_TOP_SCREEN_H
#define MUNNEL_CTL_TOP_SCREEN_H

#include "ctl/top/grid.h"
#include "lib/base/error.h"

#include <event2/util.h>

struct screen;

/* Whether there is a terminal, on input and output, that can be drawn on. False with the reason. */
bool screen_is_possible(struct error *error);
struct screen *screen_open(struct error *error); /* NULL with error */
void screen_close(struct screen *screen);        /* the terminal is as it was; NULL is fine */
/* The signal that has ended screen_wait(); 0: none. After screen_close() the process ends itself by it. */
int screen_signal(const struct screen *screen);

void screen_size(const struct screen *screen, unsigned *width, unsigned *height);
void screen_draw(struct screen *screen, const struct grid *grid);

enum screen_event { SCREEN_TIME, SCREEN_KEY, SCREEN_FD, SCREEN_RESIZED, SCREEN_SIGNAL, SCREEN_GONE };
/* Waits for a key, for `fd` to be readable, or for the time: what comes first. *key: see keys.h. SCREEN_GONE: there is
 * no terminal any more. */
enum screen_event screen_wait(struct screen *screen, evutil_socket_t fd, unsigned ms, int *key);

#endif
