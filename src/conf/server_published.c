/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_published: see server_published.h.
 */
#include "config.h"

#include "conf/server_published.h"

#include "conf/include.h"
#include "conf/shared_listen.h"
#include "lib/net/port_range.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- a copy ---- */

static int copy_files(struct server_config *to, const struct server_config *from) {
    for (size_t i = 0; i < from->file_count; i++) {
        if (include_note_file(to, &from->files[i]))
            return -1;
        to->files[i].count = from->files[i].count;
    }
    to->path = from->path ? strdup(from->path) : NULL;
    return to->path || !from->path ? 0 : -1;
}

static void drop_last(struct server_config *conf) {
    struct service_config *last = &conf->services[--conf->service_count];

    free(last->publisher);
    option_done(&service_option_table, last);
}

struct server_config *server_config_copy(const struct server_config *conf, struct error *error) {
    struct server_config *copy = calloc(1, sizeof *copy);

    if (copy && option_copy(&server_option_table, copy, conf) == 0 && copy_files(copy, conf) == 0 &&
        strlist_copy(&copy->value_files, &conf->value_files) == 0) {
        copy->expanded = json_incref(conf->expanded);
        copy->file_service_count = conf->file_service_count;
        while (copy->service_count > conf->service_count - conf->published_count)
            drop_last(copy);
        if (shared_listen_note(copy) == 0)
            return copy;
    }
    if (copy)
        server_config_free(copy);
    error_set(error, "out of memory");
    return NULL;
}

/* ---- one more service ---- */

static int set(struct service_config *service, const char *option, const char *text, const struct option_place *place) {
    const struct option_place inner = option_member(place, option);

    return option_set_text(option_find(&service_option_table, option), service, text, true, &inner);
}

/* The services of a shared port have to agree in these. */
static int inherit(struct service_config *service, const struct server_config *conf, const char *listen) {
    const struct service_config *first = NULL;

    for (size_t i = 0; i + 1 < conf->service_count && !first; i++)
        if (strlist_has(&conf->services[i].listen, listen))
            first = &conf->services[i];
    if (!first)
        return strlist_has(&conf->agents.listen, listen)
                   ? strlist_copy(&service->accept_proxy, &conf->agents.accept_proxy)
                   : 0;
    service->freebind = first->freebind;
    service->backlog = first->backlog;
    service->interface = first->interface ? strdup(first->interface) : NULL;
    return strlist_copy(&service->accept_proxy, &first->accept_proxy) || (first->interface && !service->interface) ? -1
                                                                                                                   : 0;
}

static int share_ports(struct service_config *service, const struct server_config *conf,
                       const struct config_published *published, const struct option_place *place) {
    return set(service, "hosts", published->host, place) ||
                   strlist_copy(&service->listen, &conf->publish.hosts_listen) ||
                   strlist_copy(&service->tls.certificates, &conf->publish.certificates) ||
                   strlist_copy(&service->tls.keys, &conf->publish.keys) ||
                   inherit(service, conf, conf->publish.hosts_listen.items[0])
               ? -1
               : 0;
}

static int set_place(struct service_config *service, const struct server_config *conf,
                     const struct config_published *published, const struct option_place *place) {
    char text[64];

    if (*published->host)
        return share_ports(service, conf, published, place);
    for (size_t i = 0; i < conf->publish.listen.count; i++) {
        snprintf(text, sizeof text, "%.50s:%u", conf->publish.listen.items[i], published->port);
        if (set(service, "listen", text, place))
            return -1;
    }
    return 0;
}

static int set_all(struct service_config *service, const struct server_config *conf,
                   const struct config_published *published, const struct option_place *place) {
    if (set(service, "name", published->name, place) || set_place(service, conf, published, place))
        return -1;
    for (size_t i = 0; i < published->to->count; i++)
        if (set(service, "connect", published->to->items[i], place))
            return -1;
    service->publisher = strdup(published->publisher);
    return service->publisher ? 0 : -1;
}

int server_config_publish(struct server_config *conf, const struct config_published *published, struct error *error) {
    const struct option_place place = {.error = error};
    struct service_config *service;

    error_set(error, "out of memory");
    service = option_add_element(option_find(&server_option_table, "services"), conf, &place);
    if (!service)
        return -1;
    if (set_all(service, conf, published, &place) == 0 && shared_listen_note(conf) == 0) {
        conf->published_count++;
        return 0;
    }
    drop_last(conf);
    return -1;
}

/* ---- who has it ---- */

static bool has_port(const struct strlist *listen, unsigned port) {
    struct port_range range;

    for (size_t i = 0; i < listen->count; i++)
        if (port_range_parse(&range, listen->items[i], NULL) == 0 && !range.endpoint.is_unix &&
            port >= range.endpoint.port && port <= range.last)
            return true;
    return false;
}

static bool has_host(const struct strlist *hosts, const char *host) {
    for (size_t i = 0; i < hosts->count; i++)
        if (strcasecmp(hosts->items[i], host) == 0)
            return true;
    return false;
}

static size_t own_count(const struct server_config *conf) {
    return conf->service_count - conf->published_count;
}

/* Of a private service only its visitors may know that there is one. */
static bool is_private(const struct service_config *service) {
    return service->visitors.count > 0;
}

static const char *name_service(const struct service_config *service, char text[CONFIG_HOLDER_TEXT]) {
    if (is_private(service))
        return "the server's configuration";
    snprintf(text, CONFIG_HOLDER_TEXT, "service %.64s of the server's configuration", service->name);
    return text;
}

/* By its number alone, whatever the address: a port that means one thing here and another there helps nobody. */
const char *server_config_port_holder(const struct server_config *conf, unsigned port, char text[CONFIG_HOLDER_TEXT]) {
    char *admin[] = {conf->admin_http};

    if (has_port(&conf->agents.listen, port))
        return "the agent port";
    if (conf->admin_http && has_port(&(struct strlist){admin, 1}, port))
        return "the server's administration";
    if (has_port(&conf->publish.hosts_listen, port))
        return "publish.hosts_listen";
    for (size_t i = 0; i < own_count(conf); i++)
        if (has_port(&conf->services[i].listen, port))
            return name_service(&conf->services[i], text);
    return NULL;
}

void config_ports_add(struct config_ports *ports, unsigned port) {
    if (port <= UINT16_MAX)
        ports->bits[port / 8] |= (uint8_t)(1U << port % 8);
}

bool config_ports_have(const struct config_ports *ports, unsigned port) {
    return port <= UINT16_MAX && ports->bits[port / 8] & 1U << port % 8;
}

static void add_ports(struct config_ports *ports, const struct strlist *listen) {
    struct port_range range;

    for (size_t i = 0; i < listen->count; i++)
        if (port_range_parse(&range, listen->items[i], NULL) == 0 && !range.endpoint.is_unix)
            for (unsigned port = range.endpoint.port; port <= range.last; port++)
                config_ports_add(ports, port);
}

void server_config_ports(const struct server_config *conf, struct config_ports *ports) {
    char *admin[] = {conf->admin_http};

    memset(ports, 0, sizeof *ports);
    add_ports(ports, &conf->agents.listen);
    if (conf->admin_http)
        add_ports(ports, &(struct strlist){admin, 1});
    add_ports(ports, &conf->publish.hosts_listen);
    for (size_t i = 0; i < own_count(conf); i++)
        add_ports(ports, &conf->services[i].listen);
}

bool server_config_publishes_at(const struct server_config *conf, unsigned port) {
    for (size_t i = own_count(conf); i < conf->service_count; i++)
        if (has_port(&conf->services[i].listen, port))
            return true;
    return false;
}

const char *server_config_host_holder(const struct server_config *conf, const char *host,
                                      char text[CONFIG_HOLDER_TEXT]) {
    for (size_t i = 0; i < own_count(conf); i++)
        if (has_host(&conf->services[i].hosts, host))
            return name_service(&conf->services[i], text);
    return NULL;
}

int server_config_check_name(const struct server_config *conf, const char *name, struct error *error) {
    const struct service_config *found = NULL;

    for (size_t i = 0; i < own_count(conf) && !found; i++)
        if (strcmp(conf->services[i].name, name) == 0)
            found = &conf->services[i];
    if (!found)
        return 0;
    return is_private(found) ? error_set(error, "the name %s is taken", name)
                             : error_set(error, "%s is a service of the server's configuration", name);
}
