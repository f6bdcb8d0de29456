/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * listener_group: the listening sockets of one service, or of the agent port, for all configured addresses.
 * Runs on: the control thread. Owns: the listeners.
 */
#ifndef MUNNEL_SERVER_SERVICE_LISTENER_GROUP_H
#define MUNNEL_SERVER_SERVICE_LISTENER_GROUP_H

#include "lib/base/strlist.h"
#include "server/service/listener.h"

struct listener_group;

/* Binds all of `addrs`; may look up names, and block for it. NULL with `error` that names the address. */
struct listener_group *listener_group_new(const struct listener_options *options, const struct strlist *addrs,
                                          struct error *error);
int listener_group_open(struct listener_group *listeners,
                        struct error *error); /* 0, or -1 with the first that failed */
void listener_group_shut(struct listener_group *listeners);
void listener_group_free(struct listener_group *listeners);
void listener_group_log(const struct listener_group *listeners,
                        const char *event); /* one line "EVENT ADDRESS" for each */

#endif
