/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_report: see check_report.h. A hop that failed has what to do; those behind it are skipped, unless they are
 * known to be well.
 */
#include "config.h"

#include "server/service/check_report.h"

#include "lib/base/strbuf.h"
#include "server/service/service_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const labels[CHECK_HOP_COUNT] = {
#define CHECK_HOP_LABEL(name, label) [CHECK_HOP_##name] = label,
    CHECK_HOPS(CHECK_HOP_LABEL)
#undef CHECK_HOP_LABEL
};

const char *check_hop_label(enum check_hop hop) {
    return labels[hop];
}

struct making {
    struct check_report *report;
    const struct check_facts *facts;
    const struct service *service;
    struct service_numbers numbers;
    struct session *agent; /* that the client went to, or would; NULL: it is not connected, or none is */
    bool is_agent_gone;    /* it has the client still, or had it when it was disconnected */
    size_t connected;
    char groups[CHECK_TEXT];
};

static double ms_between(uint64_t from_us, uint64_t to_us) {
    return from_us && to_us >= from_us ? (double)(to_us - from_us) / 1000 : -1;
}

static void set(struct making *making, enum check_hop hop, enum check_result result, double ms) {
    making->report->hops[hop].result = result;
    making->report->hops[hop].ms = ms;
}

#define DETAIL(making, hop, ...) snprintf((making)->report->hops[CHECK_HOP_##hop].detail, CHECK_TEXT, __VA_ARGS__)
#define REMEDY(making, hop, ...) snprintf((making)->report->hops[CHECK_HOP_##hop].remedy, CHECK_TEXT, __VA_ARGS__)

/* ---- what is there ---- */

static bool is_over_by(const struct check_facts *facts, enum relay_reason reason) {
    return facts->is_over && facts->reason == reason;
}

static bool is_closed_by_destination(const struct check_facts *facts) {
    return facts->is_over ? facts->reason == REASON_DONE || facts->reason == REASON_DESTINATION_RESET : facts->got_end;
}

/* The check was over before the agent went. */
static bool is_answered(const struct check_facts *facts) {
    if (facts->opened_us)
        return facts->got_byte || is_closed_by_destination(facts);
    return is_over_by(facts, REASON_REFUSED) || is_over_by(facts, REASON_DENIED);
}

static void find_agent(struct making *making, const struct session_table *sessions) {
    const struct strlist *groups = &making->service->conf->groups;

    for (struct session *session = session_table_first(sessions); session;
         session = session_table_after(sessions, session)) {
        bool is_used = strcmp(session_label(session), making->facts->agent) == 0;
        if (!session_is_connected(session) || !session_serves(session, groups))
            continue;
        making->connected++;
        if (is_used || (!*making->facts->agent && !making->agent))
            making->agent = session;
    }
    if (!*making->facts->agent && service_agents(making->service))
        making->agent = service_agent(making->service, 0);
    making->is_agent_gone = *making->facts->agent && !making->agent && !is_answered(making->facts);
}

static void name_groups(struct making *making) {
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

static void judge_listener(struct making *making) {
    const struct check_facts *facts = making->facts;
    const char *name = making->service->conf->name;

    if (facts->accepted_us) {
        set(making, CHECK_HOP_LISTENER, CHECK_PASS, ms_between(facts->begun_us, facts->accepted_us));
        return;
    }
    set(making, CHECK_HOP_LISTENER, CHECK_FAIL, -1);
    if (making->numbers.paused_by) {
        DETAIL(making, LISTENER, "the service is paused by %s: its port is closed", making->numbers.paused_by);
        REMEDY(making, LISTENER, "Resume it: munnel service resume %s", name);
    } else if (!facts->has_port) {
        DETAIL(making, LISTENER, "it listens nowhere");
        REMEDY(making, LISTENER, "Name an address in \"listen\" of the service");
    } else if (is_untried(facts)) {
        set(making, CHECK_HOP_LISTENER, CHECK_SKIP, -1);
        DETAIL(making, LISTENER, "munneld itself cannot be a client of %s: %s", facts->port,
               strerror(facts->connect_error));
    } else if (!making->numbers.is_open && making->service->conf->no_agent == CONFIG_CLOSE) {
        DETAIL(making, LISTENER, "the port is closed until an agent can serve (no_agent is \"close\")");
        REMEDY(making, LISTENER, "See the hops below");
    } else if (facts->connect_error) {
        DETAIL(making, LISTENER, "%s is not open: %s", facts->port, strerror(facts->connect_error));
        REMEDY(making, LISTENER,
               "The server's log has why it could not be opened; ss -tlnp shows which program has it");
    } else {
        DETAIL(making, LISTENER, "the connection was not accepted in time");
        REMEDY(making, LISTENER, "The server may be at its limit of clients, or out of descriptors: munnel status");
    }
}

static void judge_group(struct making *making) {
    if (making->connected) {
        set(making, CHECK_HOP_GROUP, CHECK_PASS, -1);
        DETAIL(making, GROUP, "%zu agent%s%.160s connected", making->connected, making->connected == 1 ? "" : "s",
               making->groups);
        return;
    }
    set(making, CHECK_HOP_GROUP, CHECK_FAIL, -1);
    DETAIL(making, GROUP, "no agent%.200s is connected", making->groups);
    REMEDY(making, GROUP,
           "Start munnel-agent where the destination can be reached; munnel agent list has those that may "
           "join, munnel agent add lets another in");
}

static void judge_agent_gone(struct making *making) {
    const struct check_facts *facts = making->facts;
    const char *why = !facts->is_over ? "" : *facts->detail ? facts->detail : reason_text(facts->reason);

    set(making, CHECK_HOP_AGENT, CHECK_FAIL, -1);
    DETAIL(making, AGENT, "agent %s was disconnected during the check%s%.120s", facts->agent, *why ? ": " : "", why);
    REMEDY(making, AGENT, "Check again; if that repeats, munnel events and the agent's log have why it goes");
}

static void judge_agent(struct making *making) {
    struct session *agent = making->agent;

    if (making->is_agent_gone)
        judge_agent_gone(making);
    if (!agent)
        return;
    set(making, CHECK_HOP_AGENT, CHECK_PASS, -1);
    DETAIL(making, AGENT, "agent %s", session_label(agent));
    if (making->facts->opened_us || !(session_is_silent(agent) || session_is_draining(agent)))
        return;
    set(making, CHECK_HOP_AGENT, CHECK_FAIL, -1);
    if (session_is_draining(agent)) {
        DETAIL(making, AGENT, "agent %s drains: it takes no new clients", session_label(agent));
        REMEDY(making, AGENT, "munnel agent undrain %s, or start it anew", session_label(agent));
    } else {
        DETAIL(making, AGENT, "agent %s does not answer its PING", session_label(agent));
        REMEDY(making, AGENT, "Look at its machine and its network; it is disconnected when it stays silent");
    }
}

static bool is_link_lost(const struct check_facts *facts) {
    return facts->is_over && (facts->reason == REASON_LINK_LOST || facts->reason == REASON_LINK_SILENT);
}

static void judge_link(struct making *making) {
    uint64_t rtt_us = making->agent ? session_liveness(making->agent)->srtt_us : 0;

    if (!making->agent)
        return;
    bool has_link = carriers_count(session_carriers(making->agent), false) > 0;
    set(making, CHECK_HOP_LINK, CHECK_PASS, rtt_us ? (double)rtt_us / 1000 : -1);
    DETAIL(making, LINK, "a data link is up%s", rtt_us ? "; the round trip is that of PING" : "");
    if (has_link && !is_link_lost(making->facts))
        return;
    set(making, CHECK_HOP_LINK, CHECK_FAIL, -1);
    if (has_link)
        DETAIL(making, LINK, "it was lost %s",
               making->facts->opened_us ? "before the destination sent anything" : "before the agent answered");
    else
        DETAIL(making, LINK, "agent %s has no data link", session_label(making->agent));
    REMEDY(making, LINK, "The agent dials them to the same port as its control link: its log has why they fail");
}

static bool is_refused_as(const struct check_facts *facts, enum relay_reason reason) {
    return !facts->opened_us && is_over_by(facts, reason);
}

static void judge_rules(struct making *making) {
    const struct check_facts *facts = making->facts;
    const struct service *service = making->service;
    bool all_refuse = service->refusing_count && !service_agents(service);

    if (facts->opened_us)
        set(making, CHECK_HOP_RULES, CHECK_PASS, -1);
    if (facts->opened_us || !making->agent)
        return;
    if (all_refuse || is_refused_as(facts, REASON_DENIED)) {
        set(making, CHECK_HOP_RULES, CHECK_FAIL, -1);
        if (*facts->detail)
            DETAIL(making, RULES, "%s", facts->detail);
        else if (all_refuse)
            DETAIL(making, RULES, "agent %.64s: %s", session_label(service->refusing[0].session),
                   service->refusing[0].reason);
        REMEDY(making, RULES,
               "Permit it on the agent's machine: --allow DESTINATION, or \"allow\" of its configuration");
    } else if (service_agents(service)) {
        set(making, CHECK_HOP_RULES, CHECK_PASS, -1);
    } else {
        DETAIL(making, RULES, "the agent has not answered yet whether it permits the service");
    }
}

/* Has the destination a name that an agent looks up? */
static bool has_name(const struct service *service) {
    struct endpoint endpoint;
    struct addr addr;

    return service->conf->connect.count && endpoint_parse(&endpoint, service->conf->connect.items[0], NULL) == 0 &&
           !addr_from_endpoint(&addr, &endpoint);
}

static bool is_tried(const struct making *making) {
    const struct check_facts *facts = making->facts;

    return facts->opened_us || is_refused_as(facts, REASON_REFUSED) ||
           (is_refused_as(facts, REASON_TIMEOUT) && !making->is_agent_gone);
}

static bool failed_lookup(const struct check_facts *facts) {
    return is_refused_as(facts, REASON_REFUSED) && facts->refusal == REFUSAL_DNS;
}

static void judge_lookup(struct making *making) {
    const struct check_facts *facts = making->facts;

    if (!has_name(making->service)) {
        DETAIL(making, LOOKUP, "the destination is an address");
    } else if (failed_lookup(facts)) {
        set(making, CHECK_HOP_LOOKUP, CHECK_FAIL, ms_between(facts->accepted_us, facts->ended_us));
        DETAIL(making, LOOKUP, "%s", facts->detail);
        REMEDY(making, LOOKUP, "On the agent's machine: getent hosts NAME; mend its name service, or write an address");
    } else if (is_tried(making)) {
        set(making, CHECK_HOP_LOOKUP, CHECK_PASS, facts->opened_us ? (double)facts->lookup_ms : -1);
    }
}

static void judge_opened(struct making *making) {
    const struct check_facts *facts = making->facts;
    unsigned ms = facts->dial_ms > facts->lookup_ms ? facts->dial_ms - facts->lookup_ms : 0;

    set(making, CHECK_HOP_CONNECT, CHECK_PASS, ms);
    DETAIL(making, CONNECT, "%s%s", facts->address, ms > CHECK_SLOW_MS ? ", slowly: it took more than a second" : "");
    if (ms > CHECK_SLOW_MS)
        REMEDY(making, CONNECT, "Look at the load of the destination, and at the network between it and the agent");
}

static const char *connect_remedy(const struct check_facts *facts) {
    if (facts->reason == REASON_TIMEOUT || facts->refusal == REFUSAL_TIMEOUT)
        return "A firewall may drop what is sent to the destination, or its machine is off";
    return "Start the destination, or mend \"connect\" of the service: nothing listens there";
}

static void judge_connect(struct making *making) {
    const struct check_facts *facts = making->facts;

    if (facts->opened_us) {
        judge_opened(making);
    } else if (making->is_agent_gone || failed_lookup(facts) || is_refused_as(facts, REASON_DENIED) ||
               is_link_lost(facts)) {
        return;
    } else if (is_tried(making)) {
        set(making, CHECK_HOP_CONNECT, CHECK_FAIL, ms_between(facts->accepted_us, facts->ended_us));
        DETAIL(making, CONNECT, "%s", *facts->detail ? facts->detail : reason_text(facts->reason));
        REMEDY(making, CONNECT, "%s", connect_remedy(facts));
    } else if (facts->is_over && making->agent) {
        set(making, CHECK_HOP_CONNECT, CHECK_FAIL, -1);
        DETAIL(making, CONNECT, "%s%s%s", reason_text(facts->reason), *facts->detail ? ": " : "", facts->detail);
        REMEDY(making, CONNECT, "The server's log has the record of this client, which is called check");
    } else if (facts->accepted_us && !facts->is_over && service_agents(making->service)) {
        set(making, CHECK_HOP_CONNECT, CHECK_FAIL, ms_between(facts->accepted_us, facts->ended_us));
        DETAIL(making, CONNECT, "no answer from the destination within %d s", CHECK_MOST_MS / 1000);
        REMEDY(making, CONNECT,
               "A firewall may drop what is sent to it; connect_timeout limits how long a client waits");
    }
}

static void judge_no_byte(struct making *making) {
    const struct check_facts *facts = making->facts;
    bool is_reset = is_over_by(facts, REASON_DESTINATION_RESET);

    if (is_closed_by_destination(facts)) {
        set(making, CHECK_HOP_FIRST_BYTE, CHECK_FAIL, -1);
        DETAIL(making, FIRST_BYTE, "the destination %s the connection at once, without a byte",
               is_reset ? "reset" : "closed");
        REMEDY(making, FIRST_BYTE, "Its own log has why: it may not accept the agent's address, or be at a limit");
    } else if (making->is_agent_gone || is_link_lost(facts)) {
        DETAIL(making, FIRST_BYTE, "the connection was cut before the destination sent anything");
    } else if (facts->is_over) {
        set(making, CHECK_HOP_FIRST_BYTE, CHECK_FAIL, -1);
        DETAIL(making, FIRST_BYTE, "the connection was cut: %s%s%s", reason_text(facts->reason),
               *facts->detail ? ": " : "", facts->detail);
        REMEDY(making, FIRST_BYTE,
               "Check again; the server's log has the record of this client, which is called check");
    } else {
        DETAIL(making, FIRST_BYTE, "it sends nothing by itself, as with HTTP and TLS");
    }
}

static void judge_first_byte(struct making *making) {
    const struct check_facts *facts = making->facts;

    if (facts->opened_us && facts->got_byte)
        set(making, CHECK_HOP_FIRST_BYTE, CHECK_PASS, ms_between(facts->accepted_us, facts->first_us));
    else if (facts->opened_us)
        judge_no_byte(making);
}

/* ---- the whole ---- */

static void summarize(struct making *making) {
    struct check_report *report = making->report;
    const char *name = making->service->conf->name, *slow = report->hops[CHECK_HOP_CONNECT].remedy;

    for (unsigned hop = 0; hop < CHECK_HOP_COUNT; hop++)
        if (report->hops[hop].result == CHECK_FAIL) {
            snprintf(report->summary, sizeof report->summary, "%s fails at %s: %s", name, labels[hop],
                     report->hops[hop].detail);
            return;
        }
    report->has_passed = making->facts->opened_us;
    if (report->has_passed)
        snprintf(report->summary, sizeof report->summary, "%s works by agent %s in %.0f ms%s", name,
                 making->facts->agent, ms_between(making->facts->begun_us, making->facts->opened_us),
                 *slow ? ", but its destination is slow" : "");
    else
        snprintf(report->summary, sizeof report->summary, "%s could not be tried: %s", name,
                 *report->hops[CHECK_HOP_LISTENER].detail ? report->hops[CHECK_HOP_LISTENER].detail
                                                          : report->hops[CHECK_HOP_RULES].detail);
}

void check_report_make(struct check_report *report, const struct check_facts *facts, const struct service *service,
                       const struct session_table *sessions) {
    struct making making = {.report = report, .facts = facts, .service = service};

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
    judge_lookup(&making);
    judge_connect(&making);
    judge_first_byte(&making);
    summarize(&making);
}
