/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * registry: how agents come into service and leave it.
 * Runs on: the control thread. Owns: nothing; sessions belong to session_table.h.
 */
#ifndef MUNNEL_SERVER_SERVICE_REGISTRY_H
#define MUNNEL_SERVER_SERVICE_REGISTRY_H

#include "proto/control.h"
#include "server/service/service.h"
#include "server/session/session_table.h"

struct announce;
struct registry;
struct supply;

struct registry_options {
    struct log *log;
    struct plane *plane;
    struct session_table *sessions;
    const struct service_list *services;
    struct supply *supply;
    struct announce *announce;
    void (*on_join)(void *context, const struct session *session);
    void (*on_leave)(void *context, const struct session *session); /* it loses its control link */
    void *context;
};

struct registry *registry_new(const struct registry_options *options); /* NULL when out of memory */
void registry_free(struct registry *registry);
struct log *registry_log(const struct registry *registry);

/* Replaces a session of the same name and instance, and offers the new one to all services. NULL when out of memory. */
struct session *registry_admit(struct registry *registry, const struct session_options *options);
/* It gets no more clients; its relays run on. */
void registry_drain(struct registry *registry, struct session *session);
/* Ends the session and its idle links; its relays run on until their end or its revocation. `event` is for the log. */
void registry_dismiss(struct registry *registry, struct session *session, const char *event, const char *detail);
/* Ends a session, retired or not, with all its links and relays, and frees it. False: out of memory, try again. */
bool registry_disconnect(struct registry *registry, struct session *session, const char *detail);
void registry_dismiss_all(struct registry *registry, const char *detail); /* after a BYE to each */
/* Its agent has answered for services (announce_answered). 0 or -1 */
int registry_answered(struct registry *registry, struct session *session, const json_t *json, struct error *error);
/* `reason` may be NULL. Without memory nothing is sent. */
void registry_send(struct registry *registry, const struct session *session, enum control_op op, const char *reason);
void registry_send_goaway(struct registry *registry); /* to all: agents join another server; their relays run on */

#endif
