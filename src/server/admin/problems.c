/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * problems: what is wrong, why, and what to do: a list of checks, each of which looks at one kind of thing.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "admin/values.h"
#include "lib/base/clock.h"
#include "lib/base/date.h"
#include "lib/tls/tls.h"
#include "server/admin/admin_priv.h"
#include "server/auth/agent_listener.h"
#include "server/service/client_table.h"
#include "server/trust_files.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SOON_DAYS = 14, DAY_S = 86400 };

struct problems {
    const struct admin *admin;
    struct problem_list list;
    json_t *present;
};

/* ---- services ---- */

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

/* An agent that is too old for the service was not asked: its rules are not why. */
static const char *remedy_of(const struct service *service, const struct refusals *refusals, const char *otherwise) {
    return service_lacking(service, refusals->first) ? "Update munnel-agent on its machine" : otherwise;
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

static void check_services(struct problems *problems) {
    const struct service_list *services = problems->admin->options.services;

    for (size_t i = 0; i < services->count && !*problems->admin->options.is_stopping; i++)
        if (admin_lists_service(problems->admin, services->items[i]))
            check_service(problems, services->items[i]);
}

/* ---- agents ---- */

static void check_session(struct problems *problems, const struct session *session) {
    struct problem problem = {.kind = "agent", .subject = session_label(session)};

    problem.since_ms = problem_since(session_state_since_us(session));
    if (!session_is_connected(session)) {
        PROBLEM_SAY(what, "agent %s has lost its connection", problem.subject);
        PROBLEM_SAY(why, "its %u relays go on by their links if these are left; new clients go to other agents",
                    session_client_count(session));
        PROBLEM_SAY(remedy, "It connects again by itself; if not, look at its machine: systemctl status munnel-agent");
    } else if (session_is_silent(session)) {
        problem.since_ms = 0;
        PROBLEM_SAY(what, "agent %s does not answer", problem.subject);
        PROBLEM_SAY(why, "its connection is there, but its process does not respond; clients go to other agents first");
        PROBLEM_SAY(remedy, "Look at its machine: load, memory, and the log of munnel-agent");
    } else {
        return;
    }
    problem_list_add(&problems->list, &problem);
}

static void check_sessions(struct problems *problems) {
    const struct session_table *sessions = problems->admin->options.sessions;

    for (struct session *session = session_table_first(sessions); session;
         session = session_table_after(sessions, session))
        check_session(problems, session);
}

/* One that has not been here since the start may be meant for another day. */
static void check_offline(struct problems *problems, const struct credential *credential) {
    struct problem problem = {.kind = "agent",
                              .subject = credential->name,
                              .since_ms = admin_last_seen_ms(problems->admin, credential->name)};

    if (!problem.since_ms || json_object_get(problems->present, credential->name))
        return;
    PROBLEM_SAY(what, "agent %s is offline", problem.subject);
    PROBLEM_SAY(why, "it was connected, and has not come back: %s",
                admin_left_because(problems->admin, credential->name));
    PROBLEM_SAY(remedy, "On its machine: systemctl status munnel-agent. If it is not needed: munnel agent revoke %s",
                problem.subject);
    problem_list_add(&problems->list, &problem);
}

static void check_expiry(struct problems *problems, const struct credential *credential, time_t now) {
    struct problem problem = {.kind = "credential", .subject = credential->name};

    if (!credential->expires || credential->expires - now > SOON_DAYS * DAY_S)
        return;
    if (credential->expires <= now)
        PROBLEM_SAY(what, "the credential of agent %s has expired", problem.subject);
    else
        PROBLEM_SAY(what, "the credential of agent %s expires in %lld days", problem.subject,
                    (long long)(credential->expires - now) / DAY_S);
    PROBLEM_SAY(why, "from then on it cannot connect, and its relays are ended");
    PROBLEM_SAY(remedy,
                "Give it another date or a new credential, see munnel(8), \"agent add\"; or munnel agent revoke %s",
                problem.subject);
    problem.is_bad = credential->expires <= now && json_object_get(problems->present, credential->name);
    problem_list_add(&problems->list, &problem);
}

static void check_credentials(struct problems *problems) {
    const struct credentials *credentials = problems->admin->options.policy->credentials;
    time_t now = clock_wall();

    for (size_t i = 0; credentials && i < credentials_count(credentials); i++) {
        check_offline(problems, credentials_at(credentials, i));
        check_expiry(problems, credentials_at(credentials, i), now);
    }
}

/* ---- the server ---- */

static void check_certificate(struct problems *problems) {
    const struct auth_policy *policy = problems->admin->options.policy;
    struct problem problem = {.kind = "certificate", .subject = policy->conf->agents.certificate};
    time_t end = policy->tls ? tls_expires_at(policy->tls) : 0, now = clock_wall();

    if (!end || end - now > SOON_DAYS * DAY_S)
        return;
    problem.is_bad = end <= now;
    if (end <= now)
        PROBLEM_SAY(what, "the server's certificate has expired");
    else
        PROBLEM_SAY(what, "the server's certificate expires in %lld days", (long long)(end - now) / DAY_S);
    PROBLEM_SAY(why, "agents that verify its date do not connect any more once it has expired");
    PROBLEM_SAY(remedy, "Renew it; the files are read again by themselves when they change");
    problem_list_add(&problems->list, &problem);
}

static void add_refused(struct problems *problems, const struct trust_refusal *refusal, struct problem problem) {
    if (!refusal)
        return;
    problem.since_ms = problem_since(refusal->since_us);
    PROBLEM_SAY(why, "%.300s; what was read before stays in use, but munneld would not start again",
                refusal->error.text);
    PROBLEM_SAY(remedy, "Mend it, or put the former file back; it is read again by itself. munneld --check tells "
                        "whether a start would succeed");
    problem_list_add(&problems->list, &problem);
}

static void check_service_refusal(struct problems *problems, const struct service_numbers *numbers, const char *name) {
    struct problem problem = {.kind = "certificate", .subject = name};

    if (!numbers->tls_refusal)
        return;
    PROBLEM_SAY(what, "the certificate, key, client_ca or crl of service %s cannot be used", name);
    PROBLEM_SAY(why, "%.300s; what was read before stays in use, but munneld would not start again",
                numbers->tls_refusal);
    PROBLEM_SAY(remedy, "Mend it; it is read again by itself. munneld --check tells whether a start would succeed");
    problem_list_add(&problems->list, &problem);
}

static void check_service_expiry(struct problems *problems, const struct service_numbers *numbers, const char *name) {
    struct problem problem = {.kind = "certificate", .subject = name};
    time_t end = numbers->tls_expires_at, now = clock_wall();

    if (!end || end - now > SOON_DAYS * DAY_S)
        return;
    problem.is_bad = end <= now;
    if (end <= now)
        PROBLEM_SAY(what, "the certificate of service %s has expired", name);
    else
        PROBLEM_SAY(what, "the certificate of service %s expires in %lld days", name, (long long)(end - now) / DAY_S);
    PROBLEM_SAY(why, "its clients do not connect any more once it has expired");
    PROBLEM_SAY(remedy, "Renew it; the files are read again by themselves when they change");
    problem_list_add(&problems->list, &problem);
}

static void check_service_certificates(struct problems *problems) {
    const struct service_list *services = problems->admin->options.services;

    for (size_t i = 0; i < services->count; i++) {
        const char *name = service_config(services->items[i])->name;
        struct service_numbers numbers;
        if (service_is_shut(services->items[i]))
            continue;
        service_read(services->items[i], &numbers);
        check_service_refusal(problems, &numbers, name);
        check_service_expiry(problems, &numbers, name);
    }
}

static void check_trust(struct problems *problems) {
    const struct admin_options *options = &problems->admin->options;
    const struct server_config *conf = options->policy->conf;

    add_refused(problems, trust_files_refusal(options->trust, TRUST_CERTIFICATES),
                (struct problem){.kind = "certificate",
                                 .subject = conf->agents.certificate,
                                 .what = "the server's certificate, key, client_ca or crl cannot be used"});
    add_refused(problems, trust_files_refusal(options->trust, TRUST_AGENTS),
                (struct problem){.kind = "server",
                                 .subject = conf->agents.tokens,
                                 .what = "the agents file cannot be used"});
}

static void check_waiting(struct problems *problems, const struct config_state *state) {
    struct problem problem = {.kind = "configuration", .subject = "munneld", .since_ms = state->loaded_ms};

    PROBLEM_SAY(what, "the configuration waits for its confirmation");
    PROBLEM_SAY(why, "%lld s are left; then the configuration before comes back",
                (long long)(state->confirm_until_ms - value_wall_ms()) / 1000);
    PROBLEM_SAY(remedy, "Keep it: munnel reload confirm");
    problem_list_add(&problems->list, &problem);
}

static void check_configuration(struct problems *problems) {
    const struct config_state *state = problems->admin->options.config.state;
    const char *file = problems->admin->options.policy->conf->path;
    struct problem problem = {.kind = "configuration", .subject = file ? file : "munneld"};

    if (state->confirm_until_ms)
        check_waiting(problems, state);
    if (state->was_refused) {
        problem.since_ms = state->reloaded_ms;
        PROBLEM_SAY(what, "the last reload was refused; what ran before it runs on");
        PROBLEM_SAY(why, "%.390s", state->error.text);
        PROBLEM_SAY(remedy, "Mend the file, then: munnel reload --dry-run, and munnel reload");
        problem_list_add(&problems->list, &problem);
    } else if (state->is_changed && !state->confirm_until_ms) {
        problem.since_ms = state->changed_ms;
        PROBLEM_SAY(what, "the configuration files differ from what runs");
        PROBLEM_SAY(why, "they were changed, and not reloaded since; the next start will read them");
        PROBLEM_SAY(remedy, "See the difference: munnel reload --dry-run; apply it: munnel reload");
        problem_list_add(&problems->list, &problem);
    }
}

static void check_room(struct problems *problems) {
    const struct admin_options *options = &problems->admin->options;
    struct problem problem = {.is_bad = true, .kind = "descriptors", .subject = "munneld"};
    size_t clients = client_table_connections(options->clients);

    if (clients < client_table_limit(options->clients))
        return;
    PROBLEM_SAY(what, "new clients are not accepted: %zu are connected", clients);
    PROBLEM_SAY(why, "that is the most for the descriptors that this process may open");
    PROBLEM_SAY(remedy, "Raise the limit: LimitNOFILE= in munneld.service, or ulimit -n; then restart");
    problem_list_add(&problems->list, &problem);
}

static void check_process(struct problems *problems) {
    process_watch_add_problems(&problems->admin->shared.process, &problems->list);
}

json_t *admin_problems(const struct admin *admin, bool *has_bad) {
    static void (*const checks[])(struct problems * problems) = {
        check_services, check_sessions,      check_credentials, check_certificate, check_service_certificates,
        check_trust,    check_configuration, check_room,        check_process};
    struct problems problems = {.admin = admin, .list = problem_list_begin(), .present = admin_present(admin)};

    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        checks[i](&problems);
    json_decref(problems.present);
    return problem_list_take(&problems.list, has_bad);
}
