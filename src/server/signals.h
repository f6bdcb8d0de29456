/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * signals: SIGTERM and SIGINT stop the server, SIGHUP reloads, SIGUSR1 logs what is live.
 * Runs on: the control thread. Owns: its events.
 */
#ifndef MUNNEL_SERVER_SIGNALS_H
#define MUNNEL_SERVER_SIGNALS_H

#include "server/server_priv.h"

struct signals *signals_new(struct server *server); /* NULL when out of memory */
void signals_free(struct signals *signals);

#endif
