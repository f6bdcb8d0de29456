/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * host_routes: which service a name of a client leads to, of those that share a port.
 *
 * "*.example.org" is for all names below it, of one label or several; an exact name comes before it, a longer one
 * before a shorter. Names are compared without regard to case. Runs on: the control thread. Owns: copies of the names.
 * Services are the caller's.
 */
#ifndef MUNNEL_SERVER_SERVICE_HOST_ROUTES_H
#define MUNNEL_SERVER_SERVICE_HOST_ROUTES_H

#include "lib/base/strlist.h"

struct host_routes;
struct service;

struct host_routes *host_routes_new(void); /* NULL when out of memory */
void host_routes_free(struct host_routes *routes);
/* A service with these names; without any it is the one for all that no name leads to. 0, or -1 without memory. Behind
 * the last one host_routes_sort; of a name that two services have, the first has it. */
int host_routes_add(struct host_routes *routes, const struct strlist *hosts, struct service *service);
void host_routes_sort(struct host_routes *routes);
/* `name` in the form of host_name_read. NULL: no service has it. */
struct service *host_routes_find(const struct host_routes *routes, const char *name);
struct service *host_routes_rest(const struct host_routes *routes); /* the one without names; NULL: none */

#endif
