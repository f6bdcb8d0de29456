/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_proxy: the PROXY header in front of what a destination gets, of a service that has "proxy_protocol".
 *
 * It is made when the destination has been reached, once: a relay that goes on by another link has sent it. It is none
 * of the relay's bytes.
 * Runs on: the relay's thread. Owns: what OPEN has brought for it, until then.
 */
#include "config.h"

#include "relay/stream/relay_priv.h"

#include <stdlib.h>
#include <string.h>

struct relay_proxy {
    struct open_address local;
    size_t length;
    uint8_t tlvs[];
};

bool relay_proxy_keep(struct relay_agent *agent, const struct open_request *open) {
    if (agent->service->proxy == PROXY_OFF)
        return true;
    agent->proxy = malloc(sizeof *agent->proxy + open->tlvs_length);
    if (!agent->proxy)
        return false;
    agent->proxy->local = open->local;
    agent->proxy->length = open->tlvs_length;
    if (open->tlvs_length > 0)
        memcpy(agent->proxy->tlvs, open->tlvs, open->tlvs_length);
    return true;
}

void relay_proxy_drop(struct relay_agent *agent) {
    free(agent->proxy);
    agent->proxy = NULL;
}

/* Of the server's check, which version 1 has no command for: a line that is right of the connection itself, as the
 * specification has it, since there are receivers that refuse UNKNOWN. */
static void describe_check(struct proxy_header *header, const struct connector_result *reached) {
    header->command = PROXY_COMMAND_LOCAL;
    if (reached->here.length > 0)
        header->source = open_address_of(&reached->here);
    header->destination = open_address_of(&reached->address);
}

static void describe_client(struct proxy_header *header, const struct relay_agent *agent) {
    header->command = PROXY_COMMAND_PROXY;
    header->source = agent->client;
    header->destination = agent->proxy->local;
    (void)proxy_read_tlvs(header, agent->proxy->tlvs, agent->proxy->length, NULL); /* open_parse has checked them */
}

bool relay_proxy_put(struct relay_agent *agent, const struct connector_result *reached) {
    uint8_t bytes[PROXY_WRITTEN_MAX];
    char id[PROTO_RELAY_ID_MAX + 1];
    if (!agent->proxy)
        return true;
    record_make_id(id, agent->server, agent->number);
    struct proxy_header header = {.version = agent->service->proxy,
                                  .transport = PROXY_STREAM,
                                  .unique_id = {(const uint8_t *)id, strlen(id)}};
    if (agent->is_check)
        describe_check(&header, reached);
    else
        describe_client(&header, agent);
    header.has_addresses = !open_address_is_none(&header.source) && !open_address_is_none(&header.destination);
    bool is_put = stream_socket_prepend(&agent->relay.pump.socket, bytes, proxy_write(bytes, &header));
    relay_proxy_drop(agent);
    if (is_put)
        counter_add(&agent->relay.thread->counts.proxy_headers, 1);
    return is_put;
}
