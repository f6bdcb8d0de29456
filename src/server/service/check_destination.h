/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_destination: the hops of a check behind the agent: look-up, destination, first byte.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_SERVICE_CHECK_DESTINATION_H
#define MUNNEL_SERVER_SERVICE_CHECK_DESTINATION_H

#include "server/service/check_making.h"

void check_judge_lookup(struct check_making *making);
void check_judge_connect(struct check_making *making);
void check_judge_first_byte(struct check_making *making);

#endif
