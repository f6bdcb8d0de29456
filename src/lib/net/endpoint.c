/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * endpoint: parses "HOST:PORT" as people write it; its errors name the mistake and the text that would be right.
 * Runs on: any thread. Owns: nothing. addr.c makes socket addresses of the result.
 */
#include "config.h"

#include "lib/base/path.h"
#include "lib/net/addr.h"
#include "lib/net/interface_names.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { NAME_LONGEST = 253, LABEL_LONGEST = 63, PORT_HIGHEST = 65535, PORT_DIGITS = 5 };

static int parse_unix(struct endpoint *endpoint, const char *path, struct error *error) {
    size_t longest = sizeof((struct sockaddr_un *)0)->sun_path - 1;
    if (!*path)
        return error_set(error, "\"unix:\" lacks the path of the socket; write unix:/run/example.sock");
    if (strlen(path) > longest)
        return error_set(error, "the path \"%.40s...\" is too long for a unix socket: %zu bytes, at most %zu", path,
                         strlen(path), longest);
    endpoint->is_unix = true;
    memcpy(endpoint->host, path, strlen(path) + 1);
    return 0;
}

static int parse_port(struct endpoint *endpoint, const char *digits, const char *text, struct error *error) {
    size_t length = strspn(digits, "0123456789");
    unsigned port = 0;
    for (size_t i = 0; i < length && length <= PORT_DIGITS; i++)
        port = port * 10 + (unsigned)(digits[i] - '0');
    if (length == 0 || digits[length] || port == 0 || port > PORT_HIGHEST)
        return error_set(error, "\"%s\" has \"%s\" for a port; a port is a number from 1 to 65535", text, digits);
    endpoint->port = (uint16_t)port;
    return 0;
}

static bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Labels of 1 to 63 characters between dots; one dot may stand at the end. */
static bool is_name(const char *host) {
    size_t label = 0;
    for (const char *at = host; *at; at++) {
        if (*at == '.' ? label == 0 : !is_name_character(*at))
            return false;
        label = *at == '.' ? 0 : label + 1;
        if (label > LABEL_LONGEST)
            return false;
    }
    return *host && strlen(host) <= NAME_LONGEST;
}

/* Something else than one address, or an address with something before it. 0 or -1. */
static int check_form(const char *text, struct error *error) {
    const char *scheme = strstr(text, "://");
    const char *host = scheme ? scheme + 3 : text;
    if (scheme)
        return error_set(error, "\"%.80s\" is a URL; write HOST:PORT alone, as in %.*s%s", text,
                         (int)strcspn(host, "/"), host, strchr(host, ':') ? "" : ":443");
    if (!text[0])
        return error_set(error, "an address is empty; write HOST:PORT, as in localhost:80");
    if (text[0] == '/' || path_is_absolute(text))
        return error_set(error, "\"%.80s\" is a path; write unix:%.80s for a Unix socket", text, text);
    if (strchr(text, ','))
        return error_set(error, "\"%.80s\" is more than one address; write one, as in %.*s", text,
                         (int)strcspn(text, ", "), text);
    return 0;
}

static int check_labels(const char *host, struct error *error) {
    size_t label = 0;
    for (const char *at = host; *at; at += label + (at[label] == '.')) {
        label = strcspn(at, ".");
        if (label > LABEL_LONGEST)
            return error_set(error, "\"%.20s...\" in a name is too long: %zu characters, at most %d between dots", at,
                             label, LABEL_LONGEST);
    }
    return 0;
}

static int check_host(const char *host, const char *text, struct error *error) {
    struct in_addr ipv4;
    if (strspn(host, "0123456789.") == strlen(host))
        return inet_pton(AF_INET, host, &ipv4) == 1
                   ? 0
                   : error_set(error, "\"%s\" is neither an IPv4 address (four numbers up to 255) nor a name", host);
    if (is_name(host))
        return 0;
    if (check_labels(host, error))
        return -1;
    if (strpbrk(host, " \t\r\n"))
        return error_set(error, "\"%.80s\" has a space in it, as no host's name has", host);
    if (strstr(host, "\xe2\x80") || strstr(host, "\xe2\x88\x92")) /* U+2010 to U+2015, U+2212 */
        return error_set(error, "\"%.80s\" has a dash that is not '-', as text programs make it; type it again", host);
    for (const char *at = host; *at; at++) {
        if ((unsigned char)*at >= 0x80)
            return error_set(error, "the name in \"%s\" has letters beyond ASCII; write its xn-- form", text);
    }
    return error_set(error, "\"%s\" is not a host's name: letters, digits, '-', '_' and single dots are", host);
}

/* An IPv6 address with or without a zone, which may be an interface of another machine: only its form is checked. */
static bool is_ipv6(const char *host) {
    struct in6_addr ipv6;
    char bare[INET6_ADDRSTRLEN];
    size_t length = strcspn(host, "%"), zone = host[length] ? strlen(host + length + 1) : 0;
    if (length >= sizeof bare || (host[length] && (zone == 0 || zone >= IF_NAMESIZE)))
        return false;
    for (size_t i = length; host[i]; i++)
        if (!isgraph((unsigned char)host[i]) || (host[i] == '%' && i > length) || strchr("[]/\"\\", host[i]))
            return false;
    memcpy(bare, host, length);
    bare[length] = '\0';
    return inet_pton(AF_INET6, bare, &ipv6) == 1;
}

static int parse_bracketed(struct endpoint *endpoint, const char *text, struct error *error) {
    const char *close = strchr(text, ']');
    if (!close)
        return error_set(error, "\"%s\" lacks the closing bracket; write [::1]:80", text);
    size_t length = (size_t)(close - text - 1);
    if (length >= sizeof endpoint->host)
        return error_set(error, "\"%.40s...\" is not an IPv6 address", text);
    memcpy(endpoint->host, text + 1, length);
    endpoint->host[length] = '\0';
    struct in_addr ipv4;
    if (inet_pton(AF_INET, endpoint->host, &ipv4) == 1)
        return error_set(error, "\"%s\" has an IPv4 address in brackets; write it without, %s%s", text, endpoint->host,
                         close[1] == ':' ? close + 1 : ":80");
    if (!is_ipv6(endpoint->host))
        return error_set(error, "\"%s\" is not an IPv6 address%s", endpoint->host,
                         strchr(endpoint->host, '%') ? " with the name of an interface" : "");
    if (close[1] != ':')
        return error_set(error, "\"%s\" lacks a port; write [%s]:80", text, endpoint->host);
    return parse_port(endpoint, close + 2, text, error);
}

static int fail_without_port(const char *text, struct error *error) {
    if (strspn(text, "0123456789") == strlen(text))
        return error_set(error, "\"%s\" is a port without a host; write HOST:PORT, as in localhost:%s", text, text);
    return error_set(error, "\"%s\" lacks a port; write HOST:PORT, as in %s:80", text,
                     is_name(text) ? text : "localhost");
}

/* "::1:80" is the address ::1 with the port 80, or an address without a port: only brackets decide. */
static int fail_colons(const char *text, struct error *error) {
    const char *last = strrchr(text, ':');
    char host[ENDPOINT_HOST];
    snprintf(host, sizeof host, "%.*s", (int)(last - text), text);
    if (is_ipv6(host))
        return error_set(error, "\"%s\" has an IPv6 address without brackets; write [%s]%s", text, host,
                         last[1] ? last : ":80");
    if (is_ipv6(text))
        return error_set(error, "\"%s\" is an IPv6 address without brackets and port; write [%s]:80", text, text);
    return error_set(error, "\"%s\" has more than one colon; write HOST:PORT, an IPv6 address in brackets, [::1]:80",
                     text);
}

static int parse_plain(struct endpoint *endpoint, const char *text, struct error *error) {
    const char *colon = strchr(text, ':');
    if (!colon)
        return fail_without_port(text, error);
    if (strchr(colon + 1, ':'))
        return fail_colons(text, error);
    size_t length = (size_t)(colon - text);
    if (length > NAME_LONGEST)
        return error_set(error, "the name \"%.40s...\" is too long: %zu characters, at most %d", text, length,
                         NAME_LONGEST);
    bool is_every = length == 0 || (length == 1 && text[0] == '*');
    if (!is_every) {
        memcpy(endpoint->host, text, length);
        if (check_host(endpoint->host, text, error))
            return -1;
    }
    return parse_port(endpoint, colon + 1, text, error);
}

int endpoint_parse(struct endpoint *endpoint, const char *text, struct error *error) {
    memset(endpoint, 0, sizeof *endpoint);
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(endpoint, text + 5, error);
    if (check_form(text, error))
        return -1;
    if (text[0] == '[')
        return parse_bracketed(endpoint, text, error);
    return parse_plain(endpoint, text, error);
}

char *endpoint_format(const struct endpoint *endpoint, char *text, size_t size) {
    if (endpoint->is_unix) {
        snprintf(text, size, "unix:%s", endpoint->host);
    } else {
        const char *host = endpoint->host[0] ? endpoint->host : "*";
        snprintf(text, size, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, (unsigned)endpoint->port);
    }
    return text;
}
