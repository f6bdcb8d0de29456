/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * client_detail: the text in the record of a client that no agent served: which agent to start, or which refuses.
 * Runs on: the control thread. Owns: nothing; writes client->detail.
 */
#ifndef MUNNEL_SERVER_SERVICE_CLIENT_DETAIL_H
#define MUNNEL_SERVER_SERVICE_CLIENT_DETAIL_H

#include "relay/plane.h"

void client_detail_set_no_agent(struct client *client);
/* The first of the agents that do not permit its service (there is one); its name becomes client->agent. */
void client_detail_set_refusal(struct client *client);
/* Appends to the detail of the last attempt which groups had no other agent. */
void client_detail_add_attempts(struct client *client);

#endif
