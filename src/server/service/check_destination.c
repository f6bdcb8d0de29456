/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_destination: see check_destination.h.
 */
#include "config.h"

#include "server/service/check_destination.h"

#include "lib/net/port_range.h"

#include <stdio.h>
#include <string.h>

enum { NAME_TEXT = 96 /* of a name or an address within a remedy */ };

/* Has the destination a name that an agent looks up? */
static bool has_name(const struct service *service, struct endpoint *endpoint) {
    const struct strlist *connect = &service->conf->connect;
    const struct addr *first = service_addr(service);
    struct addr addr;

    return connect->count &&
           relative_endpoint_parse(endpoint, connect->items[0], first ? addr_port(first) : 0, NULL) == 0 &&
           !addr_from_endpoint(&addr, endpoint);
}

static bool is_tried(const struct check_making *making) {
    const struct check_facts *facts = making->facts;

    return facts->opened_us || check_refused_as(facts, REASON_REFUSED) ||
           (check_refused_as(facts, REASON_TIMEOUT) && !making->is_agent_gone);
}

static bool failed_lookup(const struct check_facts *facts) {
    return check_refused_as(facts, REASON_REFUSED) && facts->refusal == REFUSAL_DNS;
}

static void judge_found(struct check_making *making) {
    const struct check_facts *facts = making->facts;

    check_set(making, CHECK_HOP_LOOKUP, CHECK_PASS, facts->opened_us ? (double)facts->lookup_ms : -1);
    if (!facts->opened_us || facts->lookup_ms <= CHECK_SLOW_MS)
        return;
    CHECK_DETAIL(making, LOOKUP, "slowly: it took more than a second");
    CHECK_REMEDY(making, LOOKUP, "Look at the name servers of agent %s's machine: one may not answer", facts->agent);
}

void check_judge_lookup(struct check_making *making) {
    const struct check_facts *facts = making->facts;
    struct endpoint endpoint;

    if (!has_name(making->service, &endpoint)) {
        CHECK_DETAIL(making, LOOKUP, "the destination is an address");
    } else if (failed_lookup(facts)) {
        check_set(making, CHECK_HOP_LOOKUP, CHECK_FAIL, check_ms(facts->accepted_us, facts->ended_us));
        CHECK_DETAIL(making, LOOKUP, "%s", facts->detail);
        CHECK_REMEDY(making, LOOKUP,
                     "On agent %.64s's machine: getent ahosts %.*s; correct the name in \"connect\", or its name "
                     "service, or write an address",
                     facts->agent, NAME_TEXT / 2, endpoint.host);
    } else if (is_tried(making)) {
        judge_found(making);
    }
}

static void judge_opened(struct check_making *making) {
    const struct check_facts *facts = making->facts;
    unsigned ms = facts->dial_ms > facts->lookup_ms ? facts->dial_ms - facts->lookup_ms : 0;
    bool is_slow = ms > CHECK_SLOW_MS;

    check_set(making, CHECK_HOP_CONNECT, CHECK_PASS, ms);
    CHECK_DETAIL(making, CONNECT, "%s%s", facts->address, is_slow ? ", slowly: it took more than a second" : "");
    if (is_slow)
        CHECK_REMEDY(making, CONNECT, "Look at the load of the destination, and at the network between it and agent %s",
                     facts->agent);
}

static void judge_refused(struct check_making *making) {
    const struct check_facts *facts = making->facts;
    const char *to = check_destination_of(making);

    check_set(making, CHECK_HOP_CONNECT, CHECK_FAIL, check_ms(facts->accepted_us, facts->ended_us));
    CHECK_DETAIL(making, CONNECT, "%s", *facts->detail ? facts->detail : reason_text(facts->reason));
    if (facts->reason == REASON_TIMEOUT || facts->refusal == REFUSAL_TIMEOUT)
        CHECK_REMEDY(making, CONNECT,
                     "A firewall may drop what agent %.64s sends to %.*s, or its machine is off or overloaded",
                     facts->agent, NAME_TEXT, to);
    else
        CHECK_REMEDY(making, CONNECT,
                     "Start what is to listen at %.*s, as agent %.64s sees it, or correct \"connect\" of the service",
                     NAME_TEXT, to, facts->agent);
}

/* Its client would wait until that is over. */
static void judge_unhealthy(struct check_making *making) {
    const struct balance_member *member = &making->service->balance->members[0];

    check_set(making, CHECK_HOP_CONNECT, CHECK_FAIL, -1);
    CHECK_DETAIL(making, CONNECT, "unhealthy by the checks of agent %.64s: %s", session_label(member->session),
                 member->health_detail ? member->health_detail : "no detail");
    CHECK_REMEDY(making, CONNECT, "Look at %.*s from its machine; clients come again once its checks pass", NAME_TEXT,
                 check_destination_of(making));
}

void check_judge_connect(struct check_making *making) {
    const struct check_facts *facts = making->facts;

    if (facts->opened_us) {
        judge_opened(making);
    } else if (making->is_agent_gone || failed_lookup(facts) || check_refused_as(facts, REASON_DENIED) ||
               check_lost_link(facts)) {
        return;
    } else if (!making->numbers.agents && making->numbers.unhealthy) {
        judge_unhealthy(making);
    } else if (is_tried(making)) {
        judge_refused(making);
    } else if (facts->is_over && making->agent) {
        check_set(making, CHECK_HOP_CONNECT, CHECK_FAIL, -1);
        CHECK_DETAIL(making, CONNECT, "%s%s%s", reason_text(facts->reason), *facts->detail ? ": " : "", facts->detail);
        CHECK_REMEDY(making, CONNECT, "The server's log has the record of this client, which is called check");
    } else if (facts->accepted_us && !facts->is_over && service_agents(making->service)) {
        check_set(making, CHECK_HOP_CONNECT, CHECK_FAIL, check_ms(facts->accepted_us, facts->ended_us));
        CHECK_DETAIL(making, CONNECT, "no answer from the destination within %d s", CHECK_MOST_MS / 1000);
        CHECK_REMEDY(making, CONNECT,
                     "A firewall may drop what is sent to %.*s; connect_timeout limits how long a client waits",
                     NAME_TEXT, check_destination_of(making));
    }
}

static void suspect_header(struct check_making *making) {
    CHECK_REMEDY(making, FIRST_BYTE,
                 "It may not expect the PROXY header: let it (in nginx: listen ... proxy_protocol), or set "
                 "proxy_protocol of the service to off");
}

/* HTTP says nothing before its client has: a 4xx answers the PROXY header. */
static bool answers_header(const struct check_making *making) {
    const char *first = making->facts->first;

    return making->service->conf->proxy_protocol && strncmp(first, "HTTP/1.", 7) == 0 &&
           strncmp(first + 8, " 4", 2) == 0;
}

static void judge_byte(struct check_making *making) {
    const struct check_facts *facts = making->facts;
    double ms = check_ms(facts->accepted_us, facts->first_us);

    check_set(making, CHECK_HOP_FIRST_BYTE, CHECK_PASS, ms);
    if (!answers_header(making))
        return;
    check_set(making, CHECK_HOP_FIRST_BYTE, CHECK_FAIL, ms);
    CHECK_DETAIL(making, FIRST_BYTE, "the destination sent \"%s\" before it was asked anything", facts->first);
    suspect_header(making);
}

static void judge_no_byte(struct check_making *making) {
    const struct check_facts *facts = making->facts;
    bool is_reset = check_ended_by(facts, REASON_DESTINATION_RESET);

    if (*facts->loop) {
        check_set(making, CHECK_HOP_FIRST_BYTE, CHECK_FAIL, -1);
        CHECK_DETAIL(making, FIRST_BYTE, "%.200s", facts->loop);
        CHECK_REMEDY(making, FIRST_BYTE, "Correct \"connect\" of the service: %.*s is a port of this server", NAME_TEXT,
                     check_destination_of(making));
    } else if (check_closed_by_destination(facts)) {
        check_set(making, CHECK_HOP_FIRST_BYTE, CHECK_FAIL, -1);
        CHECK_DETAIL(making, FIRST_BYTE, "the destination %s the connection at once, without a byte",
                     is_reset ? "reset" : "closed");
        if (making->service->conf->proxy_protocol)
            suspect_header(making);
        else
            CHECK_REMEDY(making, FIRST_BYTE,
                         "Its own log has why: it may not accept the agent's address, or be at a limit");
    } else if (making->is_agent_gone || check_lost_link(facts)) {
        CHECK_DETAIL(making, FIRST_BYTE, "the connection was cut before the destination sent anything");
    } else if (facts->is_over) {
        check_set(making, CHECK_HOP_FIRST_BYTE, CHECK_FAIL, -1);
        CHECK_DETAIL(making, FIRST_BYTE, "the connection was cut: %s%s%s", reason_text(facts->reason),
                     *facts->detail ? ": " : "", facts->detail);
        CHECK_REMEDY(making, FIRST_BYTE,
                     "Check again; the server's log has the record of this client, which is called check");
    } else {
        CHECK_DETAIL(making, FIRST_BYTE, "nothing within %d s: it waits for its client, as with HTTP and TLS",
                     CHECK_SILENCE_MS / 1000);
    }
}

void check_judge_first_byte(struct check_making *making) {
    const struct check_facts *facts = making->facts;

    if (facts->opened_us && facts->got_byte)
        judge_byte(making);
    else if (facts->opened_us)
        judge_no_byte(making);
}
