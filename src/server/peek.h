/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * peek: tells a TLS ClientHello from what else comes to an agent port by mistake.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_PEEK_H
#define MUNNEL_SERVER_PEEK_H

#include <stddef.h>
#include <stdint.h>

enum { PEEK_SIZE = 16 };

/* What the first bytes (at least one) of a connection look like: NULL for TLS, else in words ("an HTTP request"). */
const char *peek_stranger(const uint8_t *bytes, size_t length);

#endif
