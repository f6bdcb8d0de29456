/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * udp_check: see udp_check.h. An option that would do nothing is refused: who writes it relies on it.
 */
#include "config.h"

#include "conf/udp_check.h"

#include <stdlib.h>
#include <string.h>

struct unusable { /* an option that is for TCP alone, or all below that key */
    const char *key, *why;
};

static const struct unusable unusable[] = {
    {"visitors", "agents open ports of TCP alone on their side"},
    {"end_to_end", "it is TLS between two agents, and of connections"},
    {"hosts", "datagrams are not told apart by names; give each service a port of its own"},
    {"tls", "TLS is of connections; let the destination end DTLS or QUIC itself"},
    {"proxy_protocol", "the header is of connections; a destination of UDP does not expect it"},
    {"accept_proxy", "balancers put their header in front of connections alone"},
    {"connect_from", "agents choose the address for connections alone"},
    {"check", "agents check destinations of TCP alone"},
    {"backlog", "no connection waits to be accepted"},
    {"keepalive_idle", "nothing asks a client of UDP whether it is there; set idle_timeout"},
    {"keepalive_interval", "nothing asks a client of UDP whether it is there; set idle_timeout"},
    {"keepalive_probes", "nothing asks a client of UDP whether it is there; set idle_timeout"},
    {"socket_mode", "it has no Unix sockets"},
    {"socket_owner", "it has no Unix sockets"},
    {"half_close_timeout", "a session of datagrams has no half-close; set idle_timeout"},
};

static const struct unusable for_udp_alone[] = {
    {"answer_timeout", "it is of sessions of datagrams; write \"protocol\": \"udp\", or leave it out"},
    {"reply_factor", "it is of datagrams, whose source may be forged; write \"protocol\": \"udp\", or leave it out"},
};

/* The options that a service has without a line about them; NULL: out of memory. */
static struct service_config *new_defaults(const struct option_place *top) {
    struct service_config *defaults = calloc(1, sizeof *defaults);
    if (defaults && option_defaults(&service_option_table, defaults, top) == 0)
        return defaults;
    free(defaults);
    return NULL;
}

static bool is_default(const struct option_spec *spec, const struct service_config *service,
                       const struct service_config *defaults) {
    json_t *value = option_value_json(spec, service), *usual = option_value_json(spec, defaults);
    bool is_same = value && usual && json_equal(value, usual);
    json_decref(value);
    json_decref(usual);
    return is_same;
}

static const struct unusable *find(const struct unusable *list, size_t count, const char *option) {
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(list[i].key);
        if (strncmp(option, list[i].key, length) == 0 && (option[length] == '\0' || option[length] == '.'))
            return &list[i];
    }
    return NULL;
}

static int check_list(const struct server_config *conf, size_t index, const struct service_config *defaults,
                      const struct unusable *list, size_t count, const struct option_place *top) {
    char name[CONFIG_PLACE_NAME];
    const struct option_place service = server_config_place(conf, index, name, top);
    for (size_t i = 0; i < service_option_table.count; i++) {
        const struct option_spec *spec = &service_option_table.specs[i];
        const struct unusable *found = find(list, count, spec->name);
        if (!found || is_default(spec, &conf->services[index], defaults))
            continue;
        const struct option_place place = option_below(&service, spec->name);
        return option_error(&place, "%s%s", conf->services[index].protocol == SERVICE_UDP ? "not with UDP: " : "",
                            found->why);
    }
    return 0;
}

static int check_unix(const struct server_config *conf, size_t index, const char *key, const struct strlist *addresses,
                      const struct option_place *top) {
    static const char prefix[] = "unix:";
    char name[CONFIG_PLACE_NAME];
    const struct option_place place = server_config_option_place(conf, index, key, name, top);
    for (size_t i = 0; i < addresses->count; i++)
        if (strncmp(addresses->items[i], prefix, sizeof prefix - 1) == 0)
            return option_error(&place, "\"%s\" is a Unix socket; a service of UDP has ports", addresses->items[i]);
    return 0;
}

static int check_service(const struct server_config *conf, size_t index, const struct service_config *defaults,
                         const struct option_place *top) {
    const struct service_config *service = &conf->services[index];
    if (service->protocol == SERVICE_TCP)
        return check_list(conf, index, defaults, for_udp_alone, sizeof for_udp_alone / sizeof *for_udp_alone, top);
    if (check_unix(conf, index, "listen", &service->listen, top) ||
        check_unix(conf, index, "connect", &service->connect, top))
        return -1;
    return check_list(conf, index, defaults, unusable, sizeof unusable / sizeof *unusable, top);
}

int udp_check(const struct server_config *conf, const struct option_place *top) {
    struct service_config *defaults = new_defaults(top);
    int failed = defaults ? 0 : option_error(top, "out of memory");
    for (size_t i = 0; i < conf->service_count && !failed; i++)
        failed = check_service(conf, i, defaults, top);
    if (defaults)
        option_done(&service_option_table, defaults);
    free(defaults);
    return failed;
}
