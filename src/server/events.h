/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * events: passes each event of the plane to the part of the control plane that handles it.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_EVENTS_H
#define MUNNEL_SERVER_EVENTS_H

#include "relay/plane.h"

struct server;

const struct plane_events *server_plane_events(void);        /* their context is the struct server */
struct liveness *server_liveness_new(struct server *server); /* NULL when out of memory */

#endif
