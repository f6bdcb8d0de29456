/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publish_spec: see publish_spec.h.
 */
#include "config.h"

#include "conf/publish_spec.h"

#include "conf/validators.h"
#include "lib/base/strbuf.h"
#include "lib/net/addr.h"
#include "proto/host_name.h"
#include "proto/json_fields.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WISH_TEXT = 300 };

/* ---- parts ---- */

int publish_spec_check_to(const char *text, struct error *error) {
    struct endpoint endpoint;

    if (strlen(text) >= PUBLISH_SPEC_TO)
        return error_set(error, "\"%.40s...\" is too long for a destination", text);
    json_t *json = json_string(text); /* it goes to servers as JSON: UTF-8 alone */
    bool is_clean = json && json_text_is_clean(text, PUBLISH_SPEC_TO);
    json_decref(json);
    if (!is_clean)
        return error_set(error, "this is no destination: it has control characters, or is not UTF-8");
    if (validate_destination(text, error))
        return -1;
    if (endpoint_parse(&endpoint, text, NULL) != 0)
        return error_set(error, "\"%.80s\" needs a port of its own; write \"localhost:8080\"", text);
    return 0;
}

int publish_spec_check_wishes(const char *host, unsigned long port, struct error *error) {
    if (*host && (*host == '*' || strlen(host) >= PUBLISH_SPEC_HOST || host_name_check(host, error)))
        return error_set(error, "\"%.80s\" is no host name; write \"web.example.org\"", host);
    if (*host && port)
        return error_set(error, "host and port exclude each other: a service with a host shares a port");
    return port <= UINT16_MAX ? 0 : error_set(error, "%lu is no port; write one from 1 to 65535", port);
}

static bool take_port(struct publish_spec *spec, const char *text) {
    char *end;
    unsigned long port = strtoul(text, &end, 10);
    bool is_right = *text >= '0' && *text <= '9' && !*end && port > 0 && port <= UINT16_MAX;
    spec->port = is_right ? (uint16_t)port : 0;
    return is_right;
}

/* "host=H" or "port=N". */
static int take_wish(struct publish_spec *spec, const char *wish, struct error *error) {
    if (strncmp(wish, "host=", 5) == 0 && !*spec->host && wish[5]) {
        if (publish_spec_check_wishes(wish + 5, 0, error))
            return -1;
        strbuf_copy(spec->host, sizeof spec->host, wish + 5);
        return 0;
    }
    if (strncmp(wish, "port=", 5) == 0 && !spec->port)
        return take_port(spec, wish + 5)
                   ? 0
                   : error_set(error, "\"%.40s\" is no port; write one from 1 to 65535", wish + 5);
    return error_set(error, "\"%.80s\" is not right behind a destination; write \"host=NAME\" or \"port=N\", once",
                     wish);
}

static int take_wishes(struct publish_spec *spec, const char *at, struct error *error) {
    while (*at) {
        char wish[WISH_TEXT];
        size_t length = strcspn(at, ",");
        if (length >= sizeof wish)
            return error_set(error, "\"%.40s...\" is too long", at);
        snprintf(wish, sizeof wish, "%.*s", (int)length, at);
        if (take_wish(spec, wish, error))
            return -1;
        at += length + (at[length] == ',');
    }
    return publish_spec_check_wishes(spec->host, spec->port, error);
}

/* ---- all of it ---- */

static int refuse_nameless(const char *text, struct error *error) {
    return error_set(error, "\"%.80s\" has no name; write \"web=%.80s\"", text, *text ? text : "localhost:8080");
}

int publish_spec_read(struct publish_spec *spec, const char *text, struct error *error) {
    const char *to = strchr(text, '=');
    size_t name = to ? (size_t)(to - text) : 0;
    *spec = (struct publish_spec){.port = 0};
    if (!to || memchr(text, ',', name) || memchr(text, ':', name))
        return refuse_nameless(text, error);
    if (name >= sizeof spec->name)
        return error_set(error, "\"%.40s...\" is too long for a name", text);
    snprintf(spec->name, sizeof spec->name, "%.*s", (int)name, text);
    size_t length = strcspn(++to, ",");
    if (length >= sizeof spec->to)
        return error_set(error, "\"%.40s...\" is too long for a destination", to);
    snprintf(spec->to, sizeof spec->to, "%.*s", (int)length, to);
    if (validate_name(spec->name, error) || publish_spec_check_to(spec->to, error))
        return -1;
    if (to[length] == ',' && !to[length + 1])
        return error_set(error, "\"%.80s\" ends with a comma; leave it out", text);
    return to[length] ? take_wishes(spec, to + length + 1, error) : 0;
}

int publish_spec_check(const char *text, struct error *error) {
    struct publish_spec spec;

    return publish_spec_read(&spec, text, error);
}

static int check_one(const struct strlist *list, size_t index, struct error *error) {
    size_t length = strcspn(list->items[index], "=") + 1;

    for (size_t i = 0; i < index; i++)
        if (strncmp(list->items[i], list->items[index], length) == 0)
            return error_set(error, "\"%.*s\" is there twice; give each service a name of its own", (int)length - 1,
                             list->items[index]);
    return 0;
}

int publish_spec_check_list(const struct strlist *list, struct error *error) {
    if (list->count > PUBLISH_SPECS_MOST)
        return error_set(error, "%zu services are too many; an agent publishes up to %d", list->count,
                         PUBLISH_SPECS_MOST);
    for (size_t i = 1; i < list->count; i++)
        if (check_one(list, i, error))
            return -1;
    return 0;
}
