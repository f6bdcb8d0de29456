/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * keys: what a key does to what is shown.
 * Runs on: the main thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_TOP_KEYS_H
#define MUNNEL_CTL_TOP_KEYS_H

#include "ctl/top/top.h"

enum key { /* below 256: a byte of the text that is typed */
           TOP_KEY_NONE = 0,
           TOP_KEY_CURSOR_UP = 256,
           TOP_KEY_CURSOR_DOWN,
           TOP_KEY_CURSOR_LEFT,
           TOP_KEY_CURSOR_RIGHT,
           TOP_KEY_PAGE_BACK,
           TOP_KEY_PAGE_ON,
           TOP_KEY_FIRST,
           TOP_KEY_LAST,
           TOP_KEY_OPEN,
           TOP_KEY_ESCAPE,
           TOP_KEY_NEXT_TAB,
           TOP_KEY_TAB_BEFORE,
           TOP_KEY_ERASE,
           TOP_KEY_OTHER
};

enum keys_result { KEYS_DONE, KEYS_QUIT, KEYS_DEED /* top->doing is confirmed: to be asked for */ };

enum keys_result keys_press(struct top *top, int key);

#endif
