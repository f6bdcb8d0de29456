/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * fd_count: how many this process has open; tests prove with it that nothing leaks.
 * Runs on: any thread. Owns: nothing. One .c per system behind it.
 */
#ifndef MUNNEL_LIB_OS_FD_COUNT_H
#define MUNNEL_LIB_OS_FD_COUNT_H

int fd_count(void); /* 0: this system does not report it */

#endif
