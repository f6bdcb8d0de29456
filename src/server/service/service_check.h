/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_check: opens one connection through a service, as a client would, and tells how far it came: listener, agents
 * of its groups, agent, link, rules, look-up, destination, first byte.
 *
 * States: connecting -> accepted -> opened -> over. Nothing is sent; of what the destination sends first a few bytes
 * are kept. It ends by a reset. Runs on: the control thread. Owns: its end of the connection.
 */
#ifndef MUNNEL_SERVER_SERVICE_SERVICE_CHECK_H
#define MUNNEL_SERVER_SERVICE_SERVICE_CHECK_H

#include "server/service/check_report.h"

struct service_check;

struct service_check_options { /* copied */
    struct event_base *base;
    struct service *service;
    const struct session_table *sessions;
    void (*done)(void *context, const struct check_report *report); /* once, never from within service_check_start */
    void *context;
};

/* NULL: out of memory, or *is_busy: one of this service runs. */
struct service_check *service_check_start(const struct service_check_options *options, bool *is_busy);
void service_check_cancel(struct service_check *check); /* `done` is not called */

#endif
