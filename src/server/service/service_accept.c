/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_accept: from accept to client. Where balancers send PROXY headers, a connection is inspected in between, and
 * then counts for the address that its header gives: for rules and limits, in logs and records, and for the agent.
 *
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "server/service/service_priv.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "proto/features.h"
#include "relay/http_guard.h"
#include "server/service/bans.h"
#include "server/service/client_table.h"
#include "server/service/service_tls.h"

#include <stdlib.h>
#include <string.h>

void service_note_refusal(struct service *service, const struct addr *peer, enum access_verdict verdict,
                          const char *detail) {
    service->refused[verdict]++;
    log_throttle_event(&service->refusals, service->options.log, LOG_LEVEL_WARNING, service->who, "client refused",
                       detail, peer);
}

static void refuse_client(struct service *service, evutil_socket_t fd, const struct addr *peer,
                          enum access_verdict verdict) {
    sock_close_reset(fd);
    service_note_refusal(service, peer, verdict, access_verdict_detail(verdict));
}

enum access_verdict service_judge(struct service *service, const struct addr *peer) {
    uint64_t now_us = clock_us();
    unsigned most = server_config_clients_most(service->conf);

    if (bans_match(service->options.bans, peer, service->conf->name, now_us))
        return ACCESS_BANNED;
    if (most && service->live >= most)
        return ACCESS_MAX_CLIENTS;
    return access_judge(service->access, peer, now_us);
}

/* A listener of all addresses does not have it. */
static struct open_address address_reached(evutil_socket_t fd, const struct addr *listening) {
    struct addr here;

    sock_local_addr(fd, &here);
    return open_address_of(here.length ? &here : listening);
}

/*
 * Behind a balancer: where the client has connected to, which its destination may be told; unless the destination's
 * port follows that of the listener, which no header may choose.
 */
static struct open_address local_of(const struct service *service, evutil_socket_t fd, const struct inspected *found) {
    bool follows_port = service->needs & 1U << FEATURE_PORT_OFFSET;

    if (found->has_addresses && !follows_port)
        return found->reached;
    return service->conf->proxy_protocol ? address_reached(fd, &found->local) : open_address_of(&found->local);
}

static bool is_everywhere(const struct open_address *address) {
    static const uint8_t zeros[16], ipv4_zeros[16] = {[10] = 0xff, [11] = 0xff};

    return address->port && (memcmp(address->host, zeros, sizeof zeros) == 0 ||
                             memcmp(address->host, ipv4_zeros, sizeof ipv4_zeros) == 0);
}

void service_renew_local(struct client *client) {
    struct addr here;

    if (!client->service->conf->proxy_protocol || !is_everywhere(&client->local))
        return;
    sock_local_addr(client->fd, &here);
    if (here.length)
        client->local = open_address_of(&here);
}

static SSL_CTX *hold_context(const struct service *service) {
    SSL_CTX *context = service_tls_context(service->tls);

    SSL_CTX_up_ref(context);
    return context;
}

static void count_in(struct service *service, struct client *client, const struct addr *source, bool is_counted) {
    client->service = service;
    client->is_counted = is_counted;
    if (is_counted)
        client->source = access_bandwidth(service->access, source);
    service->live++;
    counter_add(&service->part->accepted, 1);
}

void service_admit(struct service *service, struct client *client, bool is_counted) {
    count_in(service, client, &client->peer, is_counted);
    service->options.on_client(service->options.context, client);
}

/* It counts for `source`. NULL: *verdict is why, and `fd` is closed. */
static struct client *take_client(struct service *service, evutil_socket_t fd, const struct inspected *found,
                                  const struct addr *source, bool is_check, enum access_verdict *verdict) {
    *verdict = is_check ? ACCESS_ADMITTED : service_judge(service, source);
    bool is_counted = !is_check && *verdict == ACCESS_ADMITTED && access_counts(service->access);
    struct client *client = NULL;

    if (*verdict == ACCESS_ADMITTED)
        client = client_table_take(service->options.clients, fd, &found->peer, service->terms);
    if (!client) {
        if (is_counted)
            access_left(service->access, source);
        if (*verdict == ACCESS_ADMITTED)
            *verdict = ACCESS_MEMORY;
        refuse_client(service, fd, source, *verdict);
        return NULL;
    }
    client->local = local_of(service, fd, found);
    count_in(service, client, source, is_counted);
    if (is_check)
        service_note_probe(service, client); /* known by where it comes from, and without TLS */
    else if (service->tls)
        client->tls_context = hold_context(service);
    return client;
}

static void admit(struct service *service, evutil_socket_t fd, const struct inspected *found, struct http_guard *guard,
                  bool is_check) {
    enum access_verdict verdict;
    struct client *client = take_client(service, fd, found, &found->peer, is_check, &verdict);

    if (!client) {
        free(found->tlvs);
        http_guard_free(guard);
        return;
    }
    client->tlvs = found->tlvs;
    client->guard = guard;
    service->options.on_client(service->options.context, client);
}

struct client *service_take_visitor(struct service *service, evutil_socket_t fd, const struct inspected *found,
                                    const struct visitor *visitor, enum access_verdict *verdict) {
    struct client *client = take_client(service, fd, found, &visitor->address, false, verdict);

    if (client)
        client->visitor = visitor;
    return client;
}

void service_on_accept(void *context, evutil_socket_t fd, const struct addr *peer, const struct addr *local) {
    struct service *service = context;
    bool is_check = service_is_probe(service, fd, peer);

    if (service->port.balancers && !is_check) /* a check is the server itself, and sends no header */
        inspect_begin(service->options.inspect, &service->port, fd, peer, local);
    else
        admit(service, fd, &(struct inspected){.peer = *peer, .local = *local}, NULL, is_check);
}

/* For the destination to know, where it gets such things; without memory it does not. */
static void add_authority(struct inspected *found, const char *name) {
    struct proxy_header header = {.version = PROXY_V2};
    struct proxy_tlvs *before = found->tlvs;
    struct error error;

    if (before && proxy_read_tlvs(&header, before->bytes, before->length, &error))
        return;
    header.authority = (struct proxy_value){(const uint8_t *)name, strlen(name)};
    struct proxy_tlvs *tlvs = proxy_tlvs_new(&header);
    if (!tlvs)
        return;
    free(before);
    found->tlvs = tlvs;
}

void service_take(struct service *service, evutil_socket_t fd, const struct inspected *found, const char *name,
                  struct http_guard *guard) {
    struct inspected client = *found;

    if (*name && service->conf->proxy_protocol == PROXY_V2)
        add_authority(&client, name);
    admit(service, fd, &client, guard, !found->has_addresses && service_is_probe(service, fd, &found->peer));
}

bool service_has_room(void *context) {
    const struct service *service = context;
    size_t inspected = inspect_count(service->options.inspect), limit = client_table_limit(service->options.clients);

    return client_table_connections(service->options.clients) + inspected < limit;
}

/* ---- inspected ---- */

static void on_known(void *context, evutil_socket_t fd, const struct inspected *found) {
    admit(context, fd, found, NULL, false);
}

static const enum access_verdict verdicts[INSPECT_FAILURE_COUNT] = {
    [INSPECT_NOT_LISTED] = ACCESS_PROXY_NOT_LISTED,
    [INSPECT_MALFORMED] = ACCESS_PROXY_MALFORMED,
    [INSPECT_TIMEOUT] = ACCESS_PROXY_TIMEOUT,
    [INSPECT_FULL] = ACCESS_PROXY_FULL,
    [INSPECT_MEMORY] = ACCESS_MEMORY,
};

static void on_failed(void *context, enum inspect_failure failure, const struct addr *peer, const char *detail) {
    struct service *service = context;

    if (failure == INSPECT_CLOSED)
        service->balancer_checks++;
    else
        service_note_refusal(service, peer, verdicts[failure], detail);
}

void service_init_port(struct service *service) {
    service->port = (struct inspect_port){.deadline_s = INSPECT_DEADLINE_S,
                                          .on_known = on_known,
                                          .on_failed = on_failed,
                                          .context = service};
}

void service_settle_port(struct service *service) {
    service->port.balancers = service->balancers;
    service->port.wants_tlvs = service->conf->proxy_protocol == PROXY_V2;
}
