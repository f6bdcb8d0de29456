/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * proxy: see proxy.h.
 */
#include "config.h"

#include "proto/proxy.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct scheme {
    const char *prefix, *shown, *port;
    enum proxy_kind kind;
} schemes[] = {{"http://", "http://", "80", PROXY_HTTP},
               {"socks5h://", "socks5h://", "1080", PROXY_SOCKS5},
               {"socks5://", "socks5://", "1080", PROXY_SOCKS5}};

static const struct scheme *find_scheme(const char **rest, const char *url, struct error *error) {
    const char *mark = strstr(url, "://");
    *rest = url;
    if (!mark || strcspn(url, "@/") < (size_t)(mark - url))
        return &schemes[0];
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t length = strlen(schemes[i].prefix);
        if (strncasecmp(url, schemes[i].prefix, length) == 0) {
            *rest = url + length;
            return &schemes[i];
        }
    }
    if (strncasecmp(url, "https://", 8) == 0)
        error_set(error, "TLS to the proxy itself is not known here, and what goes through it is encrypted anyway; "
                         "write http:// if the proxy speaks HTTP without TLS, too");
    else
        error_set(error, "\"%.*s://\" is no kind of proxy that is known here; write http:// or socks5://",
                  (int)(mark - url < 16 ? mark - url : 16), url);
    return NULL;
}

static int digit_of(char digit) {
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit = (char)tolower((unsigned char)digit);
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* %XX is decoded. False: too long, a wrong %XX, or a control character, which no protocol can carry. */
static bool decode(char to[PROXY_USER_SIZE], const char *from, size_t length) {
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)from[i];
        if (byte == '%') {
            int high = length - i > 2 ? digit_of(from[i + 1]) : -1, low = length - i > 2 ? digit_of(from[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            byte = (unsigned char)(high << 4 | low);
            i += 2;
        }
        if (byte < ' ' || byte == 0x7f || used == PROXY_USER_SIZE - 1)
            return false;
        to[used++] = (char)byte;
    }
    to[used] = '\0';
    return true;
}

static int take_user(struct proxy *proxy, const char *text, size_t length, struct error *error) {
    const char *colon = memchr(text, ':', length);
    size_t user = colon ? (size_t)(colon - text) : length;
    proxy->has_user = user > 0;
    proxy->has_password = colon;
    if (!decode(proxy->user, text, user) || (colon && !decode(proxy->password, colon + 1, length - user - 1)))
        return error_set(error,
                         "the proxy's user and password may have 255 bytes each, no control characters, and %%XX "
                         "where %% stands");
    if (strchr(proxy->user, ':'))
        return error_set(error, "a user of a proxy has no colon in its name");
    return user > 0 || !colon ? 0 : error_set(error, "the proxy's URL has a password, and no user");
}

/* HOST[:PORT][/] */
static int take_host(struct proxy *proxy, const struct scheme *scheme, const char *text, struct error *error) {
    char whole[ENDPOINT_HOST + 16];
    size_t length = strcspn(text, "/?#");
    const char *closing = memchr(text, ']', length), *from = text[0] == '[' && closing ? closing : text;
    bool has_port = memchr(from, ':', length - (size_t)(from - text));
    if (text[length] && strcmp(text + length, "/") != 0)
        return error_set(error, "\"%.80s\": a proxy's URL ends with its port", text);
    int written = snprintf(whole, sizeof whole, "%.*s%s%s", (int)(length < sizeof whole ? length : sizeof whole), text,
                           has_port ? "" : ":", has_port ? "" : scheme->port);
    if (written < 0 || (size_t)written >= sizeof whole)
        return error_set(error, "the proxy's host name is too long");
    if (endpoint_parse(&proxy->endpoint, whole, error))
        return -1;
    if (proxy->endpoint.is_unix || !proxy->endpoint.host[0] || !proxy->endpoint.port)
        return error_set(error, "\"%.80s\" is no address of a proxy; write http://HOST:PORT or socks5://HOST:PORT",
                         text);
    return 0;
}

int proxy_parse(struct proxy *proxy, const char *url, struct error *error) {
    const char *rest;
    char where[ENDPOINT_HOST + 16];
    *proxy = (struct proxy){0};
    const struct scheme *scheme = find_scheme(&rest, url, error);
    if (!scheme)
        return -1;
    const char *at = strrchr(rest, '@'); /* the last: passwords are written with a bare one, too */
    if (at && take_user(proxy, rest, (size_t)(at - rest), error))
        return -1;
    if (take_host(proxy, scheme, at ? at + 1 : rest, error))
        return -1;
    proxy->kind = scheme->kind;
    snprintf(proxy->text, sizeof proxy->text, "%s%s", scheme->shown,
             endpoint_format(&proxy->endpoint, where, sizeof where));
    return 0;
}

int proxy_set_password(struct proxy *proxy, const char *text, struct error *error) {
    size_t length = strcspn(text, "\r\n");
    if (text[length + strspn(text + length, "\r\n")])
        return error_set(error, "a proxy's password is one line");
    if (length == 0 || length >= PROXY_USER_SIZE)
        return error_set(error, "a proxy's password has 1 to %d bytes", PROXY_USER_SIZE - 1);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return error_set(error, "a proxy's password has no control characters");
    memcpy(proxy->password, text, length);
    proxy->password[length] = '\0';
    proxy->has_password = true;
    proxy->password_changes++;
    return 0;
}

const char *proxy_where(const struct proxy *proxy) {
    return strstr(proxy->text, "://") + 3;
}

/* ---- faults ---- */

const char *proxy_fault_label(enum proxy_fault fault) {
    static const char *const labels[PROXY_FAULT_COUNT] = {"opened",
#define PROXY_FAULT_LABEL(name, label, lasts, remedy) label,
                                                          PROXY_FAULTS(PROXY_FAULT_LABEL)
#undef PROXY_FAULT_LABEL
    };
    return labels[fault];
}

bool proxy_fault_lasts(enum proxy_fault fault) {
    static const bool lasts_of[PROXY_FAULT_COUNT] = {
#define PROXY_FAULT_LASTS(name, label, lasts, remedy) [PROXY_FAULT_##name] = lasts,
        PROXY_FAULTS(PROXY_FAULT_LASTS)
#undef PROXY_FAULT_LASTS
    };
    return lasts_of[fault];
}

const char *proxy_fault_remedy(enum proxy_fault fault) {
    static const char *const remedies[PROXY_FAULT_COUNT] = {
#define PROXY_FAULT_REMEDY(name, label, lasts, remedy) [PROXY_FAULT_##name] = remedy,
        PROXY_FAULTS(PROXY_FAULT_REMEDY)
#undef PROXY_FAULT_REMEDY
    };
    return remedies[fault];
}
