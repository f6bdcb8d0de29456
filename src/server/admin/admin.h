/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * admin: what munneld shows of itself, and what can be changed while it runs, over HTTP; docs/openapi.yaml has the
 * contract.
 *
 * Runs on: the control thread; no handler blocks, or takes a time that depends on the number of relays. Owns: the HTTP
 * server, requests that wait for the data plane, event streams. States: new -> listening -> freed.
 */
#ifndef MUNNEL_SERVER_ADMIN_ADMIN_H
#define MUNNEL_SERVER_ADMIN_ADMIN_H

#include "lib/http/assets.h"
#include "lib/metrics/metrics.h"
#include "relay/plane.h"
#include "server/admin/configuration.h"
#include "server/auth/authenticate.h"
#include "server/service/registry.h"

struct admin;
struct agent_listener;
struct background;
struct bans;
struct client_table;
struct dispatch;
struct ended_relays;
struct published_table;
struct recent_events;
struct statistics;
struct trust_files;

struct admin_options { /* all outlive it */
    struct loop *loop; /* of the control thread */
    struct log *log;
    struct plane *plane;
    const struct auth_policy *policy; /* configuration, credentials and certificate, as they are at the moment */
    const struct trust_files *trust;
    struct session_table *sessions;
    const struct service_list *services;
    const struct client_table *clients;
    const struct ended_relays *ended;
    const struct link_count *links;
    struct registry *registry;
    struct dispatch *dispatch;
    struct bans *bans;
    struct published_table *published;
    struct agent_listener *agent_listener;
    struct recent_events *events; /* it becomes their reader */
    const struct statistics *statistics;
    struct config_port config;
    struct background *background; /* for what waits for the disk */
    const char *instance;
    time_t started_at;
    const bool *is_stopping;
    const struct http_asset *assets; /* the page; NULL: none */
    size_t asset_count;
    bool (*reread_credentials)(void *context); /* if the agents file has changed: takes it into force */
    void (*write_metrics)(const void *context, struct metrics *to);
    void *context; /* of these two */
};

struct admin *admin_new(const struct admin_options *options, struct error *error); /* NULL with `error` */
void admin_free(struct admin *admin);                                              /* NULL is fine */
/*
 * Another configuration's admin.socket, admin.http and admin.tokens, in two steps: all that can fail, and what cannot.
 * The tokens are read in any case: the file may have changed. With `is_trial` nothing is bound. NULL with `error`, and
 * the place in `fault` where it is known.
 */
struct admin_change;
struct admin_change *admin_prepare(struct admin *admin, const struct server_config *conf, bool is_trial,
                                   struct option_fault *fault, struct error *error);
/* New addresses listen, the others do not any more; connections are served on. -1 with the first `error` of a socket
 * that cannot listen, and the rest is done. */
int admin_apply(struct admin_change *change, struct error *error);
void admin_change_free(struct admin_change *change); /* what was not applied is undone; NULL is fine */
/* Binds and listens as admin.socket, admin.http and admin.tokens have it, before privileges are dropped. Without the
 * default socket's folder there is a warning, and no error. 0 or -1. */
int admin_listen(struct admin *admin, struct error *error);
/* No more connections, so that the next server can listen there; those that are open are served on. NULL is fine. */
void admin_shut(struct admin *admin);

/* Events of the plane: plane_view_relays, plane_end_relay. NULL is fine for these three. */
void admin_on_relay_views(struct admin *admin, const struct relay_answer *answer);
void admin_on_relay_ended(struct admin *admin, uint64_t ticket, bool found);
/* It has lost its control link. */
void admin_on_agent_left(struct admin *admin, const struct session *session, const char *detail);

#endif
