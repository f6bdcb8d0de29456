/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * fixture: answers of a server with trouble, what is shown of them, and pictures as text.
 */
#ifndef MUNNEL_TESTS_TOP_FIXTURE_H
#define MUNNEL_TESTS_TOP_FIXTURE_H

#include "ctl/top/top.h"

/* JSON in which ' stands for ". */
json_t *fixture_json(const char *text);

/* UTF-8 and UTC for this test; then `top` with the server's answers for its first tab. */
void fixture_begin(struct top *top);
void fixture_begin_agent(struct top *top); /* the same of a munnel-agent, which has lost one of two servers */
void fixture_end(struct top *top);
/* The answers for what is shown now. */
void fixture_answer(struct top *top);
/* The same with a list of its own, and its total. */
void fixture_answer_with(struct top *top, json_t *list, size_t total);
/* `count` relays, "1" the fastest, as the server would answer for this limit; `without`: one that is missing, 0: none.
 */
json_t *fixture_relays(unsigned first, unsigned count, unsigned without);

void fixture_press(struct top *top, const char *keys); /* each a letter */

/* Draws and compares; `lines`: each with a line feed, without those at the end that are empty. */
void fixture_expect(struct top *top, unsigned width, unsigned height, const char *lines);
/* The picture as one text. malloc'ed. */
char *fixture_draw(struct top *top, unsigned width, unsigned height);

#endif
