/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * view: draws what `struct top` is into a grid of the terminal's size. It needs no terminal.
 *
 * What depends on the size is noted in `top`: how many rows there is room for, the first that is shown (the one under
 * the cursor is), how far a page can be scrolled.
 * Runs on: the main thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_TOP_VIEW_H
#define MUNNEL_CTL_TOP_VIEW_H

#include "ctl/top/grid.h"
#include "ctl/top/top.h"

void view_draw(struct top *top, struct grid *grid);

#endif
