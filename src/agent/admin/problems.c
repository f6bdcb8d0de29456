/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * problems: what is wrong with the agent, why, and what to do.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "agent/admin/agent_admin_priv.h"
#include "agent/visits.h"

/* ---- servers ---- */

static void check_server(struct problem_list *list, const struct upstream_view *view) {
    struct problem problem = {.is_bad = true,
                              .kind = "server",
                              .subject = view->address,
                              .since_ms = problem_since(view->since_us)};

    if (view->condition == UPSTREAM_CONNECTED || view->condition == UPSTREAM_STANDBY ||
        view->condition == UPSTREAM_STOPPING)
        return;
    if (view->condition == UPSTREAM_GAVE_UP)
        PROBLEM_SAY(what, "gave up on %s", view->address);
    else
        PROBLEM_SAY(what, "%s is not connected", view->address);
    PROBLEM_SAY(why, "%s", view->failure ? view->failure : "the first attempt is under way");
    PROBLEM_SAY(remedy, "%s", view->failure && view->remedy ? view->remedy : "");
    problem_list_add(list, &problem);
}

/* ---- services ---- */

static void check_refused(struct problem_list *list, const struct upstream_view *view) {
    const struct services *services = view->services;
    struct problem problem = {.kind = "service"};

    if (!services || !services->refusals)
        return;
    problem.subject = services->refusals->name;
    PROBLEM_SAY(what, "%zu service%s of %s %s refused", services->refusal_count,
                services->refusal_count == 1 ? "" : "s", view->address, services->refusal_count == 1 ? "is" : "are");
    PROBLEM_SAY(why, "%s to %s: %s", services->refusals->name, services->refusals->to, services->refusals->reason);
    const char *remedy = services_refusal_remedy(services->refusals->reason);
    PROBLEM_SAY(remedy, "%s",
                remedy
                    ? remedy
                    : "Permit the destination in this agent's rules (\"allow\"), or give the service other groups on "
                      "the server");
    problem_list_add(list, &problem);
}

static void add_unhealthy(struct problem_list *list, const struct served_service *service) {
    struct problem problem = {.is_bad = true,
                              .kind = "service",
                              .subject = service->name,
                              .since_ms = problem_since(service->verdict->since_us)};

    PROBLEM_SAY(what, "%s is unhealthy: no clients come", service->name);
    PROBLEM_SAY(why, "its check failed: %s", service->verdict->detail);
    PROBLEM_SAY(remedy, "Check from this machine that %s is well; clients come again once its checks pass",
                service->to[0]);
    problem_list_add(list, &problem);
}

static void check_destinations(struct problem_list *list, const struct upstream_view *view) {
    const struct service_table *table = view->services ? view->services->table : NULL;

    for (size_t i = 0; table && i < table->count; i++) {
        const struct served_service *service = table->services[i];
        struct problem problem = {.kind = "service", .subject = service->name};
        if (agent_admin_is_unhealthy(service))
            add_unhealthy(list, service);
        if (agent_admin_is_unhealthy(service) || !agent_admin_is_unreachable(service))
            continue;
        uint64_t failed_us = atomic_load_explicit(&service->health.failed_us, memory_order_relaxed);
        unsigned refusal = atomic_load_explicit(&service->health.refusal, memory_order_relaxed);
        problem.is_bad = true;
        problem.since_ms = problem_since(failed_us);
        PROBLEM_SAY(what, "%s cannot be reached", service->name);
        PROBLEM_SAY(why, "the last connection to %s failed: %s", service->to[0], refusal_code((enum refusal)refusal));
        PROBLEM_SAY(remedy, "Check from this machine that %s is there: munnel-agent --check tries it", service->to[0]);
        problem_list_add(list, &problem);
    }
}

/* ---- what it publishes ---- */

static void check_publication(const struct agent_admin *admin, struct problem_list *list,
                              const struct publication *entry, size_t server) {
    const struct publication_at *at = &entry->at[server];
    struct problem problem = {.kind = "service", .subject = entry->name, .since_ms = problem_since(at->since_us)};

    if (entry->is_withdrawn || (at->state != PUBLICATION_REFUSED && at->state != PUBLICATION_UNSUPPORTED))
        return;
    PROBLEM_SAY(what, "%s is not published by %s", entry->name, admin->options.settings->servers[server].text);
    PROBLEM_SAY(why, "%s", at->reason);
    PROBLEM_SAY(remedy, "%s",
                at->state == PUBLICATION_REFUSED
                    ? "Ask the server's operator, or publish it by another name; it is asked for again"
                    : "Upgrade munneld there");
    problem_list_add(list, &problem);
}

static void check_published(const struct agent_admin *admin, struct problem_list *list) {
    const struct publications *published = agent_publications(admin->options.agent);

    for (const struct publication *entry = publications_first(published); entry; entry = publications_next(entry))
        for (size_t i = 0; i < publications_servers(published); i++)
            check_publication(admin, list, entry, i);
}

/* ---- what it visits ---- */

/* Of one whose servers are not connected, or have not answered, there is nothing to say besides. */
static void check_visits(const struct agent_admin *admin, struct problem_list *list) {
    const struct visits *visits = agent_visits(admin->options.agent);
    char address[ADDR_TEXT];

    for (size_t i = 0; visits && i < visits_count(visits); i++) {
        struct visit_view view;
        visits_read(visits, i, &view);
        struct problem problem = {.kind = "service", .subject = view.name, .since_ms = problem_since(view.closed_us)};
        if (view.is_open || !view.remedy)
            continue;
        PROBLEM_SAY(what, "%s, which this agent visits, is closed here, at %s", view.name,
                    addr_format(view.address, address, sizeof address));
        PROBLEM_SAY(why, "%s", view.because);
        PROBLEM_SAY(remedy, "%s", view.remedy);
        problem_list_add(list, &problem);
    }
}

/* ---- all ---- */

static void check_certificate(const struct agent_admin *admin, struct problem_list *list) {
    const struct server_identity *servers = admin->options.settings->servers;
    struct problem problem = {.is_bad = true, .kind = "certificate", .subject = "munnel-agent"};
    struct error warning = {""};

    if (trust_check_dates(servers[0].trust, &warning) == 0) /* the certificate is the same for all servers */
        return;
    PROBLEM_SAY(what, "the agent's own certificate cannot be used");
    PROBLEM_SAY(why, "%s", warning.text);
    PROBLEM_SAY(remedy, "Renew it; the files are read again by themselves when they change");
    problem_list_add(list, &problem);
}

json_t *agent_admin_problems(const struct agent_admin *admin, bool *has_bad) {
    struct problem_list list = problem_list_begin();

    for (size_t i = 0; i < admin->options.settings->server_count; i++) {
        struct upstream_view view;
        upstream_read(agent_upstream(admin->options.agent, i), &view);
        check_server(&list, &view);
        check_refused(&list, &view);
        check_destinations(&list, &view);
    }
    check_published(admin, &list);
    check_visits(admin, &list);
    check_certificate(admin, &list);
    process_watch_add_problems(&admin->shared.process, &list);
    return problem_list_take(&list, has_bad);
}
