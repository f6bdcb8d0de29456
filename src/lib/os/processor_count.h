/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * processor_count: how many processors this machine has for its threads.
 * Runs on: any thread. Owns: nothing. One .c per system behind it.
 */
#ifndef MUNNEL_LIB_OS_PROCESSOR_COUNT_H
#define MUNNEL_LIB_OS_PROCESSOR_COUNT_H

unsigned processor_count(void); /* 1 if the system does not tell */

#endif
