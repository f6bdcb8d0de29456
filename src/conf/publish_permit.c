/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publish_permit: see publish_permit.h.
 */
#include "config.h"

#include "conf/publish_permit.h"

#include "proto/host_name.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)PUBLISH_HOST_SIZE == (int)HOST_NAME_SIZE, "both are for the same names");

static const char digits[] = "0123456789";

/* Returns how many characters are a port; 0: none. */
static size_t take_port(const char *text, unsigned *port) {
    size_t length = strspn(text, digits);

    *port = length && length <= 5 ? (unsigned)strtoul(text, NULL, 10) : 0;
    return *port && *port <= UINT16_MAX ? length : 0;
}

int publish_ports_parse(const char *text, unsigned *first, unsigned *last, struct error *error) {
    size_t length = take_port(text, first), more = 0;

    *last = *first;
    if (length && text[length] == '-')
        more = take_port(text + length + 1, last);
    if (length && !text[length + (more ? more + 1 : 0)] && *first <= *last)
        return 0;
    return error_set(error, "\"%s\" is not ports; write them like \"20000-20099\" or \"20017\"", text);
}

int publish_ports_check(const char *text, struct error *error) {
    unsigned first, last;

    return publish_ports_parse(text, &first, &last, error);
}

bool publish_permit_is_empty(const struct publish_permit *permit) {
    return !permit->ports.count && !permit->hosts.count;
}

bool publish_permit_has_port(const struct publish_permit *permit, unsigned port) {
    unsigned first, last;

    for (size_t i = 0; i < permit->ports.count; i++)
        if (publish_ports_parse(permit->ports.items[i], &first, &last, NULL) == 0 && port >= first && port <= last)
            return true;
    return false;
}

unsigned publish_permit_port_count(const struct publish_permit *permit) {
    unsigned first, last, count = 0;

    for (size_t i = 0; i < permit->ports.count; i++)
        if (publish_ports_parse(permit->ports.items[i], &first, &last, NULL) == 0)
            count += last - first + 1;
    return count;
}

unsigned publish_permit_port(const struct publish_permit *permit, unsigned index) {
    unsigned first, last;

    for (size_t i = 0; i < permit->ports.count; i++) {
        if (publish_ports_parse(permit->ports.items[i], &first, &last, NULL))
            continue;
        if (index <= last - first)
            return first + index;
        index -= last - first + 1;
    }
    return 0;
}

/* In the form in which hosts are compared. False: the text is too long for a host. */
static bool to_name(char name[PUBLISH_HOST_SIZE], const char *text) {
    size_t length = strlen(text);

    if (length >= PUBLISH_HOST_SIZE)
        return false;
    for (size_t i = 0; i <= length; i++)
        name[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
    return true;
}

static bool is_pattern(const char *host) {
    return strncmp(host, "*.", 2) == 0;
}

bool publish_permit_has_host(const struct publish_permit *permit, const char *host) {
    size_t length = strlen(host);
    char item[PUBLISH_HOST_SIZE];

    for (size_t i = 0; i < permit->hosts.count; i++) {
        if (!to_name(item, permit->hosts.items[i]))
            continue;
        const char *end = is_pattern(item) ? item + 1 : item;
        size_t tail = strlen(end);
        if (is_pattern(item) ? length > tail && strcmp(host + length - tail, end) == 0 : strcmp(host, end) == 0)
            return true;
    }
    return false;
}

bool publish_permit_name(const struct publish_permit *permit, size_t index, const char *service,
                         char host[PUBLISH_HOST_SIZE]) {
    const char *item = permit->hosts.items[index];
    char text[2 * PUBLISH_HOST_SIZE];

    snprintf(text, sizeof text, "%s%s", is_pattern(item) ? service : "", is_pattern(item) ? item + 1 : item);
    return to_name(host, text) && host_name_check(host, NULL) == 0;
}

int publish_permit_copy(struct publish_permit *permit, const struct publish_permit *from) {
    *permit = (struct publish_permit){.ports = {NULL, 0}};
    return strlist_copy(&permit->ports, &from->ports) || strlist_copy(&permit->hosts, &from->hosts) ? -1 : 0;
}

void publish_permit_done(struct publish_permit *permit) {
    strlist_done(&permit->ports);
    strlist_done(&permit->hosts);
}
