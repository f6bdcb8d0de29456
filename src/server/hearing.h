/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * hearing: what the plane says, and which part of the control plane it concerns.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_HEARING_H
#define MUNNEL_SERVER_HEARING_H

#include "relay/relay_msg.h"

const struct plane_events *hearing_events(void); /* their context is the struct server */

#endif
