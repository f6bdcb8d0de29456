/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * client_hello: what a TLS client sends first, for tests of the ports that read it.
 */
#ifndef MUNNEL_TESTS_CLIENT_HELLO_H
#define MUNNEL_TESTS_CLIENT_HELLO_H

#include <stddef.h>
#include <stdint.h>

/* The shortest. */
static const char client_hello[] = {0x16, 0x03, 0x01, 0x00, 0x08, 0x01, 0x00, 0x00, 0x04, 0x03, 0x03, 0x00, 0x00};

/* One of `size` bytes in records of `piece` bytes, into bytes[SNIFF_HELLO_MAX]; returns the length of all. */
size_t client_hello_cut(uint8_t *bytes, size_t size, size_t piece);

#endif
