/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * identity: gives up the rights that only the start needed.
 * Runs on: start only; holds for all threads. Owns: nothing. One .c per system behind it.
 */
#ifndef MUNNEL_SERVER_IDENTITY_H
#define MUNNEL_SERVER_IDENTITY_H

#include "lib/error.h"

/* Becomes this user and group (NULL: the user's own), for good. Nothing to do without a user. 0 or -1. */
int identity_become(const char *user, const char *group, struct error *error);

#endif
