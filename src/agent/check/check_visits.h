/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_visits: does the server let this agent visit what it visits? Its port here is not tried, which the agent that
 * runs may have.
 * Runs on: the main thread. Owns: nothing.
 */
#ifndef MUNNEL_AGENT_CHECK_CHECK_VISITS_H
#define MUNNEL_AGENT_CHECK_CHECK_VISITS_H

#include "agent/check/trial.h"

#include <jansson.h>

/* Asks the server, whose WELCOME had `features`. True: it will answer; else there is nothing to ask, or a row says why.
 */
bool check_visits_ask(struct trial *trial, unsigned features);
/* Its `visit_state`; NULL: it has not come. A row for each visit. */
void check_visits_add(struct trial *trial, const json_t *answer);

#endif
