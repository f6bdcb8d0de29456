/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * reconfigure_priv: another configuration on its way, shared by reconfigure_prepare.c, which makes all that can fail,
 * and reconfigure.c, which applies it. Runs on: the control thread.
 */
#ifndef MUNNEL_SERVER_RECONFIGURE_PRIV_H
#define MUNNEL_SERVER_RECONFIGURE_PRIV_H

#include "server/reconfigure.h"

#include <stdint.h>

struct admin_change;
struct listener_group;
struct log_target;
struct service;
struct service_tls_read;
struct strlist;

struct step { /* for each service of the new configuration */
    struct service *service;
    bool is_new, has_changed;
    uint32_t old_id; /* that agents know of one that has changed */
};

struct reconfigure {
    struct server *server;
    struct server_config *conf;
    struct server_diff *diff;
    struct step *steps; /* in the order of conf->services */
    size_t step_count;
    struct service **items; /* room for the new list of services */
    struct listener_group **donors;
    size_t donor_count;
    struct log_target *log;
    struct admin_change *admin;     /* NULL: it stays as it is */
    struct listener_group *reserve; /* NULL: none is kept */
    const struct strlist *paused;   /* or NULL */
    struct service_tls_read *tls;   /* or NULL */
    SSL_CTX *const *kept_tls;       /* or NULL */
    bool is_trial, is_return, is_services_only, is_applied;
    bool moves_agents; /* they connect at other sockets */
};

#endif
