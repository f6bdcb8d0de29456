/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * access: who may ask. On the Unix socket the peer's user decides. On TCP any process of the machine may connect, and a
 * page of any site that a browser of this machine shows may send requests: so Host is checked (a name that an
 * attacker's DNS gives a loopback address), Origin (forms and fetches of other pages), and a token that no browser
 * sends by itself. Runs on: the thread of the event base. Owns: nothing.
 */
#include "config.h"

#include "lib/base/strbuf.h"
#include "lib/http/request_priv.h"

#include <event2/keyvalq_struct.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { WRONG_TOKEN_MS = 1000 };

static const char *header(const struct http_request *request, const char *name) {
    return evhttp_find_header(evhttp_request_get_input_headers(request->evhttp), name);
}

static bool is_twice(const struct http_request *request, const char *name) {
    const struct evkeyval *each;
    unsigned count = 0;
    TAILQ_FOREACH (each, evhttp_request_get_input_headers(request->evhttp), next) {
        count += !strcasecmp(each->key, name);
    }
    return count > 1;
}

static bool refuse(struct http_request *request, uint64_t *counter, unsigned status, const char *detail,
                   const char *remedy) {
    ++*counter;
    http_answer_problem(request, &(struct http_problem){.status = status, .detail = detail, .remedy = remedy});
    return false;
}

bool http_check_peer(struct http_request *request) {
    const struct http_connection *connection = request->connection;
    if (!request->is_unix)
        return true;
    snprintf(request->actor, sizeof request->actor, "%s", connection->local.name);
    if (connection->local.is_permitted)
        return true;
    request->must_close = true;
    return refuse(request, &request->server->counts.refused_peer, 403,
                  "this user is neither root nor the one of the server nor in the group of the socket",
                  "add the user to the socket's group, and log in again");
}

/* ---- Host ---- */

/* Where ":PORT" begins, or the end. */
static size_t name_length(const char *host) {
    return host[0] == '[' ? strcspn(host, "]") + (strchr(host, ']') ? 1 : 0) : strcspn(host, ":");
}

static bool is_port(const char *text) {
    size_t digits = text[0] == ':' ? strspn(text + 1, "0123456789") : 0;
    return !text[0] || (digits > 0 && digits <= 5 && !text[1 + digits]);
}

static bool is_same(const char *text, size_t length, const char *other) {
    return strlen(other) == length && strncasecmp(text, other, length) == 0;
}

/* No name that DNS gives out: a page cannot be made to have one of these as its origin. */
static bool is_loopback(const char *name, size_t length) {
    return is_same(name, length, "localhost") || is_same(name, length, "127.0.0.1") || is_same(name, length, "[::1]");
}

static bool is_listener(const struct http_server *server, const char *name, size_t length) {
    for (const struct http_listener *each = server->tcp_pool->listeners; each; each = each->next) {
        char text[ADDR_TEXT];
        addr_format(&each->source.addr, text, sizeof text);
        text[name_length(text)] = '\0';
        if (is_same(name, length, text))
            return true;
    }
    return false;
}

static bool is_listed(const struct http_server *server, const char *host, size_t length) {
    for (size_t i = 0; i < server->hosts.count; i++)
        if (!strcasecmp(host, server->hosts.items[i]) || is_same(host, length, server->hosts.items[i]))
            return true;
    return false;
}

bool http_check_host(struct http_request *request) {
    const char *host = header(request, "Host");
    const struct target *target = &request->target;
    bool is_absolute_same = !target->host || (host && is_same(target->host, target->host_length, host));
    size_t length = host ? name_length(host) : 0;
    bool is_ours = request->is_unix || (host && is_port(host + length) &&
                                        (is_loopback(host, length) || is_listener(request->server, host, length) ||
                                         is_listed(request->server, host, length)));
    if (is_ours && is_absolute_same)
        return true;
    request->must_close = true;
    return refuse(request, &request->server->counts.refused_host, 421,
                  is_ours ? "the target names another host than the header Host"
                          : "Host is none of this server's names",
                  is_ours ? NULL : "use localhost or the address, or list the name in the configuration");
}

/* ---- Origin, of requests that change something ---- */

static bool is_same_origin(const struct http_request *request) {
    const char *origin = header(request, "Origin"), *host = header(request, "Host");
    const char *site = header(request, "Sec-Fetch-Site");
    static const char scheme[] = "http://";
    if (is_twice(request, "Origin") || is_twice(request, "Sec-Fetch-Site"))
        return false;
    if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
        return false;
    return !origin ||
           (host && !strncasecmp(origin, scheme, sizeof scheme - 1) && !strcasecmp(origin + sizeof scheme - 1, host));
}

bool http_check_origin(struct http_request *request) {
    return request->method == HTTP_METHOD_GET || is_same_origin(request) ||
           refuse(request, &request->server->counts.refused_origin, 403, "this comes from a page of another origin",
                  "changes are made from the server's own page, or by a client that sends no Origin");
}

/* ---- tokens and roles ---- */

static bool refuse_token(struct http_request *request, const char *detail) {
    http_answer_problem(request, &(struct http_problem){.status = 401,
                                                        .detail = detail,
                                                        .remedy = "send \"Authorization: Bearer TOKEN\" with a token "
                                                                  "of the server's token file"});
    return false;
}

static const char wrong_token[] = "the token is wrong";

static void on_held(void *context, uint64_t now_ms) {
    (void)now_ms;
    (void)refuse_token(context, wrong_token);
}

static void on_held_gone(void *context) {
    http_request_lost(context);
    (void)refuse_token(context, wrong_token); /* for the log */
}

/*
 * There is no lock-out: all local processes look alike, so that one with a wrong token would lock out those with a
 * right one. Instead a wrong one occupies its connection for a time, also when the client does not wait for the answer.
 * So there are as many guesses in that time as there may be connections.
 */
static bool refuse_wrong(struct http_request *request) {
    request->server->counts.refused_token++;
    http_connection_hold(request->connection, WRONG_TOKEN_MS, on_held_gone, on_held);
    return false;
}

/* The token of "Bearer TOKEN"; NULL: there is none. */
static const char *bearer_of(const char *authorization) {
    static const char scheme[] = "Bearer ";
    if (strncasecmp(authorization, scheme, sizeof scheme - 1))
        return NULL;
    return authorization + sizeof scheme - 1 + strspn(authorization + sizeof scheme - 1, " ");
}

static bool take_token(struct http_request *request, const char *token) {
    uint8_t *digest = request->connection->digest;
    const char *name = NULL;
    if (http_token_digest(digest, token))
        request->role = http_tokens_find_digest(request->server->tokens, digest, &name);
    if (!name)
        return refuse_wrong(request);
    snprintf(request->actor, sizeof request->actor, "token %s", name);
    return true;
}

static bool find_role(struct http_request *request) {
    if (request->is_unix) {
        request->role = HTTP_ROLE_ADMIN;
        return true;
    }
    const char *authorization = header(request, "Authorization");
    const char *token = authorization && !is_twice(request, "Authorization") ? bearer_of(authorization) : NULL;
    return token ? take_token(request, token) : refuse_token(request, "a token is needed");
}

bool http_check_role(struct http_request *request) {
    enum http_role needed = request->route->role;
    request->connection->needed = needed;
    if (needed == HTTP_ROLE_NONE)
        return true;
    if (!find_role(request))
        return false;
    if (request->role >= needed)
        return true;
    http_answer_error(request, 403, "this needs the role %s, and the token has %s", http_role_name(needed),
                      http_role_name(request->role));
    return false;
}
