/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * listening: where administration listens, and by which tokens, at the start and by a reload; see admin.h.
 * Runs on: the control thread. Owns: a change, with the sockets that it has bound.
 */
#include "config.h"

#include "admin/operations.h"
#include "conf/admin_places.h"
#include "lib/net/sock.h"
#include "server/admin/admin_priv.h"

#include <stdlib.h>
#include <string.h>

struct wanted {
    struct admin_address at;
    /* Bound, one of the two; -1 and NULL: it listens there already, or it is a trial. */
    evutil_socket_t fd;
    struct local_listener *local;
};

struct admin_change {
    struct admin *admin;
    struct wanted socket, tcp;
    struct http_tokens *tokens; /* NULL: there is no address */
};

static bool is_same(const struct admin_address *a, const struct admin_address *b) {
    return a->is_set == b->is_set && (!a->is_set || (a->addr.length == b->addr.length &&
                                                     memcmp(&a->addr.storage, &b->addr.storage, a->addr.length) == 0));
}

/* ---- preparing ---- */

/* Where it is now: true if it is to stay there. */
static bool keeps_socket(const struct admin *admin, const char *path) {
    const char *now = addr_unix_path(&admin->socket.addr);

    return admin->socket.is_set && path && now && strcmp(now, path) == 0;
}

static int prepare_socket(struct admin_change *change, const struct server_config *conf, bool is_trial,
                          struct error *error) {
    const struct admin *admin = change->admin;
    const struct server_config *started = admin->options.config.started; /* by whose user it runs */
    char owner[160];

    snprintf(owner, sizeof owner, "%s%s%s", started->user ? started->user : "", started->group ? ":" : "",
             started->group ? started->group : "");
    const struct operations_socket at = {.path = conf->admin_socket,
                                         .preset = ADMIN_SERVER_PLACE,
                                         .owner = *owner ? owner : NULL,
                                         .program = "munneld"};
    if (is_trial || keeps_socket(admin, conf->admin_socket)) {
        change->socket.at = admin->socket;
        return 0;
    }
    int result = operations_bind(admin->options.log, &at, &change->socket.local, error);
    change->socket.at.is_set = change->socket.local;
    if (change->socket.local)
        change->socket.at.addr = *local_listener_addr(change->socket.local);
    return result;
}

static int prepare_http(struct admin_change *change, const struct server_config *conf, bool is_trial,
                        struct error *error) {
    struct wanted *tcp = &change->tcp;
    struct endpoint endpoint;

    if (!conf->admin_http)
        return 0;
    if (endpoint_parse(&endpoint, conf->admin_http, error))
        return -1;
    if (!addr_from_endpoint(&tcp->at.addr, &endpoint))
        return error_set(error, "not a numeric address: %s", conf->admin_http);
    tcp->at.is_set = true;
    if (is_trial || is_same(&tcp->at, &change->admin->tcp))
        return 0;
    tcp->fd = sock_bind(&tcp->at.addr, error);
    return tcp->fd >= 0 ? 0 : -1;
}

static int prepare_tokens(struct admin_change *change, const struct server_config *conf, struct error *error) {
    if (!conf->admin_http)
        return 0;
    change->tokens = http_tokens_read(conf->admin_tokens, error);
    return change->tokens ? 0 : -1;
}

struct admin_change *admin_prepare(struct admin *admin, const struct server_config *conf, bool is_trial,
                                   struct option_fault *fault, struct error *error) {
    const struct option_place top = server_config_top(conf, fault, error);
    struct admin_change *change = calloc(1, sizeof *change);
    struct error detail = {""};
    const char *option = "admin.socket";

    if (!change) {
        error_set(error, "out of memory");
        return NULL;
    }
    *change = (struct admin_change){.admin = admin, .socket = {.fd = -1}, .tcp = {.fd = -1}};
    int failed = prepare_socket(change, conf, is_trial, &detail);
    if (!failed) {
        option = "admin.http";
        failed = prepare_http(change, conf, is_trial, &detail);
    }
    if (!failed) {
        option = "admin.tokens";
        failed = prepare_tokens(change, conf, &detail);
    }
    if (!failed)
        return change;
    const struct option_place place = option_below(&top, option);
    option_error(&place, "%s", detail.text);
    admin_change_free(change);
    return NULL;
}

static void discard(const struct wanted *wanted) {
    sock_close(wanted->fd);
    local_listener_free(wanted->local);
}

void admin_change_free(struct admin_change *change) {
    if (!change)
        return;
    discard(&change->socket);
    discard(&change->tcp);
    http_tokens_free(change->tokens);
    free(change);
}

/* ---- applying ---- */

static void leave(const struct admin *admin, struct admin_address *from) {
    if (from->is_set)
        http_server_unlisten(admin->shared.http, &from->addr);
    from->is_set = false;
}

/* The new address is opened before the old one is closed, so that one of them always accepts. */
static int move(const struct admin *admin, struct admin_address *from, struct wanted *to, struct error *error) {
    int result = 0;

    if (is_same(from, &to->at))
        return 0;
    if (to->local)
        result = http_server_listen_local(admin->shared.http, to->local, error);
    else if (to->fd >= 0)
        result = http_server_listen_fd(admin->shared.http, to->fd, &to->at.addr, error);
    to->local = NULL;
    to->fd = -1;
    leave(admin, from);
    *from = to->at;
    from->is_set = to->at.is_set && !result;
    return result;
}

int admin_apply(struct admin_change *change, struct error *error) {
    struct admin *admin = change->admin;
    bool was_elsewhere = !is_same(&admin->tcp, &change->tcp.at);
    char text[ADDR_TEXT];

    http_server_set_tokens(admin->shared.http, change->tokens);
    change->tokens = NULL;
    int result = move(admin, &admin->socket, &change->socket, error);
    if (move(admin, &admin->tcp, &change->tcp, result ? NULL : error))
        result = -1;
    if (was_elsewhere && admin->tcp.is_set)
        log_write(admin->options.log, LOG_LEVEL_INFO, "admin", "listening on http://%s/",
                  addr_format(&admin->tcp.addr, text, sizeof text));
    return result;
}

int admin_listen(struct admin *admin, struct error *error) {
    struct admin_change *change = admin_prepare(admin, admin->options.policy->conf, false, NULL, error);
    int result = change ? admin_apply(change, error) : -1;

    admin_change_free(change);
    return result;
}

void admin_shut(struct admin *admin) {
    if (!admin)
        return;
    leave(admin, &admin->socket);
    leave(admin, &admin->tcp);
}
