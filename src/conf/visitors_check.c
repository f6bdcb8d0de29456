/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visitors_check: see visitors_check.h.
 */
#include "config.h"

#include "conf/visitors_check.h"

#include "lib/net/port_range.h"

/* TLS from agent to agent is for clients that have an agent, and leaves no room for bytes of the server's. */
static int check_end_to_end(const struct service_config *service, const struct option_place *place) {
    if (!service->end_to_end)
        return 0;
    if (!service->visitors.count)
        return option_error(place, "is for services that agents open on their side; name their groups in \"visitors\"");
    if (service->listen.count)
        return option_error(place, "clients of a port have no agent that encrypts; leave \"listen\" out");
    if (service->proxy_protocol != PROXY_OFF)
        return option_error(place, "the destination gets nothing of the server's; leave \"proxy_protocol\" out");
    if (service->check.type == HEALTH_CHECK_HTTP)
        return option_error(place, "the destination gets nothing of the server's; let \"check\" be \"tcp\" or \"tls\"");
    return 0;
}

/* What an agent would ban is the address that the visitor has told, which is anybody's. */
static int check_agent_bans(const struct service_config *service, const struct option_place *place) {
    if (!service->agent_bans || !service->visitors.count)
        return 0;
    return option_error(place, "a visitor's agent tells the addresses of its clients, so it could have anybody's "
                               "banned; leave \"agent_bans\" or \"visitors\" out");
}

/* Clients have to come from somewhere, and what a visitor tells of them must not choose the destination. */
static int check_visitors(const struct server_config *conf, size_t index, const struct option_place *top) {
    const struct service_config *service = &conf->services[index];
    char name[CONFIG_PLACE_NAME];
    const struct option_place place = server_config_place(conf, index, name, top),
                              listen = option_member(&place, "listen"), hosts = option_member(&place, "hosts"),
                              connect = option_member(&place, "connect"),
                              end_to_end = option_member(&place, "end_to_end"),
                              agent_bans = option_member(&place, "agent_bans");
    if (!service->listen.count && service->protocol == SERVICE_UDP)
        return option_error(&listen, "is missing; write an address like \"0.0.0.0:53\"");
    if (!service->listen.count && !service->visitors.count)
        return option_error(&listen, "is missing; write an address like \"0.0.0.0:5900\", or the groups of agents that "
                                     "open it on their side in \"visitors\"");
    if (!service->listen.count && service->hosts.count)
        return option_error(&hosts, "names are for a port that services share; write \"listen\", too");
    if (check_end_to_end(service, &end_to_end) || check_agent_bans(service, &agent_bans))
        return -1;
    for (size_t i = 0; service->visitors.count && i < service->connect.count; i++)
        if (relative_endpoint_is(service->connect.items[i]))
            return option_error(&connect, "\"%s\" is relative to a port, and a visitor's is its own; write the port",
                                service->connect.items[i]);
    return 0;
}

int visitors_check(const struct server_config *conf, const struct option_place *top) {
    for (size_t i = 0; i < conf->service_count; i++)
        if (check_visitors(conf, i, top))
            return -1;
    return 0;
}
