/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_check: names that are taken twice, options that contradict each other, files that do not fit.
 * Runs on: the control thread or a tool. Owns: nothing.
 */
#include "config.h"

#include "conf/credentials.h"
#include "conf/listen_check.h"
#include "conf/server_check.h"
#include "conf/udp_check.h"
#include "conf/visitors_check.h"
#include "lib/log/log.h"
#include "lib/net/port_range.h"
#include "lib/net/sock.h"
#include "lib/os/privilege.h"
#include "lib/tls/certificate.h"
#include "lib/tls/tls.h"
#include "proto/services.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALPN_MOST = 16 };

static struct option_place agents_place(const struct option_place *top, const char *path) {
    const struct option_place agents = option_member(top, "agents");
    return option_below(&agents, path);
}

static int check_names(const struct server_config *conf, const struct option_place *top) {
    char name[CONFIG_PLACE_NAME];
    for (size_t i = 0; i < conf->service_count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(conf->services[i].name, conf->services[j].name) == 0) {
                const struct option_place place = server_config_option_place(conf, i, "name", name, top);
                return option_error(&place, "\"%s\" is the name of an earlier service; write another",
                                    conf->services[i].name);
            }
    return 0;
}

/* A name may be of the loopback of the agent's machine, whatever it is here. */
static bool can_be_ipv4_loopback(const char *destination) {
    struct endpoint endpoint;
    struct addr addr;
    return relative_endpoint_parse(&endpoint, destination, UINT16_MAX / 2, NULL) ||
           !addr_from_endpoint(&addr, &endpoint) || addr_is_ipv4_loopback(&addr);
}

static int check_connect_from(const struct server_config *conf, size_t index, const struct option_place *top) {
    const struct service_config *service = &conf->services[index];
    char name[CONFIG_PLACE_NAME];
    for (size_t i = 0; service->connect_from == CONNECT_FROM_LOOPBACK && i < service->connect.count; i++)
        if (!can_be_ipv4_loopback(service->connect.items[i])) {
            const struct option_place place = server_config_option_place(conf, index, "connect", name, top);
            return option_error(
                &place, "\"%s\" is not of 127.0.0.0/8, as connect_from \"loopback\" needs it; " CONNECT_FROM_REMEDY,
                service->connect.items[i]);
        }
    return 0;
}

static int check_destinations(const struct server_config *conf, const struct option_place *top) {
    char name[CONFIG_PLACE_NAME];
    struct error detail = {""};
    for (size_t i = 0; i < conf->service_count; i++) {
        const struct strlist *connect = &conf->services[i].connect;
        if (services_check_destinations(connect->items, connect->count, &detail)) {
            const struct option_place place = server_config_option_place(conf, i, "connect", name, top);
            return option_error(&place, "%s", detail.text);
        }
        if (check_connect_from(conf, i, top))
            return -1;
    }
    return 0;
}

static int refuse_agents(const struct option_place *top, const char *path, const char *text) {
    const struct option_place place = agents_place(top, path);
    return option_error(&place, "%s", text);
}

/* A file that looks as if it asked for certificates, and does not, is worse than one that does not work. */
static int check_certificates(const struct server_config *conf, const struct option_place *top) {
#define RIGHT "write \"auth\": { \"require\": \"certificate\" }, or \"both\", or \"either\""
    if (conf->agents.client_ca && conf->agents.auth_none)
        return refuse_agents(top, "auth",
                             "\"none\" asks for no certificate either, but there is tls.client_ca; " RIGHT);
    if (conf->agents.client_ca && conf->agents.require == CONFIG_REQUIRE_TOKEN)
        return refuse_agents(top, "tls.client_ca", "agents are asked for their token alone; " RIGHT);
#undef RIGHT
    if (!conf->agents.client_ca && conf->agents.require != CONFIG_REQUIRE_TOKEN)
        return refuse_agents(top, "auth.require",
                             "certificates need to be checked; name who signs them in tls.client_ca");
    if (conf->agents.crl && !conf->agents.client_ca)
        return refuse_agents(top, "tls.crl",
                             "it revokes certificates of client_ca, which is missing; name that, or leave crl out");
    return 0;
}

static int check_service_tls(const struct service_config *service, const struct option_place *tls) {
    size_t certificates = service->tls.certificates.count, keys = service->tls.keys.count;
    const struct option_place cert = option_member(tls, "cert"), key = option_member(tls, "key"),
                              client_ca = option_member(tls, "client_ca"), crl = option_member(tls, "crl"),
                              client_auth = option_member(tls, "client_auth"), alpn = option_member(tls, "alpn");

    bool has_more = keys || service->tls.client_ca || service->tls.crl || service->tls.client_auth ||
                    service->tls.alpn.count || service->tls.min_version != CONFIG_TLS_1_2;
    if (!certificates && has_more)
        return option_error(&cert, "is missing; write the path of a certificate, or leave \"tls\" out");
    if (!certificates)
        return 0;
    if (!keys)
        return option_error(&key, "is missing; write the path of the certificate's private key");
    if (keys != 1 && keys != certificates)
        return option_error(&key, "%zu keys are not one for each of %zu certificates; write them in the same order",
                            keys, certificates);
    if (service->tls.crl && !service->tls.client_ca)
        return option_error(&crl,
                            "it revokes certificates of client_ca, which is missing; name that, or leave crl out");
    if (service->tls.client_ca && !service->tls.client_auth)
        return option_error(&client_ca, "clients are not asked for a certificate; write \"client_auth\": \"require\", "
                                        "or \"request\"");
    if (!service->tls.client_ca && service->tls.client_auth)
        return option_error(&client_auth, "certificates need to be checked; name who signs them in tls.client_ca");
    if (service->tls.alpn.count > ALPN_MOST)
        return option_error(&alpn, "%zu protocols are too many; write %d at most", service->tls.alpn.count, ALPN_MOST);
    return 0;
}

static int check_services_tls(const struct server_config *conf, const struct option_place *top) {
    char name[CONFIG_PLACE_NAME];
    for (size_t i = 0; i < conf->service_count; i++) {
        const struct option_place tls = server_config_option_place(conf, i, "tls", name, top);
        if (check_service_tls(&conf->services[i], &tls))
            return -1;
    }
    return 0;
}

/* What services that agents offer are made of. */
static int check_publish(const struct server_config *conf, const struct option_place *top) {
    const struct option_place publish = option_member(top, "publish"), tls = option_member(&publish, "tls"),
                              hosts_listen = option_member(&publish, "hosts_listen"),
                              cert = option_member(&tls, "cert");
    const struct service_config its = {
        .tls = {.certificates = conf->publish.certificates, .keys = conf->publish.keys, .min_version = CONFIG_TLS_1_2}};
    for (size_t i = 0; i < conf->publish.hosts_listen.count; i++)
        if (strncmp(conf->publish.hosts_listen.items[i], "unix:", 5) == 0)
            return option_error(&hosts_listen, "\"%s\" is a Unix socket; clients are told apart by hosts at ports only",
                                conf->publish.hosts_listen.items[i]);
    if (conf->publish.certificates.count && !conf->publish.hosts_listen.count)
        return option_error(&cert, "only services with a host have it; write publish.hosts_listen, too");
    return check_service_tls(&its, &tls);
}

static int check_admin(const struct server_config *conf, const struct option_place *top) {
    const struct option_place admin = option_member(top, "admin"), http = option_member(&admin, "http");

    if (conf->admin_http && !conf->admin_tokens)
        return option_error(&http, "it answers no one without tokens; name their file in admin.tokens");
    return 0;
}

/* What of a check is written in vain, and a destination that is none without a client. */
static int check_health_check(const struct server_config *conf, size_t index, const struct option_place *top) {
    const struct service_config *service = &conf->services[index];
    const struct config_check *check = &service->check;
    bool is_http = check->type == HEALTH_CHECK_HTTP;
    const char *unused = !is_http && strcmp(check->path, "/") != 0                    ? "path"
                         : !is_http && check->type != HEALTH_CHECK_TLS && check->host ? "host"
                                                                                      : NULL;
    char name[CONFIG_PLACE_NAME];
    const struct option_place place = server_config_option_place(conf, index, "check", name, top);

    if (unused) {
        const struct option_place member = option_member(&place, unused);
        return option_error(&member, "a check of type \"%s\" has none; write \"type\": \"http\"",
                            health_check_word(check->type));
    }
    for (size_t i = 0; check->type != HEALTH_CHECK_NONE && i < service->connect.count; i++)
        if (relative_endpoint_is(service->connect.items[i]))
            return option_error(&place, "%s is another port for each client, so it cannot be checked",
                                service->connect.items[i]);
    return 0;
}

static int check_health_checks(const struct server_config *conf, const struct option_place *top) {
    for (size_t i = 0; i < conf->service_count; i++)
        if (check_health_check(conf, i, top))
            return -1;
    return 0;
}

static int check_limits(const struct server_config *conf, const struct option_place *top) {
    const struct option_place dead_after = agents_place(top, "dead_after"), group = option_member(top, "group");
    if (conf->agents.dead_after_s <= conf->agents.ping_s)
        return option_error(&dead_after, "%u is not longer than ping, %u; three times as long is usual",
                            conf->agents.dead_after_s, conf->agents.ping_s);
    if (check_certificates(conf, top))
        return -1;
    if (check_admin(conf, top) || check_publish(conf, top))
        return -1;
    if (conf->group && !conf->user)
        return option_error(&group, "it is taken together with user; write \"user\" too");
    return 0;
}

int server_check_file(const struct server_config *conf, const struct option_place *top) {
    return check_names(conf, top) || udp_check(conf, top) || visitors_check(conf, top) ||
                   check_destinations(conf, top) || listen_check(conf, top) || check_health_checks(conf, top) ||
                   check_services_tls(conf, top) || check_limits(conf, top)
               ? -1
               : 0;
}

static int check_socket_owners(const struct server_config *conf, const struct option_place *top) {
    char name[CONFIG_PLACE_NAME];
    struct error detail = {""};

    for (size_t i = 0; i < conf->service_count; i++)
        if (conf->services[i].socket_owner && sock_check_owner(conf->services[i].socket_owner, &detail)) {
            const struct option_place place = server_config_option_place(conf, i, "socket_owner", name, top);
            return option_error(&place, "%s", detail.text);
        }
    return 0;
}

static int check_binding(const struct server_config *conf, const struct option_place *top) {
    char name[CONFIG_PLACE_NAME];
    struct error detail = {""};

    if (sock_check_bind(&(struct sock_bind_options){.freebind = conf->agents.freebind,
                                                    .interface = conf->agents.interface},
                        &detail)) {
        const struct option_place place = agents_place(top, "listen");
        return option_error(&place, "%s", detail.text);
    }
    for (size_t i = 0; i < conf->service_count; i++) {
        const struct service_config *service = &conf->services[i];
        if (!sock_check_bind(&(struct sock_bind_options){.freebind = service->freebind,
                                                         .interface = service->interface},
                             &detail))
            continue;
        const struct option_place place = server_config_option_place(conf, i, "listen", name, top);
        return option_error(&place, "%s", detail.text);
    }
    return 0;
}

/* What this machine lacks for the start, which would fail after its ports are open. */
static int check_machine(const struct server_config *conf, const struct option_place *top) {
    struct error detail = {""};
    const struct option_place to = option_below(top, "log.to"), user = option_member(top, "user");

    if (log_check_target(conf->log.to, &detail))
        return option_error(&to, "%s", detail.text);
    if (privilege_check(conf->user, conf->group, &detail))
        return option_error(&user, "%s", detail.text);
    return check_socket_owners(conf, top) || check_binding(conf, top) ? -1 : 0;
}

int server_config_check_at(const struct server_config *conf, struct option_fault *fault, struct error *error) {
    const struct option_place top = server_config_top(conf, fault, error), services = option_member(&top, "services");
    bool may_be_empty = conf->publish.address || conf->publish.hosts_listen.count; /* agents bring them all */
    if (conf->service_count > 0 || may_be_empty)
        return server_check_file(conf, &top) || check_machine(conf, &top) ? -1 : 0;
    if (!conf->path)
        return error_set(error, "no service is configured; name one, like \"WinVNC 0.0.0.0:5900 localhost:5900\"");
    return option_error(&services, "no service is configured; write one, like { \"name\": \"WinVNC\", "
                                   "\"listen\": \"0.0.0.0:5900\", \"connect\": \"localhost:5900\" }");
}

int server_config_check(const struct server_config *conf, struct error *error) {
    return server_config_check_at(conf, NULL, error);
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

struct tls_service_options service_tls_options(const struct service_config *service) {
    return (struct tls_service_options){
        .certificates = (const char *const *)service->tls.certificates.items,
        .keys = (const char *const *)service->tls.keys.items,
        .count = service->tls.certificates.count,
        .key_count = service->tls.keys.count,
        .client_ca = service->tls.client_ca,
        .crl = service->tls.crl,
        .client_optional = service->tls.client_auth == CONFIG_CLIENT_REQUEST,
        .allow_tls12 = service->tls.min_version == CONFIG_TLS_1_2,
        .alpn = (const char *const *)service->tls.alpn.items,
        .alpn_count = service->tls.alpn.count,
    };
}

static int check_tls(const struct server_config *conf, struct error *error) {
    const struct tls_server_options options = server_tls_options(conf);
    SSL_CTX *context = tls_server_context(&options, error);
    SSL_CTX_free(context);
    if (!context)
        server_name_file(conf, NULL, error);
    return context ? 0 : -1;
}

static int check_each_service_tls(const struct server_config *conf, struct error *error) {
    for (size_t i = 0; i < conf->service_count; i++) {
        if (!conf->services[i].tls.certificates.count)
            continue;
        const struct tls_service_options options = service_tls_options(&conf->services[i]);
        SSL_CTX *context = tls_service_context(&options, error);
        SSL_CTX_free(context);
        if (!context) {
            (void)server_name_service_file(conf, i, NULL, error);
            return -1;
        }
    }
    return 0;
}

static int check_service_dates(const struct server_config *conf, size_t service, struct error *warning) {
    const struct strlist *certificates = &conf->services[service].tls.certificates;
    for (size_t i = 0; i < certificates->count; i++)
        if (certificate_check_file_dates(certificates->items[i], warning)) {
            (void)server_name_service_file(conf, service, NULL, warning);
            return -1;
        }
    return 0;
}

int server_check_dates(const struct server_config *conf, struct error *warning) {
    int result = certificate_check_file_dates(conf->agents.certificate, warning);
    if (!result && conf->agents.client_ca)
        result = certificate_check_file_dates(conf->agents.client_ca, warning);
    if (result)
        server_name_file(conf, NULL, warning);
    for (size_t i = 0; !result && i < conf->service_count; i++)
        result = check_service_dates(conf, i, warning);
    return result;
}

void server_name_file(const struct server_config *conf, struct option_fault *fault, struct error *error) {
    const struct option_file files[] = {{"agents.tls.cert", conf->agents.certificate},
                                        {"agents.tls.key", conf->agents.key},
                                        {"agents.tls.client_ca", conf->agents.client_ca},
                                        {"agents.tls.crl", conf->agents.crl},
                                        {"agents.auth.tokens", conf->agents.tokens}};
    if (!conf->path)
        return; /* without a file the server has named them itself */
    const struct option_place top = server_config_top(conf, fault, error);
    option_name_file(&top, files, sizeof files / sizeof *files);
}

static bool name_file(const struct option_place *place, const char *option, const char *path) {
    const struct error before = *place->error;
    option_name_file(place, &(struct option_file){option, path}, 1);
    return strcmp(before.text, place->error->text) != 0;
}

bool server_name_service_file(const struct server_config *conf, size_t service, struct option_fault *fault,
                              struct error *error) {
    char name[CONFIG_PLACE_NAME];
    const struct service_config *its = &conf->services[service];
    const struct option_place top = server_config_top(conf, fault, error),
                              place = server_config_place(conf, service, name, &top);
    for (size_t i = 0; i < its->tls.keys.count; i++)
        if (name_file(&place, "tls.key", its->tls.keys.items[i]))
            return true;
    for (size_t i = 0; i < its->tls.certificates.count; i++)
        if (name_file(&place, "tls.cert", its->tls.certificates.items[i]))
            return true;
    return name_file(&place, "tls.client_ca", its->tls.client_ca) || name_file(&place, "tls.crl", its->tls.crl);
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
    if (check_tls(conf, error) || check_each_service_tls(conf, error))
        return -1;
    if (look_at_agents(conf, agents, error) == 0)
        return 0;
    server_name_file(conf, NULL, error);
    return -1;
}
