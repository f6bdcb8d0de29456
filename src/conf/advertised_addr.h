/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * advertised_addr: the address of an agent port as agents elsewhere would write it.
 * Runs on: start or a tool. Owns: nothing.
 */
#ifndef MUNNEL_CONF_ADVERTISED_ADDR_H
#define MUNNEL_CONF_ADVERTISED_ADDR_H

#include <stdbool.h>

enum { ADVERTISED_ADDR_TEXT = 288 };

/*
 * "HOST:PORT" for an agent port that listens on `listen`. Where that is every address, the host is `name`, or without
 * it (NULL) the best of the certificate's names: a full name, else an address that is not this machine's alone. A guess
 * at last, never an error. False: it works on this machine alone, though the port listens on every address.
 */
bool advertised_addr(const char *listen, const char *name, const char *certificate, char text[ADVERTISED_ADDR_TEXT]);

#endif
