/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * count_instructions: how many instructions a piece of work takes, counted one by one.
 *
 * Time tells little on a busy machine; the number of instructions is the same each time, so that a single one shows
 * that two paths are not the same.
 * Runs on: a test's process, which makes a child for each count. Owns: the child, for the time of the call.
 */
#ifndef MUNNEL_TESTS_COUNT_INSTRUCTIONS_H
#define MUNNEL_TESTS_COUNT_INSTRUCTIONS_H

/*
 * Does the work a few times, so that what is made at the first need is there, and then once traced by the parent.
 * Returns 0, and prints why, where a child cannot be traced: there is nothing to compare then.
 */
unsigned long count_instructions(void (*work)(void *context), void *context);

#endif
