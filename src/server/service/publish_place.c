/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publish_place: see publish_place.h.
 */
#include "config.h"

#include "server/service/publish_place.h"

#include "lib/base/date.h"
#include "proto/host_name.h"

#include <string.h>

static int refuse_taken(const char *what, const struct published_entry *other, enum publish_refusal *refusal,
                        struct error *error) {
    char date[DATE_TEXT];

    *refusal = PUBLISH_TAKEN;
    return error_set(error, "%s is taken: %s publishes %s since %s", what, other->who, other->name,
                     date_format(other->since, date));
}

static int check_host(const struct publish_scene *scene, const char *host, enum publish_refusal *refusal,
                      struct error *error) {
    char holder[CONFIG_HOLDER_TEXT];

    *refusal = PUBLISH_NOT_PERMITTED;
    if (!publish_permit_has_host(scene->permit, host))
        return error_set(error, "credential %s does not permit the host %.100s", scene->credential, host);
    if (!scene->conf->publish.hosts_listen.count)
        return error_set(error, "the server has no port for hosts (publish.hosts_listen)");
    *refusal = PUBLISH_TAKEN;
    const char *has_it = server_config_host_holder(scene->conf, host, holder);
    if (has_it)
        return error_set(error, "the host %.100s is taken by %s", host, has_it);
    const struct published_entry *other = published_at_host(scene->published, host, scene->self);
    return other ? refuse_taken("the host", other, refusal, error) : 0;
}

static int check_port(const struct publish_scene *scene, unsigned port, enum publish_refusal *refusal,
                      struct error *error) {
    char holder[CONFIG_HOLDER_TEXT], what[32];

    *refusal = PUBLISH_NOT_PERMITTED;
    if (!publish_permit_has_port(scene->permit, port))
        return error_set(error, "credential %s does not permit the port %u", scene->credential, port);
    if (scene->taken && !config_ports_have(scene->taken, port))
        return 0;
    *refusal = PUBLISH_TAKEN;
    const char *has_it = server_config_port_holder(scene->conf, port, holder);
    if (has_it)
        return error_set(error, "the port %u is taken by %s", port, has_it);
    const struct published_entry *other = published_at_port(scene->published, port, scene->self);
    snprintf(what, sizeof what, "the port %u", port);
    return other ? refuse_taken(what, other, refusal, error) : 0;
}

int publish_place_check(const struct publish_scene *scene, const struct publish_place *place,
                        enum publish_refusal *refusal, struct error *error) {
    return *place->host ? check_host(scene, place->host, refusal, error)
                        : check_port(scene, place->port, refusal, error);
}

static int take_port(const struct publish_scene *scene, unsigned port, struct publish_place *place,
                     enum publish_refusal *refusal, struct error *error) {
    if (check_port(scene, port, refusal, error))
        return -1;
    *refusal = PUBLISH_FAILED;
    if (scene->can_open && !scene->can_open(scene->conf, port))
        return error_set(error, "the port %u cannot be opened: it is in use by another program, or not allowed", port);
    place->port = port;
    return 0;
}

static int take_host(const struct publish_scene *scene, const char *text, struct publish_place *place,
                     enum publish_refusal *refusal, struct error *error) {
    char host[HOST_NAME_SIZE];

    *refusal = PUBLISH_INVALID;
    if (strchr(text, '*') || strchr(text, ':') || !host_name_read(text, host))
        return error_set(error, "\"%.100s\" is no host name like \"web.example.org\"", text);
    if (host_name_check(host, error) || check_host(scene, host, refusal, error))
        return -1;
    memcpy(place->host, host, sizeof place->host);
    return 0;
}

/* ---- the server's choice ---- */

/* The first one that is free, or that a wildcard gives. */
static int choose_host(const struct publish_scene *scene, struct publish_place *place, enum publish_refusal *refusal,
                       struct error *error) {
    char host[PUBLISH_HOST_SIZE];

    for (size_t i = 0; i < scene->permit->hosts.count; i++) {
        *refusal = PUBLISH_INVALID;
        if (!publish_permit_name(scene->permit, i, scene->name, host))
            error_set(error, "\"%s\" makes no host name below %.100s; write one", scene->name,
                      scene->permit->hosts.items[i]);
        else if (check_host(scene, host, refusal, error) == 0)
            return take_host(scene, host, place, refusal, error);
    }
    return -1;
}

/* FNV-1a: the same name tends to get the same port, also of a server that was started again. */
static unsigned hash(const char *credential, const char *name) {
    unsigned value = 2166136261U;

    for (const char *at = credential; *at; at++)
        value = (value ^ (unsigned char)*at) * 16777619U;
    for (const char *at = name; *at; at++)
        value = (value ^ (unsigned char)*at) * 16777619U;
    return value;
}

static int choose_port(const struct publish_scene *scene, struct publish_place *place, enum publish_refusal *refusal,
                       struct error *error) {
    unsigned count = publish_permit_port_count(scene->permit), tried = 0;
    unsigned from = count ? hash(scene->credential, scene->name) % count : 0;

    for (unsigned i = 0; i < count && tried < PUBLISH_PORTS_TRIED; i++) {
        if (take_port(scene, publish_permit_port(scene->permit, (from + i) % count), place, refusal, error) == 0)
            return 0;
        tried += *refusal == PUBLISH_FAILED;
    }
    if (tried) {
        *refusal = PUBLISH_FAILED; /* and `error` is that of the last one */
        return tried < PUBLISH_PORTS_TRIED ? -1
                                           : error_set(error,
                                                       "none of %u ports that were tried can be opened: they are in "
                                                       "use by other programs, or not allowed",
                                                       tried);
    }
    *refusal = PUBLISH_TAKEN;
    return error_set(error, "all ports that credential %s permits are taken", scene->credential);
}

static int choose(const struct publish_scene *scene, struct publish_place *place, enum publish_refusal *refusal,
                  struct error *error) {
    const struct publish_permit *permit = scene->permit;

    *place = (struct publish_place){.port = 0};
    if (permit->hosts.count && (scene->conf->publish.hosts_listen.count || !permit->ports.count) &&
        choose_host(scene, place, refusal, error) == 0)
        return 0;
    return permit->ports.count ? choose_port(scene, place, refusal, error) : -1;
}

int publish_place_check_permit(const struct publish_permit *permit, const char *credential, struct error *error) {
    if (!publish_permit_is_empty(permit))
        return 0;
    return error_set(error, "credential %s permits no publishing; on the server, munnel agent permit %s changes that",
                     credential, credential);
}

int publish_place_choose(const struct publish_scene *scene, const struct publish_offer *offer,
                         struct publish_place *place, enum publish_refusal *refusal, struct error *error) {
    *place = (struct publish_place){.port = 0};
    *refusal = PUBLISH_NOT_PERMITTED;
    if (publish_place_check_permit(scene->permit, scene->credential, error))
        return -1;
    int failed = -1;
    if (offer->host)
        failed = take_host(scene, offer->host, place, refusal, error);
    else if (offer->port)
        failed = take_port(scene, offer->port, place, refusal, error);
    if (failed && (offer->host || offer->port) && offer->is_exact)
        return -1;
    return failed ? choose(scene, place, refusal, error) : 0;
}
