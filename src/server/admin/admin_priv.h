/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * admin_priv: struct admin, and what the files of this folder call of each other. A handler is named after its
 * operation in docs/openapi.yaml.
 */
#ifndef MUNNEL_SERVER_ADMIN_ADMIN_PRIV_H
#define MUNNEL_SERVER_ADMIN_ADMIN_PRIV_H

#include "admin/shared.h"
#include "server/admin/admin.h"
#include "server/service/service_check.h"
#include "server/statistics.h"

enum { ADMIN_LISTED_MOST = 1000 };

struct admin_address { /* where it listens */
    struct addr addr;
    bool is_set;
};

enum { ADMIN_CHECKS_MOST = 4 };

struct admin_check {
    struct http_request *request; /* NULL: free */
    struct service_check *check;
};

struct admin {
    struct admin_shared shared; /* first */
    struct admin_options options;
    struct admin_address socket, tcp;
    struct admin_check checks[ADMIN_CHECKS_MOST]; /* that run */
    json_t *last_seen; /* by credential or name: when an agent left (milliseconds since 1970), and why */
};

admin_handler admin_list_services, admin_get_service, admin_pause_service, admin_resume_service;
admin_handler admin_put_service, admin_delete_service;
admin_handler admin_get_config, admin_reload, admin_confirm_reload;
admin_handler admin_list_agents, admin_get_agent, admin_drain_agent, admin_undrain_agent, admin_disconnect_agent;
admin_handler admin_check_service;
admin_handler admin_add_agent, admin_revoke_agent, admin_rotate_agent;
admin_handler admin_get_history;
admin_handler admin_list_bans, admin_add_ban, admin_lift_ban;
admin_handler admin_list_sources, admin_forgive_source;
admin_handler admin_get_ready;

/* ---- status.c, problems.c ---- */

json_t *admin_status(const struct admin *admin); /* without the caller's role. NULL: out of memory */
/* What is wrong, the worst first. *has_bad: one is more than a warning. NULL: out of memory. */
json_t *admin_problems(const struct admin *admin, bool *has_bad);

/* ---- services.c ---- */

/* S(name, label) */
#define ADMIN_SERVICE_STATES(S)                                                                                        \
    S(OK, "ok")                                                                                                        \
    S(LIMITED, "limited")         /* fewer agents can be given clients than are known, or clients fail by some */      \
    S(UNREACHABLE, "unreachable") /* none is there that permits it, nor has it been asked just now */                  \
    S(PAUSED, "paused")
enum admin_service_state {
#define ADMIN_SERVICE_STATE_ENUM(name, label) ADMIN_SERVICE_##name,
    ADMIN_SERVICE_STATES(ADMIN_SERVICE_STATE_ENUM)
#undef ADMIN_SERVICE_STATE_ENUM
        ADMIN_SERVICE_STATE_COUNT
};
enum admin_service_state admin_service_state(const struct service_numbers *numbers, size_t known);
/* Credentials for its groups, or agents that are connected, of which several may share a credential: what is more. */
size_t admin_service_known(const struct admin *admin, const struct service *service);

/* One that was removed is there until its last client has gone, and not shown. (When the server stops, all are shut.)
 */
bool admin_lists_service(const struct admin *admin, const struct service *service);
/* The service of this name that runs; NULL: none. */
struct service *admin_find_service(const struct admin *admin, const char *name);
/* Where it is written; NULL: on the command line. */
const struct config_file *admin_service_file(const struct admin *admin, const struct service_config *service);

/* ---- datagrams.c ---- */

json_t *admin_datagrams(const struct service *service, const struct history *history); /* null: it has none */
/* False: it drops next to none. Else what, why and remedy are filled. */
bool admin_explain_drops(const struct admin *admin, const char *service, struct problem *to);

/* ---- config.c ---- */

/* Answers an order that was not done. `edited`: the file of the request's own content, or NULL. */
void admin_refuse_outcome(struct http_request *request, const struct config_outcome *outcome, const char *edited);
/* The same for a text whose remedy is behind the first "; ". */
void admin_refuse(struct http_request *request, unsigned status, const char *text);
void admin_refuse_at(struct http_request *request, unsigned status, const char *text,
                     const struct option_fault *fault); /* NULL: as above */
/* Answers with the difference, which it takes over, and the version that runs now. */
void admin_answer_applied(const struct admin *admin, struct http_request *request, unsigned status,
                          const struct config_outcome *outcome, bool is_applied);

/* ---- check.c ---- */

void admin_cancel_checks(struct admin *admin); /* answers their requests */

/* ---- waiting.c: see relay_requests.h ---- */

size_t admin_view_waiting(const void *admin, const struct relay_query *query, struct relay_view *views, size_t room,
                          size_t *matching);
bool admin_end_waiting(const void *admin, const char *id);

/* ---- agents.c ---- */

size_t admin_agents_known(const struct admin *admin);
/* A set of the credentials of which a session is connected or suspended, as an object: all others are offline. */
json_t *admin_present(const struct admin *admin);
int64_t admin_last_seen_ms(const struct admin *admin, const char *credential); /* since 1970; 0: not since the start */
const char *admin_left_because(const struct admin *admin, const char *credential); /* NULL: not seen since the start */

#endif
