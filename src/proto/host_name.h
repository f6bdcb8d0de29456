/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * host_name: the name of a host as a client gives it, in SNI or in an HTTP Host, in the one form that is compared.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_PROTO_HOST_NAME_H
#define MUNNEL_PROTO_HOST_NAME_H

#include "lib/base/error.h"

#include <stdbool.h>

enum { HOST_NAME_SIZE = 256 };

/* In lower case, without a port and without the dot at its end. An address stays as it is, IPv6 in brackets. False: it
 * is neither a name nor an address (RFC 9110, 7.2), or too long. */
bool host_name_read(const char *text, char name[HOST_NAME_SIZE]);

/* A name of a configuration: "web.example.org", or "*.example.org" for all names below it; punycode for others than
 * ASCII. 0 or -1 with what is wrong. */
int host_name_check(const char *text, struct error *error);

#endif
