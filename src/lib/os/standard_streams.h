/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * standard_streams: descriptors 0 to 2, which some supervisors leave closed.
 * Runs on: the main thread, at start. Owns: nothing; what it opens stays open.
 */
#ifndef MUNNEL_LIB_OS_STANDARD_STREAMS_H
#define MUNNEL_LIB_OS_STANDARD_STREAMS_H

#include "lib/base/error.h"

/*
 * First thing in main, before anything is opened: each of the three that is closed leads to /dev/null. Otherwise a
 * socket, a pipe or a file of the program's own gets the number, and what is printed or logged goes into it. 0 or -1.
 */
int standard_streams_open(struct error *error);

#endif
