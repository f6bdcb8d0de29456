/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_services: see check_services.h.
 */
#include "config.h"

#include "agent/check/check_services.h"

#include "agent/check/check_link.h"
#include "agent/upstream/services.h"
#include "lib/base/clock.h"
#include "lib/net/port_range.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { DESTINATION_MS = 3000 };

static const char remedy_of_rules[] =
    "Permit the destination in this agent's rules (\"allow\", --allow), if it is to be served from here";

static const char remedy_of_connect_from[] = "In the service, on the server: " CONNECT_FROM_REMEDY;

/* ---- one destination ---- */

struct destination {
    const struct check_world *world;
    const char *to; /* as the service has it */
    enum connect_from from;
    enum service_protocol protocol;
    struct endpoint endpoint;
    struct hop hop;
    char remedy[ENDPOINT_HOST + 160];
};

static int connect_to(struct destination *destination, const struct addr *addr, unsigned ms, struct error *error) {
    struct check_link link = {.fd = -1, .deadline_us = check_deadline(destination->world, ms)};
    int result = check_link_connect(&link, addr, error);

    check_link_close(&link);
    if (link.connect_error == ETIMEDOUT)
        destination->hop.remedy = "A firewall may drop what is sent there, or its machine is off or overloaded";
    else if (result)
        destination->hop.remedy =
            destination->hop.server
                ? "Start what is to be reached there, or correct \"connect\" of the service on the server"
                : "Start what is to be reached there, or correct what this agent publishes";
    return result;
}

/* The first address that the rules permit and that answers: of UDP, which need not answer, the first that they permit.
 * 0, or -1 with error and remedy. */
static int connect_any(struct destination *destination, const struct resolver_answer *answer, struct error *error) {
    char text[ADDR_TEXT];

    for (int i = 0; i < answer->count; i++) {
        const struct addr *addr = &answer->addresses[i];
        unsigned ms = DESTINATION_MS / (unsigned)(answer->count - i);
        struct error detail = {""};
        addr_format(addr, text, sizeof text);
        if (destination->from == CONNECT_FROM_LOOPBACK && !addr_is_ipv4_loopback(addr)) {
            if (!*error->text) { /* of a name's addresses those that can be used have the news */
                bool is_written = strcmp(text, destination->to) == 0;
                error_set(error, "%s%s" CONNECT_FROM_REFUSAL, is_written ? "" : text, is_written ? "" : ": ");
                destination->hop.remedy = remedy_of_connect_from;
            }
            continue;
        }
        bool is_permitted = acl_permits(destination->world->rules, addr, destination->endpoint.host);
        if (is_permitted && (destination->protocol == SERVICE_UDP || connect_to(destination, addr, ms, &detail) == 0))
            return 0;
        if (!is_permitted)
            destination->hop.remedy = remedy_of_rules;
        if (!is_permitted)
            error_set(error, "%s is not allowed by this agent's rules", text);
        else if (strcmp(text, destination->to) == 0)
            error_set(error, "%s", detail.text);
        else
            error_set(error, "%s: %s", text, detail.text);
    }
    return -1;
}

static int look_up(struct destination *destination, struct resolver_answer *answer, struct error *error) {
    int result = check_resolve(destination->world, &destination->endpoint, DESTINATION_MS, answer, error);

    snprintf(destination->remedy, sizeof destination->remedy,
             "Correct the name in \"connect\" of the service on the server, or this machine's name service: getent "
             "ahosts %s",
             destination->endpoint.host);
    if (result)
        destination->hop.remedy = destination->remedy;
    return result;
}

static void check_destination(const struct check_world *world, const char *server, const struct service_offer *offer,
                              const char *to) {
    const char *service = offer->name;
    struct destination destination = {.world = world,
                                      .to = to,
                                      .from = offer->from,
                                      .protocol = offer->protocol,
                                      .hop = {.server = server, .name = "destination", .begun_us = clock_us()}};
    struct hop *hop = &destination.hop;
    struct resolver_answer answer;
    struct error error = {""};

    if (clock_us() >= world->deadline_us) {
        hop->result = HOP_SKIP;
        hop->begun_us = 0;
        report_add(world->report, hop, "%s to %s: no time is left", service, to);
    } else if (relative_endpoint_is(to)) {
        hop->result = HOP_SKIP;
        hop->begun_us = 0;
        report_add(world->report, hop, "%s to %s: the port is that of each client", service, to);
    } else if (endpoint_parse(&destination.endpoint, to, &error) == 0 && look_up(&destination, &answer, &error) == 0 &&
               connect_any(&destination, &answer, &error) == 0) {
        hop->remedy = NULL; /* of an address before */
        hop->result = offer->protocol == SERVICE_UDP ? HOP_SKIP : HOP_PASS;
        report_add(world->report, hop, "%s to %s%s", service, to,
                   offer->protocol == SERVICE_UDP ? ": it is one of UDP, which has no connection that could be tried"
                                                  : "");
    } else {
        hop->result = HOP_FAIL;
        report_add(world->report, hop, "%s to %s: %s", service, to, error.text);
    }
}

/* ---- the rules ---- */

static void add_refused(const struct check_world *world, const char *server, const struct service_offer *offer,
                        const char *reason) {
    const char *remedy = services_refusal_remedy(reason);
    const struct hop hop = {.server = server,
                            .name = "service",
                            .result = HOP_SKIP,
                            .remedy = remedy ? remedy : remedy_of_rules};

    report_add(world->report, &hop, "%s to %s: the server asks, the agent refuses: %s", offer->name, offer->to[0],
               reason);
}

static void check_service(const struct check_world *world, const char *server, const struct service_offer *offer) {
    const struct hop hop = {.server = server, .name = "service"};

    report_add(world->report, &hop, "%s: the server asks, the agent permits", offer->name);
    for (size_t i = 0; i < offer->to_count; i++)
        check_destination(world, server, offer, offer->to[i]);
}

static void add_rules(const struct check_world *world, const char *server, size_t count, size_t refused) {
    struct hop hop = {.server = server, .name = "rules"};

    if (count == 0) {
        hop.result = HOP_SKIP;
        report_add(world->report, &hop, "the server asks this agent for no service");
        return;
    }
    if (refused == count) {
        hop.result = HOP_FAIL;
        hop.remedy = remedy_of_rules;
    }
    report_add(world->report, &hop, "%zu of %zu service%s permitted", count - refused, count,
               count == 1 ? " is" : "s are");
}

void check_services(const struct check_world *world, const char *server, const struct services_part *part) {
    char reason[SERVICES_REASON_SIZE];
    struct service_offer offer;
    size_t refused = 0;

    for (size_t i = 0; i < part->add_count; i++) {
        services_get(part, i, &offer);
        refused += services_refuse(world->rules, world->keys, &offer, reason);
    }
    add_rules(world, server, part->add_count, refused);
    for (size_t i = 0; i < part->add_count && i < CHECK_SERVICES_MOST; i++) {
        services_get(part, i, &offer);
        if (services_refuse(world->rules, world->keys, &offer, reason))
            add_refused(world, server, &offer, reason);
        else
            check_service(world, server, &offer);
    }
    if (part->add_count > CHECK_SERVICES_MOST || part->more) {
        const struct hop hop = {.server = server, .name = "service", .result = HOP_SKIP};
        report_add(world->report, &hop, "there are more; the first %d are tried", CHECK_SERVICES_MOST);
    }
}

/* ---- what this agent publishes itself ---- */

void check_published(const struct check_world *world, const char *name, const char *to) {
    const struct service_offer offer = {.name = name, .to = {to}, .to_count = 1};
    struct acl *rules = acl_new();
    struct check_world own = *world;
    struct error error = {""};

    if (rules && acl_add(rules, to, &error) == 0) {
        own.rules = rules;
        check_destination(&own, NULL, &offer, to);
    } else {
        const struct hop hop = {.name = "destination", .result = HOP_FAIL};
        report_add(world->report, &hop, "%s to %s: %s", name, to, rules ? error.text : "out of memory");
    }
    acl_free(rules);
}
