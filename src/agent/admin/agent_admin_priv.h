/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_admin_priv: struct agent_admin, and what the files of this folder call of each other.
 */
#ifndef MUNNEL_AGENT_ADMIN_AGENT_ADMIN_PRIV_H
#define MUNNEL_AGENT_ADMIN_AGENT_ADMIN_PRIV_H

#include "admin/shared.h"
#include "agent/admin/agent_admin.h"
#include "agent/admin/rates.h"
#include "agent/upstream/publications.h"

struct agent_admin {
    struct admin_shared shared; /* first */
    struct agent_admin_options options;
    struct rates rates;
    bool awaits_socket; /* another process, as the agent before an upgrade, still has it */
};

admin_handler agent_admin_list_services;
admin_handler agent_admin_list_published, agent_admin_publish, agent_admin_renew, agent_admin_withdraw;
admin_handler agent_admin_list_bans, agent_admin_add_ban, agent_admin_lift_ban;

json_t *agent_admin_status(const void *admin); /* without the caller's role. NULL: out of memory */
/* What is wrong, the worst first. *has_bad: one is more than a warning. NULL: out of memory. */
json_t *agent_admin_problems(const struct agent_admin *admin, bool *has_bad);
void agent_admin_write_metrics(const void *admin, struct metrics *to);

struct announced_counts { /* services of a session, or of all */
    size_t permitted, refused, unreachable, unhealthy;
};
/* Adds those of the server; nothing without a session. */
void agent_admin_count_services(const struct upstream_view *view, struct announced_counts *counts);
/* Adds what is published, at each server. */
void agent_admin_count_published(const struct agent_admin *admin, uint64_t counts[PUBLICATION_STATE_COUNT]);
/* The last connection to its destination failed. */
bool agent_admin_is_unreachable(const struct served_service *service);
bool agent_admin_is_unhealthy(const struct served_service *service); /* by its checks */

#endif
