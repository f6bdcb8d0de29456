/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_services: what a server has announced, judged by the agent's rules, and whether the destinations of what is
 * permitted can be reached from here.
 * Runs on: the main thread. Owns: nothing.
 */
#ifndef MUNNEL_AGENT_CHECK_CHECK_SERVICES_H
#define MUNNEL_AGENT_CHECK_CHECK_SERVICES_H

#include "agent/check/check_world.h"
#include "proto/services.h"

enum { CHECK_SERVICES_MOST = 20 /* that have rows of their own */ };

void check_services(const struct check_world *world, const char *server, const struct services_part *part);

/* Can the destination of a service that this agent publishes be reached? One row. */
void check_published(const struct check_world *world, const char *name, const char *to);

#endif
