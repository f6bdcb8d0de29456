/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_problems: what is wrong with services: nobody serves them, agents refuse them, or are unhealthy or ejected.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/base/date.h"
#include "server/admin/problems_priv.h"

#include <stdio.h>

struct unhealthy { /* agents of a service whose checks have failed */
    size_t count;
    const struct session *first;
    struct service_agent agent; /* what it is to the service */
};

static struct unhealthy find_unhealthy(const struct service *service) {
    struct unhealthy unhealthy = {0};

    for (size_t i = 0; i < service_agents(service); i++) {
        struct service_agent agent;
        service_read_agent(service, service_agent(service, i), &agent);
        if (agent.is_unhealthy && !unhealthy.count++)
            unhealthy = (struct unhealthy){.count = 1, .first = service_agent(service, i), .agent = agent};
    }
    return unhealthy;
}

static void explain_unhealthy(const struct unhealthy *unhealthy, const struct service *service, struct problem *to) {
    const char *detail = unhealthy->agent.health_detail;

    snprintf(to->why, sizeof to->why, "agent %s: its check of the destination failed: %s",
             session_label(unhealthy->first), detail ? detail : "unhealthy");
    snprintf(to->remedy, sizeof to->remedy,
             "Look at %s, seen from the agent's machine; clients come again once its checks pass",
             service_config(service)->connect.items[0]);
}

struct refusals { /* of a service */
    size_t count;
    const struct session *first;
    const char *reason;
};

static struct refusals find_refusals(const struct admin *admin, const struct service *service) {
    const struct session_table *sessions = admin->options.sessions;
    struct refusals refusals = {0};

    for (struct session *session = session_table_first(sessions); session;
         session = session_table_after(sessions, session)) {
        struct service_agent agent;
        service_read_agent(service, session, &agent);
        if (!agent.refusal)
            continue;
        if (!refusals.count++)
            refusals = (struct refusals){.count = 1, .first = session, .reason = agent.refusal};
    }
    return refusals;
}

/* An agent that is too old for the service was not asked: its rules are not why, as with one that lacks its key. */
static const char *remedy_of(const struct service *service, const struct refusals *refusals, const char *otherwise) {
    const char *remedy = services_refusal_remedy(refusals->reason);

    if (service_lacking(service, refusals->first))
        return "Update munnel-agent on its machine";
    return remedy ? remedy : otherwise;
}

static const char *group_of(const struct service *service) {
    const struct strlist *groups = &service_config(service)->groups;

    return groups->count ? groups->items[0] : "*";
}

static void explain_unreachable(const struct admin *admin, const struct service *service,
                                const struct service_numbers *numbers, struct problem *to) {
    size_t known = admin_service_known(admin, service);
    struct refusals refusals = {0};

    struct unhealthy unhealthy = numbers->unhealthy ? find_unhealthy(service) : (struct unhealthy){0};

    if (numbers->refusing)
        refusals = find_refusals(admin, service);
    if (unhealthy.count) {
        explain_unhealthy(&unhealthy, service, to);
    } else if (refusals.count) {
        snprintf(to->why, sizeof to->why, "agent %s does not permit it: %s", session_label(refusals.first),
                 refusals.reason);
        snprintf(to->remedy, sizeof to->remedy, "%s",
                 remedy_of(service, &refusals,
                           "Permit its destination in the agent's rules (\"allow\" in munnel-agent.json), or change "
                           "\"connect\" of the service"));
    } else if (numbers->asked) {
        snprintf(to->why, sizeof to->why, "its agents have connected, and not answered for it yet");
        snprintf(to->remedy, sizeof to->remedy, "Wait some seconds; then look at the log of the agent");
    } else if (!known) {
        snprintf(to->why, sizeof to->why, "no agent has a credential for the group %s", group_of(service));
        snprintf(to->remedy, sizeof to->remedy, "Add one on the server: munnel agent add NAME --group %s",
                 group_of(service));
    } else {
        snprintf(to->why, sizeof to->why, "no agent of its groups is connected and takes clients; %zu %s known", known,
                 known == 1 ? "is" : "are");
        snprintf(to->remedy, sizeof to->remedy,
                 "On the agent's machine: systemctl status munnel-agent; it has to reach this server's agent port");
    }
}

static void check_one_refused(struct problems *problems, const struct service *service) {
    struct refusals refusals = find_refusals(problems->admin, service);
    struct problem problem = {.kind = "service", .subject = service_config(service)->name};

    if (!refusals.count)
        return;
    PROBLEM_SAY(what, "%s is not permitted by %zu agent%s", problem.subject, refusals.count,
                refusals.count == 1 ? "" : "s");
    PROBLEM_SAY(why, "agent %s: %s", session_label(refusals.first), refusals.reason);
    PROBLEM_SAY(remedy, "%s",
                remedy_of(service, &refusals,
                          "Permit its destination in the agent's rules (\"allow\" in munnel-agent.json), or give the "
                          "service other groups"));
    problem_list_add(&problems->list, &problem);
}

static void check_one_unhealthy(struct problems *problems, const struct service *service) {
    struct problem problem = {.kind = "service", .subject = service_config(service)->name};
    struct unhealthy unhealthy = find_unhealthy(service);

    if (!unhealthy.count)
        return;
    problem.since_ms = problem_since(unhealthy.agent.health_since_us);
    PROBLEM_SAY(what, "%s gets no clients by %zu agent%s: destination unhealthy", problem.subject, unhealthy.count,
                unhealthy.count == 1 ? "" : "s");
    explain_unhealthy(&unhealthy, service, &problem);
    problem_list_add(&problems->list, &problem);
}

static void explain_ejection(const struct service_agent *agent, char *text, size_t size) {
    uint64_t now_us = clock_us();
    char until[DATE_TEXT];

    if (agent->ejected_until_us > now_us)
        snprintf(text, size, "ejected until %s",
                 date_format(clock_wall() + (time_t)((agent->ejected_until_us - now_us) / 1000000), until));
    else
        snprintf(text, size, "it was ejected, and no client has succeeded since");
}

static size_t find_failing(const struct service *service, struct service_agent *first, const struct session **session) {
    size_t count = 0;

    for (size_t i = 0; i < service_agents(service); i++) {
        struct service_agent agent;
        service_read_agent(service, service_agent(service, i), &agent);
        if (!agent.is_failing || agent.is_unhealthy || count++)
            continue;
        *first = agent;
        *session = service_agent(service, i);
    }
    return count;
}

/* While no other is left, ejected agents get clients all the same, which fail. */
static void check_one_failing(struct problems *problems, const struct service *service,
                              const struct service_numbers *numbers) {
    struct problem problem = {.kind = "service", .subject = service_config(service)->name};
    const struct session *session = NULL;
    struct service_agent agent = {0};
    size_t count = find_failing(service, &agent, &session);
    char ejection[80];

    if (!count)
        return;
    problem.is_bad = count == numbers->agents;
    problem.since_ms = problem_since(agent.failing_since_us);
    explain_ejection(&agent, ejection, sizeof ejection);
    if (problem.is_bad)
        PROBLEM_SAY(what, "clients of %s fail by all of its agents", problem.subject);
    else
        PROBLEM_SAY(what, "clients of %s fail by %zu agent%s, and go to others first", problem.subject, count,
                    count == 1 ? "" : "s");
    PROBLEM_SAY(why, "agent %s: three failures in a row, the last: %.250s; %s", session_label(session),
                agent.failure ? agent.failure : "unknown", ejection);
    PROBLEM_SAY(remedy, "Look at %s, seen from the agent's machine; then try it: munnel check %s",
                service_config(service)->connect.items[0], problem.subject);
    problem_list_add(&problems->list, &problem);
}

static void check_drops(struct problems *problems, const struct service *service) {
    struct problem problem = {.kind = "service", .subject = service_config(service)->name};

    if (service_config(service)->protocol == SERVICE_UDP &&
        admin_explain_drops(problems->admin, problem.subject, &problem))
        problem_list_add(&problems->list, &problem);
}

static void check_service(struct problems *problems, const struct service *service) {
    struct problem problem = {.kind = "service", .subject = service_config(service)->name};
    struct service_numbers numbers;

    service_read(service, &numbers);
    if (service_config(service)->publisher && !numbers.agents && !numbers.paused_by)
        return; /* it comes and goes with its agent, and ends by itself */
    problem.since_ms = problem_since(numbers.since_us);
    if (numbers.paused_by) {
        PROBLEM_SAY(what, "%s is paused", problem.subject);
        PROBLEM_SAY(why, "by %s; new clients are refused", numbers.paused_by);
        PROBLEM_SAY(remedy, "Take clients again: munnel service resume %s", problem.subject);
    } else if (numbers.is_settling) {
        return;
    } else if (!numbers.agents) {
        problem.is_bad = true;
        PROBLEM_SAY(what, "%s is unreachable", problem.subject);
        explain_unreachable(problems->admin, service, &numbers, &problem);
    } else if (!numbers.is_open) {
        problem.is_bad = true;
        PROBLEM_SAY(what, "%s does not listen", problem.subject);
        PROBLEM_SAY(why, "its port could not be opened again; that is tried each second");
        PROBLEM_SAY(remedy, "Look into the log, and for the program that has the port: ss -ltnp");
    } else {
        if (numbers.refusing)
            check_one_refused(problems, service);
        if (numbers.unhealthy)
            check_one_unhealthy(problems, service);
        if (numbers.failing)
            check_one_failing(problems, service, &numbers);
        check_drops(problems, service);
        return;
    }
    problem_list_add(&problems->list, &problem);
}

void problems_check_services(struct problems *problems) {
    const struct service_list *services = problems->admin->options.services;

    for (size_t i = 0; i < services->count && !*problems->admin->options.is_stopping; i++)
        if (admin_lists_service(problems->admin, services->items[i]))
            check_service(problems, services->items[i]);
}
