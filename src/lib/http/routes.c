/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * routes: finds the route of a path, segment by segment, and its parameters. A table has some dozens, and a request
 * looks through it once.
 * Runs on: the thread of the event base. Owns: nothing.
 */
#include "config.h"

#include "lib/http/request_priv.h"

#include <event2/http_struct.h>
#include <stdlib.h>
#include <string.h>

struct segments { /* what is left of two paths */
    const char *route, *path;
    size_t path_length;
};

static bool is_param(const char *segment, size_t length) {
    return length > 2 && segment[0] == '{' && segment[length - 1] == '}';
}

/* Do both begin with a segment that fits? Moves behind them; *length: of the path's. */
static bool next_segment(struct segments *left, const char **route, size_t *route_length, const char **path,
                         size_t *length) {
    *route = left->route + 1;
    *route_length = strcspn(*route, "/");
    *path = left->path + 1;
    const char *slash = memchr(*path, '/', left->path_length - 1);
    *length = slash ? (size_t)(slash - *path) : left->path_length - 1;
    left->route = *route + *route_length;
    left->path = *path + *length;
    left->path_length -= *length + 1;
    return is_param(*route, *route_length) || (*route_length == *length && memcmp(*route, *path, *length) == 0);
}

static bool fits(const char *route, const struct target *target) {
    struct segments left = {route, target->path, target->path_length};
    while (*left.route && left.path_length) {
        const char *name, *value;
        size_t name_length, length;
        if (!next_segment(&left, &name, &name_length, &value, &length))
            return false;
    }
    return !*left.route && !left.path_length;
}

/* Of a path that fits. False: one cannot be decoded. */
static bool take_params(struct http_request *request) {
    struct segments left = {request->route->path, request->target.path, request->target.path_length};
    while (*left.route) {
        const char *name, *value;
        size_t name_length, length;
        (void)next_segment(&left, &name, &name_length, &value, &length);
        if (!is_param(name, name_length))
            continue;
        struct http_value *param = &request->params[request->param_count++];
        param->name = name + 1;
        param->name_length = name_length - 2;
        if (!target_decode_segment(param->text, value, length))
            return false;
    }
    return true;
}

static bool refuse(struct http_request *request, unsigned status) {
    http_answer_error(request, status,
                      status == 404   ? "there is nothing at %s"
                      : status == 405 ? "%s does not take this method"
                                      : "a part of %s is malformed: it is to be UTF-8 without control "
                                        "characters and \"/\", 1 to 255 bytes, not \".\" or \"..\"",
                      request->path);
    return false;
}

static bool check_asset(struct http_request *request) {
    const struct http_options *options = &request->server->options;
    request->asset =
        http_asset_find(options->assets, options->asset_count, request->target.path, request->target.path_length);
    if (!request->asset && !request->allowed)
        return refuse(request, 404);
    if (request->asset && request->method == HTTP_METHOD_GET)
        return true;
    request->allowed |= request->asset ? 1u << HTTP_METHOD_GET : 0;
    request->asset = NULL; /* the answer is not the page's */
    return refuse(request, 405);
}

bool http_check_route(struct http_request *request) {
    const struct http_options *options = &request->server->options;
    if (!request->target.path) { /* TRACE or CONNECT */
        request->allowed = (1u << HTTP_METHOD_OTHER) - 1;
        return refuse(request, 405);
    }
    for (size_t i = 0; i < options->route_count; i++) {
        const struct http_route *route = &options->routes[i];
        if (!fits(route->path, &request->target))
            continue;
        request->allowed |= 1u << route->method;
        if (route->method == request->method && !request->route)
            request->route = route;
    }
    if (!request->route)
        return check_asset(request);
    return take_params(request) || refuse(request, 400);
}

static const char *mistake_of(const struct http_route *route) {
    size_t params = 0;
    if (!route->path || route->path[0] != '/' || !route->handle || (unsigned)route->method >= HTTP_METHOD_OTHER)
        return "has no path, no handler or no method";
    for (const char *at = route->path; *at; at += strcspn(at, "/")) {
        at++;
        size_t length = strcspn(at, "/");
        params += is_param(at, length);
        if (!is_param(at, length) && memchr(at, '{', length))
            return "has a parameter that is not a whole segment";
    }
    return params > HTTP_PARAMS_MOST ? "has more than 4 parameters" : NULL;
}

int http_routes_check(const struct http_route *routes, size_t count, struct error *error) {
    for (size_t i = 0; i < count; i++) {
        const char *mistake = mistake_of(&routes[i]);
        if (mistake)
            return error_set(error, "route %zu: %s %s", i, routes[i].path ? routes[i].path : "-", mistake);
        for (size_t k = 0; k < i; k++)
            if (routes[k].method == routes[i].method && !strcmp(routes[k].path, routes[i].path))
                return error_set(error, "route %zu: %s %s is there twice", i, http_method_name(routes[i].method),
                                 routes[i].path);
    }
    return 0;
}
