/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_report: see check_report.h. A hop that failed has what to do; those behind it are skipped, unless they are
 * known to be well.
 */
#include "config.h"

#include "server/service/check_report.h"

#include "admin/recent_events.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/strbuf.h"
#include "lib/net/port_range.h"
#include "proto/services.h"
#include "server/service/check_destination.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { LATELY_MS = 120000 /* twice the longest wait of an agent between two attempts */, EVENTS_LOOKED_AT = 64 };

static const char *const labels[CHECK_HOP_COUNT] = {
#define CHECK_HOP_LABEL(name, label) [CHECK_HOP_##name] = label,
    CHECK_HOPS(CHECK_HOP_LABEL)
#undef CHECK_HOP_LABEL
};

const char *check_hop_label(enum check_hop hop) {
    return labels[hop];
}

/* ---- what is there ---- */

/* The check was over before the agent went. */
static bool is_answered(const struct check_facts *facts) {
    if (facts->opened_us)
        return facts->got_byte || check_closed_by_destination(facts);
    return check_ended_by(facts, REASON_REFUSED) || check_ended_by(facts, REASON_DENIED);
}

static void find_agent(struct check_making *making, const struct session_table *sessions) {
    for (struct session *session = session_table_first(sessions); session;
         session = session_table_after(sessions, session)) {
        bool is_used = strcmp(session_label(session), making->facts->agent) == 0;
        if (!session_is_connected(session) || !service_is_for(making->service, session))
            continue;
        making->connected++;
        if (is_used || (!*making->facts->agent && !making->agent))
            making->agent = session;
    }
    if (!*making->facts->agent && service_agents(making->service))
        making->agent = service_agent(making->service, 0);
    making->is_agent_gone = *making->facts->agent && !making->agent && !is_answered(making->facts);
}

static void name_groups(struct check_making *making) {
    const struct strlist *groups = &making->service->conf->groups;
    struct strbuf text = strbuf_begin(making->groups, sizeof making->groups);

    for (size_t i = 0; i < groups->count; i++) {
        strbuf_add(&text, i ? " or " : " of the group ");
        strbuf_add(&text, groups->items[i]);
    }
}

/* ---- each hop ---- */

/* The owner and mode of a Unix socket may be those of its clients alone, and not each system tells them apart. */
static bool is_untried(const struct check_facts *facts) {
    return strncmp(facts->port, "unix:", 5) == 0 &&
           (facts->connect_error == EACCES || facts->connect_error == EPERM || facts->connect_error == ENOTSUP);
}

/* What listens there besides what the check's own connection has met. */
static void tell_untried(struct check_making *making) {
    const struct service_config *conf = making->service->conf;
    unsigned long ports = 0;
    struct port_range range;

    for (size_t i = 0; i < conf->listen.count; i++)
        if (port_range_parse(&range, conf->listen.items[i], NULL) == 0)
            ports += port_range_count(&range);
    struct strbuf text = strbuf_begin(making->report->hops[CHECK_HOP_LISTENER].detail, CHECK_TEXT);
    if (ports > 1) {
        strbuf_add(&text, making->facts->port);
        strbuf_add(&text, ", the first of ");
        strbuf_add_number(&text, ports);
        strbuf_add(&text, " ports; the others are not tried");
    }
    if (conf->accept_proxy.count)
        strbuf_add(&text,
                   ports > 1 ? "; balancers are not checked" : "without a PROXY header: balancers are not checked");
}

static void judge_listener(struct check_making *making) {
    const struct check_facts *facts = making->facts;
    const char *name = making->service->conf->name;

    if (facts->accepted_us) {
        check_set(making, CHECK_HOP_LISTENER, CHECK_PASS, check_ms(facts->begun_us, facts->accepted_us));
        tell_untried(making);
        return;
    }
    check_set(making, CHECK_HOP_LISTENER, CHECK_FAIL, -1);
    if (making->numbers.paused_by) {
        CHECK_DETAIL(making, LISTENER, "the service is paused by %s: its port is closed", making->numbers.paused_by);
        CHECK_REMEDY(making, LISTENER, "Resume it: munnel service resume %s", name);
    } else if (!facts->has_port && making->service->conf->visitors.count) {
        check_set(making, CHECK_HOP_LISTENER, CHECK_SKIP, -1);
        CHECK_DETAIL(making, LISTENER, "it has no port here: its clients come by visitors, and munneld is none");
    } else if (!facts->has_port) {
        CHECK_DETAIL(making, LISTENER, "it listens nowhere");
        CHECK_REMEDY(making, LISTENER, "Name an address in \"listen\" of the service");
    } else if (is_untried(facts)) {
        check_set(making, CHECK_HOP_LISTENER, CHECK_SKIP, -1);
        CHECK_DETAIL(making, LISTENER, "munneld itself cannot be a client of %s: %s", facts->port,
                     error_text(facts->connect_error));
    } else if (!making->numbers.is_open && making->service->conf->no_agent == CONFIG_CLOSE) {
        CHECK_DETAIL(making, LISTENER, "the port is closed until an agent can serve (no_agent is \"close\")");
        CHECK_REMEDY(making, LISTENER, "See the hops below");
    } else if (facts->connect_error == EADDRNOTAVAIL) {
        CHECK_DETAIL(making, LISTENER, "this machine does not have the address of %s yet (freebind)", facts->port);
        CHECK_REMEDY(making, LISTENER, "Clients come once it has the address: ip addr shows which it has");
    } else if (facts->connect_error) {
        CHECK_DETAIL(making, LISTENER, "%s is not open: %s", facts->port, error_text(facts->connect_error));
        CHECK_REMEDY(making, LISTENER,
                     "The server's log has why it could not be opened; ss -tlnp shows which program has it");
    } else {
        CHECK_DETAIL(making, LISTENER, "the connection was not accepted in time");
        CHECK_REMEDY(making, LISTENER,
                     "The server may be at its limit of clients, or out of descriptors: munnel status");
    }
}

/* The newest attempt at the agent port that failed, in TLS or by its credential: the agent that is missing may be the
 * one. NULL: none of late. */
static const struct recent_event *find_failed_agent(const struct recent_events *events) {
    uint64_t last = events ? recent_events_last(events) : 0, now_ms = clock_ms();

    for (uint64_t number = last; number > 0 && last - number < EVENTS_LOOKED_AT; number--) {
        const struct recent_event *event = recent_events_after(events, number - 1);
        if (event && event->kind == EVENT_KIND_ACCESS)
            return now_ms - event->since_ms < LATELY_MS ? event : NULL;
    }
    return NULL;
}

static void judge_group(struct check_making *making) {
    if (making->connected) {
        check_set(making, CHECK_HOP_GROUP, CHECK_PASS, -1);
        CHECK_DETAIL(making, GROUP, "%zu agent%s%.160s connected", making->connected, making->connected == 1 ? "" : "s",
                     making->groups);
        return;
    }
    check_set(making, CHECK_HOP_GROUP, CHECK_FAIL, -1);
    const struct recent_event *failed = find_failed_agent(making->service->options.events);
    CHECK_DETAIL(making, GROUP, "no agent%.70s is connected%s%.40s%s%.100s", making->groups, failed ? "; lately: " : "",
                 failed ? failed->subject : "", failed ? ": " : "", failed ? failed->text : "");
    if (failed)
        CHECK_REMEDY(making, GROUP,
                     "munnel-agent --check, on the agent's machine, finds what it fails at; munnel events has more");
    else
        CHECK_REMEDY(making, GROUP,
                     "Start munnel-agent where the destination can be reached; munnel agent list has those that may "
                     "join, munnel agent add lets another in");
}

static void judge_agent_gone(struct check_making *making) {
    const struct check_facts *facts = making->facts;
    const char *why = !facts->is_over ? "" : *facts->detail ? facts->detail : reason_text(facts->reason);

    check_set(making, CHECK_HOP_AGENT, CHECK_FAIL, -1);
    CHECK_DETAIL(making, AGENT, "agent %s was disconnected during the check%s%.120s", facts->agent, *why ? ": " : "",
                 why);
    CHECK_REMEDY(making, AGENT, "Check again; if that repeats, munnel events and the agent's log have why it goes");
}

static void judge_agent(struct check_making *making) {
    struct session *agent = making->agent;

    if (making->is_agent_gone)
        judge_agent_gone(making);
    if (!agent)
        return;
    check_set(making, CHECK_HOP_AGENT, CHECK_PASS, -1);
    CHECK_DETAIL(making, AGENT, "agent %s", session_label(agent));
    if (making->facts->opened_us || !(session_is_silent(agent) || session_is_draining(agent)))
        return;
    check_set(making, CHECK_HOP_AGENT, CHECK_FAIL, -1);
    if (session_is_draining(agent)) {
        CHECK_DETAIL(making, AGENT, "agent %s drains: it takes no new clients", session_label(agent));
        CHECK_REMEDY(making, AGENT, "munnel agent undrain %s, or start it anew", session_label(agent));
    } else {
        CHECK_DETAIL(making, AGENT, "agent %s does not answer its PING", session_label(agent));
        CHECK_REMEDY(making, AGENT, "Look at its machine and its network; it is disconnected when it stays silent");
    }
}

static void judge_link(struct check_making *making) {
    uint64_t rtt_us = making->agent ? session_liveness(making->agent)->srtt_us : 0;

    if (!making->agent)
        return;
    bool has_link = carriers_count(session_carriers(making->agent), false) > 0;
    check_set(making, CHECK_HOP_LINK, CHECK_PASS, rtt_us ? (double)rtt_us / 1000 : -1);
    CHECK_DETAIL(making, LINK, "a data link is up%s", rtt_us ? "; the round trip is that of PING" : "");
    if (has_link && !check_lost_link(making->facts))
        return;
    check_set(making, CHECK_HOP_LINK, CHECK_FAIL, -1);
    if (has_link)
        CHECK_DETAIL(making, LINK, "it was lost %s",
                     making->facts->opened_us ? "before the destination sent anything" : "before the agent answered");
    else
        CHECK_DETAIL(making, LINK, "agent %s has no data link", session_label(making->agent));
    CHECK_REMEDY(making, LINK, "The agent dials them to the same port as its control link: its log has why they fail");
}

static void judge_rules(struct check_making *making) {
    const struct check_facts *facts = making->facts;
    const struct service *service = making->service;
    bool all_refuse = service->refusing_count && !service_agents(service);

    if (facts->opened_us)
        check_set(making, CHECK_HOP_RULES, CHECK_PASS, -1);
    if (facts->opened_us || !making->agent)
        return;
    if (all_refuse || check_refused_as(facts, REASON_DENIED)) {
        check_set(making, CHECK_HOP_RULES, CHECK_FAIL, -1);
        if (*facts->detail)
            CHECK_DETAIL(making, RULES, "%s", facts->detail);
        else if (all_refuse)
            CHECK_DETAIL(making, RULES, "agent %.64s: %s", session_label(service->refusing[0].session),
                         service->refusing[0].reason);
        if (service_lacking(service, making->agent))
            CHECK_REMEDY(making, RULES, "Update munnel-agent on the machine of agent %.64s",
                         session_label(making->agent));
        else if (strstr(facts->detail, CONNECT_FROM_REFUSAL))
            CHECK_REMEDY(making, RULES, "In the service: " CONNECT_FROM_REMEDY);
        else
            CHECK_REMEDY(making, RULES,
                         "Permit it to agent %.64s, on its machine: --allow %.96s, or \"allow\" of its configuration",
                         session_label(making->agent), check_destination_of(making));
    } else if (service_agents(service)) {
        check_set(making, CHECK_HOP_RULES, CHECK_PASS, -1);
    } else {
        CHECK_DETAIL(making, RULES, "the agent has not answered yet whether it permits the service");
    }
}

/* ---- the whole ---- */

/* A hop that has passed has a remedy only for that. */
static const char *slowness(const struct check_report *report) {
    if (*report->hops[CHECK_HOP_LOOKUP].remedy)
        return ", but the look-up of its name is slow";
    return *report->hops[CHECK_HOP_CONNECT].remedy ? ", but its destination is slow" : "";
}

static void summarize(struct check_making *making) {
    struct check_report *report = making->report;
    const char *name = making->service->conf->name;

    for (unsigned hop = 0; hop < CHECK_HOP_COUNT; hop++)
        if (report->hops[hop].result == CHECK_FAIL) {
            snprintf(report->summary, sizeof report->summary, "%s fails at %s: %s", name, labels[hop],
                     report->hops[hop].detail);
            return;
        }
    report->has_passed = making->facts->opened_us;
    if (report->has_passed)
        snprintf(report->summary, sizeof report->summary, "%s works by agent %s in %.0f ms%s", name,
                 making->facts->agent, check_ms(making->facts->begun_us, making->facts->opened_us), slowness(report));
    report->is_untried = !report->has_passed;
    if (report->is_untried)
        snprintf(report->summary, sizeof report->summary, "%s could not be tried: %s", name,
                 *report->hops[CHECK_HOP_LISTENER].detail ? report->hops[CHECK_HOP_LISTENER].detail
                                                          : report->hops[CHECK_HOP_RULES].detail);
}

void check_report_make(struct check_report *report, const struct check_facts *facts, const struct service *service,
                       const struct session_table *sessions) {
    struct check_making making = {.report = report, .facts = facts, .service = service};

    *report = (struct check_report){.has_passed = false};
    for (unsigned hop = 0; hop < CHECK_HOP_COUNT; hop++)
        report->hops[hop].ms = -1;
    service_read(service, &making.numbers);
    find_agent(&making, sessions);
    name_groups(&making);
    judge_listener(&making);
    judge_group(&making);
    judge_agent(&making);
    judge_link(&making);
    judge_rules(&making);
    check_judge_lookup(&making);
    check_judge_connect(&making);
    check_judge_first_byte(&making);
    summarize(&making);
}
