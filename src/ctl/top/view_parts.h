/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * view_parts: what the view is made of. Each draws from line `y` on and returns the line behind what it drew.
 * Runs on: the main thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_TOP_VIEW_PARTS_H
#define MUNNEL_CTL_TOP_VIEW_PARTS_H

#include "ctl/top/grid.h"
#include "ctl/top/top.h"

/* view_head.c: is it well, how much is going on. */
unsigned view_head(const struct top *top, struct grid *grid, unsigned y);
/* view_problems.c: what is wrong and what to do, in `most` lines at most; all of it on a page. */
unsigned view_problems(const struct top *top, struct grid *grid, unsigned y, unsigned most);
unsigned view_problems_height(const struct top *top, const struct grid *grid);
/* view_table.c: the rows, down to the line before `end`. */
void view_table(struct top *top, struct grid *grid, unsigned y, unsigned end);
/* The titles and so many rows, or a line that there are none. */
void view_rows(struct top *top, struct grid *grid, unsigned y, size_t count);
/* view_service.c, view_agent.c, view_relay.c, view_event.c: one of them, in full. */
unsigned view_service(const struct top *top, struct grid *grid, unsigned y);
unsigned view_agent(const struct top *top, struct grid *grid, unsigned y);
unsigned view_relay(const struct top *top, struct grid *grid, unsigned y);
unsigned view_event(const struct top *top, struct grid *grid, unsigned y);
/* view_of_agent.c: what an agent has: a service of its servers, a server. */
unsigned view_own_service(const struct top *top, struct grid *grid, unsigned y);
unsigned view_server(const struct top *top, struct grid *grid, unsigned y);
/* view_help.c: all keys. */
unsigned view_help(const struct top *top, struct grid *grid, unsigned y);

/* view_facts.c: a line "name   value", the value in as many lines as it needs. */
unsigned view_fact(struct grid *grid, unsigned y, const char *name, unsigned style, const char *value);
unsigned view_fact_of(struct grid *grid, unsigned y, const char *name, const json_t *item, const char *path);
unsigned view_title(struct grid *grid, unsigned y, const char *title);

/* Old numbers must not look like new ones. */
unsigned view_style(const struct top *top, unsigned style);

#endif
