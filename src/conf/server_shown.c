/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_shown: see server_config.h.
 * Runs on: the control thread. Owns: nothing; the JSON goes to the caller.
 */
#include "config.h"

#include "conf/server_config.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_TEXT = 96 };

/* An empty list cannot be written: it is null. */
static json_t *value_of(const struct option_spec *spec, const void *base) {
    json_t *value = option_value_json(spec, base);
    if (!json_is_array(value) || json_array_size(value))
        return value;
    json_decref(value);
    return json_null();
}

/* What is written there if it was expanded; else the value in `base`. */
static json_t *shown(const struct server_config *conf, const struct option_place *place, const struct option_spec *spec,
                     const void *base) {
    char *key = place->file ? option_place_key(place) : NULL;
    json_t *written = key ? json_object_get(conf->expanded, key) : NULL;
    bool is_lost = place->file && !key;
    free(key);
    if (is_lost)
        return NULL;
    return written ? json_incref(written) : value_of(spec, base);
}

json_t *server_config_value(const struct server_config *conf, const struct option_spec *spec) {
    const struct option_place top = server_config_top(conf, NULL, NULL), place = option_below(&top, spec->name);
    return shown(conf, &place, spec, conf);
}

/* Puts the value of "a.b.c" into the objects around it. Below a value that is no object ("auth": "none") there is
 * nothing. Takes over the value; 0 or -1. */
static int set_below(json_t *object, const char *name, json_t *value) {
    char key[NAME_TEXT];
    for (const char *dot = strchr(name, '.'); dot && json_is_object(object); dot = strchr(name, '.')) {
        size_t length = (size_t)(dot - name) < sizeof key ? (size_t)(dot - name) : sizeof key - 1;
        memcpy(key, name, length);
        key[length] = '\0';
        if (!json_object_get(object, key) && json_object_set_new(object, key, json_object()))
            break;
        object = json_object_get(object, key);
        name = dot + 1;
    }
    if (json_is_object(object))
        return json_object_set_new(object, name, value);
    json_decref(value);
    return object ? 0 : -1;
}

json_t *server_config_service_value(const struct server_config *conf, size_t service, const struct option_spec *spec) {
    char name[CONFIG_PLACE_NAME];
    const struct option_place top = server_config_top(conf, NULL, NULL);
    const struct option_place inner = server_config_place(conf, service, name, &top);
    const struct option_place place = option_below(&inner, spec->name);
    return shown(conf, &place, spec, &conf->services[service]);
}

/* Of a service without TLS nothing of it: the defaults would look as if it had some. */
static bool is_without(const struct service_config *service, const struct option_spec *spec) {
    return !service->tls.certificates.count && strncmp(spec->name, "tls.", 4) == 0;
}

json_t *server_config_service_json(const struct server_config *conf, size_t service) {
    json_t *json = json_object();
    for (size_t i = 0; json && i < service_option_table.count; i++) {
        const struct option_spec *spec = &service_option_table.specs[i];
        if (is_without(&conf->services[service], spec))
            continue;
        json_t *value = server_config_service_value(conf, service, spec);
        if (!value || set_below(json, spec->name, value)) {
            json_decref(json);
            return NULL;
        }
    }
    return json;
}

static json_t *services_json(const struct server_config *conf) {
    json_t *services = json_array();
    for (size_t i = 0; services && i < conf->service_count - conf->published_count; i++)
        if (json_array_append_new(services, server_config_service_json(conf, i))) {
            json_decref(services);
            return NULL;
        }
    return services;
}

/* The word of an option that may be an object instead ("agents.auth"), while it is not written. */
static bool is_left_out(const struct option_spec *spec, const json_t *value) {
    return spec->kind == OPTION_WORD && json_is_null(value);
}

static int add_option(json_t *all, const struct server_config *conf, const struct option_spec *spec) {
    json_t *value = spec->kind == OPTION_TABLES ? services_json(conf) : server_config_value(conf, spec);
    if (!is_left_out(spec, value))
        return value ? set_below(all, spec->name, value) : -1;
    json_decref(value);
    return 0;
}

json_t *server_config_json(const struct server_config *conf, const struct server_config *started) {
    json_t *all = json_object();
    for (size_t i = 0; all && i < server_option_table.count; i++) {
        const struct option_spec *spec = &server_option_table.specs[i];
        if (add_option(all, spec->needs_restart ? started : conf, spec)) {
            json_decref(all);
            return NULL;
        }
    }
    return all;
}
