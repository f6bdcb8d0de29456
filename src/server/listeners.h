/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * listeners: the listening sockets of one service, or of the agents' door, for all addresses that it was given.
 * Runs on: the control thread. Owns: the listeners.
 */
#ifndef MUNNEL_SERVER_LISTENERS_H
#define MUNNEL_SERVER_LISTENERS_H

#include "conf/conf_list.h"
#include "server/listener.h"

struct listeners;

/* Binds all of `places`; may look up names, and block for it. NULL with `error` that names the address. */
struct listeners *listeners_new(const struct listener_options *options, const struct conf_list *places,
                                struct error *error);
int listeners_open(struct listeners *listeners, struct error *error); /* 0, or -1 with the first that failed */
void listeners_shut(struct listeners *listeners);
void listeners_free(struct listeners *listeners);
void listeners_log(const struct listeners *listeners, const char *words); /* one line "words ADDRESS" for each */

#endif
