/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visit_spec: see visit_spec.h.
 */
#include "config.h"

#include "conf/visit_spec.h"

#include "conf/validators.h"
#include "proto/visits.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static int take_name(struct visit_spec *spec, const char *text, size_t length, struct error *error) {
    if (length >= sizeof spec->name)
        return error_set(error, "\"%.*s\" is longer than %d characters", (int)length, text, PROTO_NAME_MAX);
    memcpy(spec->name, text, length);
    spec->name[length] = '\0';
    return validate_name(spec->name, error);
}

int visit_spec_parse(struct visit_spec *spec, const char *text, struct error *error) {
    const char *equals = strchr(text, '='), *where = equals ? equals + 1 : "";
    bool is_port = *where && strspn(where, "0123456789") == strlen(where);
    char full[ENDPOINT_HOST + 16];
    struct endpoint endpoint;

    *spec = (struct visit_spec){.name = ""};
    if (!equals || !*where)
        return error_set(error, "\"%s\" does not say what is visited, and where; write NAME=127.0.0.1:5900", text);
    if (take_name(spec, text, (size_t)(equals - text), error))
        return -1;
    snprintf(full, sizeof full, "%s%s", is_port ? "127.0.0.1:" : "", where);
    if (endpoint_parse(&endpoint, full, error))
        return -1;
    if (strcasecmp(endpoint.host, "localhost") == 0)
        snprintf(endpoint.host, sizeof endpoint.host, "127.0.0.1");
    if (endpoint.is_unix || endpoint.port == 0 || !addr_from_endpoint(&spec->address, &endpoint))
        return error_set(error, "\"%s\" is not an address of this machine and a port; write %s=127.0.0.1:5900", where,
                         spec->name);
    return 0;
}

int visit_spec_check(const char *text, struct error *error) {
    struct visit_spec spec;
    return visit_spec_parse(&spec, text, error);
}

static int check_one(const struct strlist *list, size_t index, struct error *error) {
    struct visit_spec one, other;

    if (visit_spec_parse(&one, list->items[index], error))
        return -1;
    for (size_t i = 0; i < index; i++)
        if (visit_spec_parse(&other, list->items[i], NULL) == 0 &&
            addr_port(&one.address) == addr_port(&other.address) && addr_same_host(&one.address, &other.address))
            return error_set(error, "\"%s\" and \"%s\" have the same port; write another one for one of them",
                             list->items[i], list->items[index]);
    return 0;
}

int visit_spec_check_list(const struct strlist *list, struct error *error) {
    if (list->count > VISITS_MAX)
        return error_set(error, "%zu visits are too many; write %d at most", list->count, VISITS_MAX);
    for (size_t i = 0; i < list->count; i++)
        if (check_one(list, i, error))
            return -1;
    return 0;
}
