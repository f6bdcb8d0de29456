/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_join: joins a server, as an agent of its own, with another instance and name than the one that may run with the
 * same credential, whose session stays as it is. It answers for no service, so that it is given no client, and sends
 * BYE once it has been told which services there are; these are tried then (check_services.h). Runs on: the main
 * thread. Owns: nothing.
 */
#ifndef MUNNEL_AGENT_CHECK_CHECK_JOIN_H
#define MUNNEL_AGENT_CHECK_CHECK_JOIN_H

#include "agent/check/trial.h"

/* False: the server has not let it in. */
bool check_join(struct trial *trial);

#endif
