/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * host_routes: which service a name of a client leads to, of those that share a port.
 *
 * "*.example.org" is for all names below it, of one label or several; an exact name comes before it, a longer one
 * before a shorter. Names are compared without regard to case. Once it is sorted it is immutable; it is counted, since
 * clients outlive the configuration by which they were routed. Runs on: the thread that makes it; from then on any.
 * Owns: copies of the names. Services are the caller's, and only their addresses are used: those of an old
 * configuration may be freed.
 */
#ifndef MUNNEL_RELAY_HOST_ROUTES_H
#define MUNNEL_RELAY_HOST_ROUTES_H

#include "lib/base/strlist.h"

struct host_routes;
struct service;

struct host_routes *host_routes_new(void); /* one reference; NULL when out of memory */
struct host_routes *host_routes_hold(struct host_routes *routes);
void host_routes_release(struct host_routes *routes); /* NULL is fine */
/* A service with these names; without any it is the one for all that no name leads to. 0, or -1 without memory. Behind
 * the last one host_routes_sort; of a name that two services have, the first has it. */
int host_routes_add(struct host_routes *routes, const struct strlist *hosts, struct service *service);
void host_routes_sort(struct host_routes *routes);
/* `name` in the form of host_name_read. NULL: no service has it. */
struct service *host_routes_find(const struct host_routes *routes, const char *name);
/* Where a client goes that names this host, or "", none: the service that has it, else the rest. NULL: nowhere. */
struct service *host_routes_lead(const struct host_routes *routes, const char *name);

#endif
