/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * host_name: what this machine calls itself.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_OS_HOST_NAME_H
#define MUNNEL_LIB_OS_HOST_NAME_H

#include <stddef.h>

enum { HOST_NAME_SIZE = 256 }; /* enough for any */

/* Always terminated; cut where it does not fit, and empty where the system does not know it. */
void host_name(char *name, size_t size);

#endif
