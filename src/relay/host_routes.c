/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * host_routes: see host_routes.h. The names are sorted; of a name each part behind a dot is looked for, which are at
 * most 127, whatever the client sends.
 */
#include "config.h"

#include "relay/host_routes.h"

#include "proto/host_name.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct route {
    char *name;
    size_t order; /* in which they were added */
    struct service *service;
};

struct host_routes {
    atomic_uint references;
    struct route *routes; /* sorted */
    size_t count;
    struct service *rest;
};

struct host_routes *host_routes_new(void) {
    struct host_routes *routes = calloc(1, sizeof *routes);

    if (routes)
        atomic_init(&routes->references, 1);
    return routes;
}

struct host_routes *host_routes_hold(struct host_routes *routes) {
    atomic_fetch_add_explicit(&routes->references, 1, memory_order_relaxed);
    return routes;
}

void host_routes_release(struct host_routes *routes) {
    if (!routes || atomic_fetch_sub_explicit(&routes->references, 1, memory_order_acq_rel) > 1)
        return;
    for (size_t i = 0; i < routes->count; i++)
        free(routes->routes[i].name);
    free(routes->routes);
    free(routes);
}

static int compare(const void *a, const void *b) {
    return strcmp(((const struct route *)a)->name, ((const struct route *)b)->name);
}

static struct service *find_exact(const struct host_routes *routes, char *name) {
    const struct route wanted = {.name = name};
    const struct route *found =
        routes->count ? bsearch(&wanted, routes->routes, routes->count, sizeof *routes->routes, compare) : NULL;

    return found ? found->service : NULL;
}

static bool make_name(const char *host, char name[HOST_NAME_SIZE]) {
    bool is_below = strncmp(host, "*.", 2) == 0;

    if (!host_name_read(is_below ? host + 1 : host, name + is_below))
        return false;
    if (is_below)
        name[0] = '*';
    return true;
}

static int add_name(struct host_routes *routes, const char *host, struct service *service) {
    char name[HOST_NAME_SIZE + 1];

    if (!make_name(host, name))
        return 0; /* no check of a configuration lets it through */
    char *copy = strdup(name);
    if (!copy)
        return -1;
    routes->routes[routes->count] = (struct route){.name = copy, .order = routes->count, .service = service};
    routes->count++;
    return 0;
}

static int compare_order(const void *a, const void *b) {
    const struct route *first = a, *second = b;
    int names = compare(a, b);

    return names ? names : first->order < second->order ? -1 : first->order > second->order;
}

void host_routes_sort(struct host_routes *routes) {
    size_t count = 0;

    if (!routes->count)
        return;
    qsort(routes->routes, routes->count, sizeof *routes->routes, compare_order);
    for (size_t i = 0; i < routes->count; i++) {
        if (count && compare(&routes->routes[count - 1], &routes->routes[i]) == 0)
            free(routes->routes[i].name);
        else
            routes->routes[count++] = routes->routes[i];
    }
    routes->count = count;
}

int host_routes_add(struct host_routes *routes, const struct strlist *hosts, struct service *service) {
    struct route *room = realloc(routes->routes, (routes->count + hosts->count + 1) * sizeof *room);

    if (!room)
        return -1;
    routes->routes = room;
    if (hosts->count == 0 && !routes->rest)
        routes->rest = service;
    for (size_t i = 0; i < hosts->count; i++)
        if (add_name(routes, hosts->items[i], service))
            return -1;
    return 0;
}

struct service *host_routes_find(const struct host_routes *routes, const char *name) {
    char below[HOST_NAME_SIZE + 1];

    snprintf(below, sizeof below, "%s", name);
    struct service *service = find_exact(routes, below);
    for (const char *dot = strchr(name, '.'); dot && !service; dot = strchr(dot + 1, '.')) {
        snprintf(below, sizeof below, "*%s", dot);
        service = find_exact(routes, below);
    }
    return service;
}

struct service *host_routes_lead(const struct host_routes *routes, const char *name) {
    struct service *service = *name ? host_routes_find(routes, name) : NULL;

    return service ? service : routes->rest;
}
