/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * port_range: see port_range.h. The host is endpoint_parse's to judge, which is given one port in place of the range or
 * of the offset.
 */
#include "config.h"

#include "lib/net/port_range.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_HIGHEST = 65535, PORT_DIGITS = 5, TEXT = ENDPOINT_HOST + 32 };

/* What stands behind the last colon; NULL: there is none, or it is the path of a Unix socket. */
static const char *port_part(const char *text) {
    const char *colon = strncmp(text, "unix:", 5) == 0 ? NULL : strrchr(text, ':');

    return colon ? colon + 1 : NULL;
}

/* Up to 99999: more has too many digits. -1: it is no number. */
static long parse_digits(const char *text) {
    size_t length = strspn(text, "0123456789");

    return length && !text[length] && length <= PORT_DIGITS ? strtol(text, NULL, 10) : -1;
}

int port_range_parse(struct port_range *range, const char *text, struct error *error) {
    const char *ports = port_part(text), *dash = ports ? strchr(ports, '-') : NULL;
    char first[TEXT];

    if (!dash || dash == ports || relative_endpoint_is(text)) {
        if (endpoint_parse(&range->endpoint, text, error))
            return -1;
        range->last = range->endpoint.port;
        return 0;
    }
    if ((size_t)snprintf(first, sizeof first, "%.*s", (int)(dash - text), text) >= sizeof first)
        return error_set(error, "\"%.40s...\" is too long for an address", text);
    if (endpoint_parse(&range->endpoint, first, error))
        return -1;
    long last = parse_digits(dash + 1);
    if (last < 1 || last > PORT_HIGHEST)
        return error_set(error, "\"%s\" ends at the port \"%s\"; write a range as in *:20000-20099", text, dash + 1);
    if (last < range->endpoint.port)
        return error_set(error, "\"%s\" ends before it begins; write the lower port first", text);
    range->last = (uint16_t)last;
    return 0;
}

unsigned port_range_count(const struct port_range *range) {
    return range->last - range->endpoint.port + 1U;
}

bool port_range_shares_port(const struct port_range *a, const struct port_range *b) {
    return a->endpoint.port <= b->last && b->endpoint.port <= a->last;
}

bool relative_endpoint_is(const char *text) {
    const char *port = port_part(text);

    return port && (*port == '+' || *port == '-');
}

int relative_endpoint_parse(struct endpoint *endpoint, const char *text, uint16_t port, struct error *error) {
    char first[TEXT];

    if (!relative_endpoint_is(text))
        return endpoint_parse(endpoint, text, error);
    const char *offset = port_part(text);
    int length = snprintf(first, sizeof first, "%.*s1", (int)(offset - text), text);
    if ((size_t)length >= sizeof first)
        return error_set(error, "\"%.40s...\" is too long for an address", text);
    if (endpoint_parse(endpoint, first, error))
        return -1;
    long number = parse_digits(offset + 1), sum = port + (*offset == '+' ? number : -number);
    if (number < 0)
        return error_set(error, "\"%s\" has \"%s\" for an offset; write one as in localhost:+0", text, offset);
    if (sum < 1 || sum > PORT_HIGHEST)
        return error_set(error, "\"%s\" makes the port %ld of %u; a port is a number from 1 to 65535", text, sum, port);
    endpoint->port = (uint16_t)sum;
    return 0;
}
