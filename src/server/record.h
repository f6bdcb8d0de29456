/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * record: the one line that a relay leaves in the log, for clients that no agent could serve; the data plane writes it
 * for those that it had.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_RECORD_H
#define MUNNEL_SERVER_RECORD_H

#include "relay/relay_msg.h"

void record_write_failed(struct log *log, const char *instance, const struct client *client);

#endif
