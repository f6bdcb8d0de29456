/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * screen_none: for builds without a curses library: top prints a table once.
 * Runs on: the main thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/top/screen.h"

bool screen_is_possible(struct error *error) {
    error_set(error, "this munnel was built without ncurses");
    return false;
}

struct screen *screen_open(struct error *error) {
    (void)screen_is_possible(error);
    return NULL;
}

void screen_close(struct screen *screen) {
    (void)screen;
}

int screen_signal(const struct screen *screen) {
    (void)screen;
    return 0;
}

void screen_size(const struct screen *screen, unsigned *width, unsigned *height) {
    (void)screen;
    *width = *height = 0;
}

void screen_draw(struct screen *screen, const struct grid *grid) {
    (void)screen, (void)grid;
}

enum screen_event screen_wait(struct screen *screen, evutil_socket_t fd, unsigned ms, int *key) {
    (void)screen, (void)fd, (void)ms, (void)key;
    return SCREEN_GONE;
}
