/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * descriptors: how many this process has open; tests prove with it that nothing leaks.
 * Runs on: any thread. Owns: nothing. One .c per system behind it.
 */
#ifndef MUNNEL_SERVER_DESCRIPTORS_H
#define MUNNEL_SERVER_DESCRIPTORS_H

int descriptors_count(void); /* 0: this system does not tell */

#endif
