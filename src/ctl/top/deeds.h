/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * deeds: what can be done with the row that is chosen. Each asks first, and names what ends.
 * Runs on: the main thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_TOP_DEEDS_H
#define MUNNEL_CTL_TOP_DEEDS_H

#include "ctl/top/top.h"

bool deeds_has(int key); /* is the key one of a deed? */
/* Puts the question of this key into top->deed; or says why it does not apply. */
void deeds_prepare(struct top *top, int key);

#endif
