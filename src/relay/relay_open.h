/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_open: an agent's answer to OPEN, by what its service relays.
 * Runs on: a relay thread. Owns: nothing.
 */
#ifndef MUNNEL_RELAY_RELAY_OPEN_H
#define MUNNEL_RELAY_RELAY_OPEN_H

#include "lib/base/error.h"

#include <stddef.h>
#include <stdint.h>

struct thread_session;

/* As mux_options.on_open. */
int relay_open(struct thread_session *session, uint32_t number, const uint8_t *payload, size_t length,
               struct error *error);

#endif
