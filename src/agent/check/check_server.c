/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_server: see check_server.h. Each hop adds its row; after one that fails the others are skipped.
 */
#include "config.h"

#include "agent/check/check_server.h"

#include "agent/check/check_join.h"
#include "agent/upstream/failure.h"
#include "lib/base/clock.h"
#include "lib/base/date.h"
#include "lib/tls/certificate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOON_DAYS = 14, DAY_S = 86400 };

static const char remedy_of_clock[] = "Set this machine's clock if it is wrong, best by NTP: timedatectl set-ntp true; "
                                      "else the server's owner has to renew its certificate";
static const char remedy_of_port[] =
    "Check that this is munneld's port for agents, and that no proxy or captive portal answers in its place";

/* ---- DNS ---- */

static void list_addresses(const struct resolver_answer *answer, char *text, size_t size) {
    char one[ADDR_TEXT];
    size_t used = 0;

    for (int i = 0; i < answer->count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "",
                                 addr_format(&answer->addresses[i], one, sizeof one));
}

/* What is connected to: with a proxy, that; it looks the server's name up by itself. */
static const struct endpoint *next_hop(const struct trial *trial) {
    const struct proxy *proxy = trial->server->proxy;

    return proxy ? &proxy->endpoint : &trial->endpoint;
}

static bool try_dns(struct trial *trial, struct resolver_answer *answer) {
    const struct endpoint *hop = next_hop(trial);
    const char *whose = trial->server->proxy ? "proxy" : "server";
    struct addr numeric;
    struct error error = {""};
    char list[400] = "";

    trial_begin(trial);
    if (check_resolve(trial->world, hop, CHECK_HOP_MS, answer, &error)) {
        snprintf(list, sizeof list,
                 "Check how the %s's name is written, and this machine's name server: getent ahosts %s", whose,
                 hop->host);
        trial_add(trial, "dns", HOP_FAIL, list, "%s: %s", hop->host, error.text);
        return false;
    }
    list_addresses(answer, list, sizeof list);
    if (addr_from_endpoint(&numeric, hop)) {
        trial->begun_us = 0;
        trial_add(trial, "dns", HOP_SKIP, NULL, "%s is an address", hop->host);
    } else {
        trial_add(trial, "dns", HOP_PASS, NULL, "%s: %s", hop->host, list);
    }
    return true;
}

/* ---- TCP ---- */

static const char *remedy_of_connect(const struct trial *trial) {
    int error_number = trial->link.connect_error;

    if (trial->server->proxy)
        return proxy_fault_remedy(PROXY_FAULT_UNREACHABLE);
    if (error_number == ECONNREFUSED)
        return "Start munneld there, or correct the port: it has to be that for agents";
    if (error_number == ENETUNREACH || error_number == EHOSTUNREACH)
        return "Check this machine's network, and its route to that address (ip route get ADDRESS)";
    return FAILURE_REMEDY_NETWORK;
}

/* As the agent does, one address after the other. */
static bool try_tcp(struct trial *trial, const struct resolver_answer *answer) {
    char text[ADDR_TEXT];
    bool is_connected = false;

    for (int i = 0; i < answer->count && !is_connected; i++) {
        struct error error = {""};
        trial_begin(trial);
        addr_format(&answer->addresses[i], text, sizeof text);
        trial->peer = answer->addresses[i];
        is_connected = check_link_connect(&trial->link, &trial->peer, &error) == 0;
        if (is_connected) {
            trial_add(trial, "tcp", HOP_PASS, NULL, "%s", text);
        } else {
            bool is_last = i + 1 == answer->count;
            const char *remedy = is_last ? remedy_of_connect(trial) : NULL;
            trial_add(trial, "tcp", is_last ? HOP_FAIL : HOP_SKIP, remedy, "%s: %s", text, error.text);
            check_link_close(&trial->link);
        }
    }
    return is_connected;
}

/* ---- a proxy ---- */

static bool try_proxy(struct trial *trial) {
    const struct proxy *proxy = trial->server->proxy;
    struct error error = {"out of memory"};

    if (!proxy)
        return true;
    trial_begin(trial);
    struct proxy_talk *talk = proxy_talk_new(proxy, &trial->endpoint);
    bool is_open = talk && check_link_ask_proxy(&trial->link, &trial->peer, talk, &error) == 0;
    if (is_open)
        trial_add(trial, "proxy", HOP_PASS, NULL, "%s connects to %s", proxy->text, trial->server->text);
    else
        trial_add(trial, "proxy", HOP_FAIL, talk ? proxy_fault_remedy(proxy_talk_fault(talk)) : NULL, "%s", error.text);
    proxy_talk_free(talk);
    return is_open;
}

/* ---- TLS, and the clock ---- */

static bool has_wrong_dates(const struct trial *trial) {
    long verified = SSL_get_verify_result(trial->link.ssl);

    return verified == X509_V_ERR_CERT_NOT_YET_VALID || verified == X509_V_ERR_CERT_HAS_EXPIRED;
}

static const char *remedy_of(const struct trial *trial, enum tls_verdict verdict) {
    if (tls_received_nothing(trial->link.ssl))
        return FAILURE_REMEDY_UNANSWERED;
    if (has_wrong_dates(trial))
        return remedy_of_clock;
    if (verdict == TLS_REFUSED || verdict == TLS_CUT)
        return remedy_of_port;
    return verdict == TLS_REFUSED_BY_PEER ? FAILURE_REMEDY_TLS : FAILURE_REMEDY_TRUST;
}

static long days_left(const X509 *certificate) {
    return (long)(certificate_expires_at(certificate) - clock_wall()) / DAY_S;
}

static void add_tls(struct trial *trial, const X509 *certificate) {
    long days = days_left(certificate);
    const char *remedy = days < SOON_DAYS ? "Tell the server's owner that its certificate ends soon" : NULL;

    trial_add(trial, "tls", HOP_PASS, remedy, "%s, verified by %s; the certificate is valid for %ld more days",
              SSL_get_version(trial->link.ssl), trust_description(trial->server->trust), days);
}

/* With a pin alone no one has compared its dates. */
static void add_clock(struct trial *trial, X509 *certificate) {
    struct error error = {""};

    trial->begun_us = 0;
    if (certificate_check_dates(certificate, "the server's certificate", &error))
        trial_add(trial, "clock", HOP_FAIL, remedy_of_clock, "%s", error.text);
    else
        trial_add(trial, "clock", HOP_PASS, NULL, "it is within the dates of the server's certificate");
}

static void add_clock_of_failure(struct trial *trial) {
    char now[DATE_TEXT];

    trial->begun_us = 0;
    if (has_wrong_dates(trial))
        trial_add(trial, "clock", HOP_FAIL, remedy_of_clock,
                  "it shows %s, which is not within the dates of a certificate of the server's",
                  date_format(clock_wall(), now));
    else
        trial_add(trial, "clock", HOP_SKIP, NULL, "no certificate was taken that it could be compared with");
}

static bool try_tls(struct trial *trial) {
    enum tls_verdict verdict;
    struct error error = {""};
    SSL_CTX *context = trust_context(trial->server->trust, NULL, "check");

    trial_begin(trial);
    if (check_link_handshake(&trial->link, context, trial->endpoint.host, &verdict, &error)) {
        trial_add(trial, "tls", HOP_FAIL, remedy_of(trial, verdict), "%s", error.text);
        add_clock_of_failure(trial);
        return false;
    }
    X509 *certificate = SSL_get1_peer_certificate(trial->link.ssl);
    if (certificate) {
        add_tls(trial, certificate);
        add_clock(trial, certificate);
    }
    X509_free(certificate);
    return true;
}

/* ---- all ---- */

static void skip_from(struct trial *trial, const char *first) {
    static const char *const names[] = {"tcp", "proxy", "tls", "credential", "rules"};
    bool is_behind = false;

    trial->begun_us = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        is_behind |= strcmp(names[i], first) == 0;
        if (is_behind && (trial->server->proxy || strcmp(names[i], "proxy") != 0))
            trial_add(trial, names[i], HOP_SKIP, NULL, "a hop before it failed");
    }
}

void check_server(const struct check_world *world, const struct server_identity *server) {
    struct trial *trial = calloc(1, sizeof *trial); /* with a frame's buffer */
    struct resolver_answer answer;

    if (!trial || endpoint_parse(&trial->endpoint, server->text, NULL)) {
        world->report->lacks_memory = true;
        free(trial);
        return;
    }
    trial->world = world;
    trial->server = server;
    trial->link.fd = -1;
    if (!try_dns(trial, &answer))
        skip_from(trial, "tcp");
    else if (!try_tcp(trial, &answer))
        skip_from(trial, server->proxy ? "proxy" : "tls");
    else if (!try_proxy(trial))
        skip_from(trial, "tls");
    else if (!try_tls(trial))
        skip_from(trial, "credential");
    else if (!check_join(trial))
        skip_from(trial, "rules");
    check_link_close(&trial->link);
    free(trial);
}
