/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_check: names and ports that are taken twice, limits that contradict each other, files that do not fit.
 * Runs on: the control thread or a tool. Owns: nothing.
 */
#include "config.h"

#include "conf/credentials.h"
#include "conf/server_check.h"
#include "lib/log/log.h"
#include "lib/net/addr.h"
#include "lib/net/sock.h"
#include "lib/os/privilege.h"
#include "lib/tls/certificate.h"
#include "lib/tls/tls.h"
#include "proto/services.h"

#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHERE_TEXT = 384 };
static const size_t agents_themselves = (size_t)-1;

struct claim { /* of a port */
    struct endpoint endpoint;
    const char *text;
    size_t service; /* or agents_themselves */
};

/* In front of an error: where the reader finds the service. */
static const char *where(const struct server_config *conf, size_t service, char text[WHERE_TEXT]) {
    if (service == agents_themselves)
        snprintf(text, WHERE_TEXT, "%s%sagents.", conf->path ? conf->path : "", conf->path ? ": " : "");
    else if (service < conf->file_service_count)
        snprintf(text, WHERE_TEXT, "%s: services[%zu].", conf->path, service);
    else
        snprintf(text, WHERE_TEXT, "service \"%s\": ", conf->services[service].name);
    return text;
}

static int check_names(const struct server_config *conf, struct error *error) {
    char text[WHERE_TEXT];
    for (size_t i = 0; i < conf->service_count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(conf->services[i].name, conf->services[j].name) == 0)
                return error_set(error, "%sname: \"%s\" is the name of an earlier service; write another",
                                 where(conf, i, text), conf->services[i].name);
    return 0;
}

static int check_destinations(const struct server_config *conf, struct error *error) {
    char text[WHERE_TEXT];
    struct error detail = {""};
    for (size_t i = 0; i < conf->service_count; i++) {
        const struct strlist *connect = &conf->services[i].connect;
        if (services_check_destinations(connect->items, connect->count, &detail))
            return error_set(error, "%sconnect: %s", where(conf, i, text), detail.text);
    }
    return 0;
}

static bool is_everything(const char *host) {
    return !host[0] || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

static bool overlap(const struct endpoint *a, const struct endpoint *b) {
    if (a->is_unix || b->is_unix)
        return a->is_unix && b->is_unix && strcmp(a->host, b->host) == 0;
    if (a->port != b->port)
        return false;
    if (!a->host[0] || !b->host[0] || evutil_ascii_strcasecmp(a->host, b->host) == 0)
        return true;
    bool same_family = !strchr(a->host, ':') == !strchr(b->host, ':');
    return same_family && (is_everything(a->host) || is_everything(b->host));
}

static int claim(struct claim *claims, size_t *count, const char *text, size_t service,
                 const struct server_config *conf, struct error *error) {
    struct claim *mine = &claims[*count];
    char here[WHERE_TEXT];
    *mine = (struct claim){.text = text, .service = service};
    if (endpoint_parse(&mine->endpoint, text, error))
        return -1;
    for (size_t i = 0; i < *count; i++) {
        const struct claim *other = &claims[i];
        if (!overlap(&mine->endpoint, &other->endpoint))
            continue;
        bool agents = other->service == agents_themselves;
        return error_set(error, "%slisten: \"%s\" is taken: %s%s%s on \"%s\"; write another port",
                         where(conf, service, here), text, agents ? "agents connect" : "service \"",
                         agents ? "" : conf->services[other->service].name, agents ? "" : "\" listens", other->text);
    }
    ++*count;
    return 0;
}

static int claim_all(const struct server_config *conf, struct claim *claims, struct error *error) {
    size_t count = 0;
    for (size_t i = 0; i < conf->agents.listen.count; i++)
        if (claim(claims, &count, conf->agents.listen.items[i], agents_themselves, conf, error))
            return -1;
    for (size_t i = 0; i < conf->service_count; i++)
        for (size_t j = 0; j < conf->services[i].listen.count; j++)
            if (claim(claims, &count, conf->services[i].listen.items[j], i, conf, error))
                return -1;
    return 0;
}

static int check_ports(const struct server_config *conf, struct error *error) {
    size_t count = conf->agents.listen.count;
    for (size_t i = 0; i < conf->service_count; i++)
        count += conf->services[i].listen.count;
    struct claim *claims = calloc(count, sizeof *claims);
    int failed = claims ? claim_all(conf, claims, error) : error_set(error, "out of memory");
    free(claims);
    return failed;
}

/* A file that looks as if it asked for certificates, and does not, is worse than one that does not work. */
static int check_certificates(const struct server_config *conf, const char *agents, struct error *error) {
    static const char right[] = "write \"auth\": { \"require\": \"certificate\" }, or \"both\", or \"either\"";
    if (conf->agents.client_ca && conf->agents.auth_none)
        return error_set(error, "%sauth: \"none\" asks for no certificate either, but there is tls.client_ca; %s",
                         agents, right);
    if (conf->agents.client_ca && conf->agents.require == CONFIG_REQUIRE_TOKEN)
        return error_set(error, "%stls.client_ca: agents are asked for their token alone; %s", agents, right);
    if (!conf->agents.client_ca && conf->agents.require != CONFIG_REQUIRE_TOKEN)
        return error_set(error, "%sauth.require: certificates need to be checked; name who signs them in tls.client_ca",
                         agents);
    return 0;
}

static int check_limits(const struct server_config *conf, struct error *error) {
    char text[WHERE_TEXT];
    const char *agents = where(conf, agents_themselves, text);
    if (conf->agents.dead_after_s <= conf->agents.ping_s)
        return error_set(error, "%sdead_after: %u is not longer than ping, %u; three times as long is usual", agents,
                         conf->agents.dead_after_s, conf->agents.ping_s);
    if (check_certificates(conf, agents, error))
        return -1;
    if (conf->agents.crl && !conf->agents.client_ca)
        return error_set(
            error, "%stls.crl: it revokes certificates of client_ca, which is missing; name that, or leave crl out",
            agents);
    if (conf->group && !conf->user)
        return error_set(error, "%s: group: it is taken together with user; write \"user\" too", conf->path);
    return 0;
}

int server_check_file(const struct server_config *conf, struct error *error) {
    return check_names(conf, error) || check_destinations(conf, error) || check_ports(conf, error) ||
                   check_limits(conf, error)
               ? -1
               : 0;
}

static int check_socket_owners(const struct server_config *conf, struct error *error) {
    char text[WHERE_TEXT];
    struct error detail = {""};

    for (size_t i = 0; i < conf->service_count; i++)
        if (conf->services[i].socket_owner && sock_check_owner(conf->services[i].socket_owner, &detail))
            return error_set(error, "%ssocket_owner: %s", where(conf, i, text), detail.text);
    return 0;
}

/* What this machine lacks for the start, which would fail after its ports are open. */
static int check_machine(const struct server_config *conf, struct error *error) {
    struct error detail = {""};
    const char *path = conf->path ? conf->path : "", *colon = conf->path ? ": " : "";

    if (log_check_target(conf->log.to, &detail))
        return error_set(error, "%s%slog.to: %s", path, colon, detail.text);
    if (privilege_check(conf->user, conf->group, &detail))
        return error_set(error, "%s%suser: %s", path, colon, detail.text);
    return check_socket_owners(conf, error);
}

int server_config_check(const struct server_config *conf, struct error *error) {
    if (conf->service_count > 0)
        return server_check_file(conf, error) || check_machine(conf, error) ? -1 : 0;
    if (!conf->path)
        return error_set(error, "no service is configured; name one, like \"WinVNC 0.0.0.0:5900 localhost:5900\"");
    return error_set(error,
                     "%s: services: no service is configured; write one, like { \"name\": \"WinVNC\", "
                     "\"listen\": \"0.0.0.0:5900\", \"connect\": \"localhost:5900\" }",
                     conf->path);
}

struct tls_server_options server_tls_options(const struct server_config *conf) {
    return (struct tls_server_options){
        .certificate = conf->agents.certificate,
        .key = conf->agents.key,
        .client_ca = conf->agents.client_ca,
        .crl = conf->agents.crl,
        .client_optional = conf->agents.require == CONFIG_REQUIRE_EITHER,
        .allow_tls12 = conf->agents.min_version == CONFIG_TLS_1_2,
    };
}

static int check_tls(const struct server_config *conf, struct error *error) {
    const struct tls_server_options options = server_tls_options(conf);
    SSL_CTX *context = tls_server_context(&options, error);
    SSL_CTX_free(context);
    return context ? 0 : -1;
}

int server_check_dates(const struct server_config *conf, struct error *warning) {
    X509 *certificate = certificate_read(conf->agents.certificate, NULL);
    int result = certificate ? certificate_check_dates(certificate, conf->agents.certificate, warning) : 0;
    X509_free(certificate);
    if (result)
        server_name_file(conf, warning);
    return result;
}

void server_name_file(const struct server_config *conf, struct error *error) {
    const struct option_file files[] = {{"agents.tls.cert", conf->agents.certificate},
                                        {"agents.tls.key", conf->agents.key},
                                        {"agents.tls.client_ca", conf->agents.client_ca},
                                        {"agents.tls.crl", conf->agents.crl},
                                        {"agents.auth.tokens", conf->agents.tokens}};
    if (!conf->path)
        return; /* without a file the server has named them itself */
    option_name_file(error, conf->path, files, sizeof files / sizeof *files);
}

static int look_at_agents(const struct server_config *conf, size_t *agents, struct error *error) {
    if (!conf->agents.tokens)
        return 0;
    struct credentials *credentials = credentials_read(conf->agents.tokens, error);
    if (!credentials)
        return -1;
    *agents = credentials_count(credentials);
    credentials_free(credentials);
    return 0;
}

int server_check_secrets(const struct server_config *conf, size_t *agents, struct error *error) {
    *agents = 0;
    if (check_tls(conf, error) == 0 && look_at_agents(conf, agents, error) == 0)
        return 0;
    server_name_file(conf, error);
    return -1;
}
