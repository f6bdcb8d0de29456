/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * listener_group: see listener_group.h.
 * Runs on: the control thread. Owns: the listeners.
 */
#include "config.h"

#include "server/service/listener_group.h"

#include "server/service/listen_addrs.h"

#include <stdlib.h>

struct listener_group {
    struct listener_options options;
    struct listener **all;
    size_t count;
};

/* Returns 0 also when an address of "*:80" is of a family that this machine has not, as long as another one is. */
static int bind_all(struct listener_group *listeners, const struct listen_addrs *addrs, struct error *error) {
    size_t before = listeners->count;

    for (int i = 0; i < addrs->count; i++) {
        struct listener *listener = listener_new(&listeners->options, &addrs->addresses[i], error);
        if (listener)
            listeners->all[listeners->count++] = listener;
        else if (!addrs->every || (i + 1 == addrs->count && listeners->count == before))
            return -1;
        else
            log_write(listeners->options.log, LOG_LEVEL_WARNING, listeners->options.who, "%s", error->text);
    }
    return 0;
}

struct listener_group *listener_group_new(const struct listener_options *options, const struct strlist *addrs,
                                          struct error *error) {
    struct listener_group *listeners = calloc(1, sizeof *listeners);
    struct listener **all = calloc(addrs->count * LISTEN_ADDRS_MAX + 1, sizeof(struct listener *));

    if (!listeners || !all) {
        error_set(error, "out of memory");
        free(listeners);
        free(all);
        return NULL;
    }
    listeners->options = *options;
    listeners->all = all;
    for (size_t i = 0; i < addrs->count; i++) {
        struct listen_addrs found;
        if (listen_addrs_resolve(&found, addrs->items[i], error) || bind_all(listeners, &found, error)) {
            listener_group_free(listeners);
            return NULL;
        }
    }
    return listeners;
}

int listener_group_open(struct listener_group *listeners, struct error *error) {
    int result = 0;

    for (size_t i = 0; i < listeners->count; i++)
        if (listener_open(listeners->all[i], result ? NULL : error))
            result = -1;
    return result;
}

void listener_group_shut(struct listener_group *listeners) {
    for (size_t i = 0; i < listeners->count; i++)
        listener_shut(listeners->all[i]);
}

void listener_group_free(struct listener_group *listeners) {
    if (!listeners)
        return;
    for (size_t i = 0; i < listeners->count; i++)
        listener_free(listeners->all[i]);
    free(listeners->all);
    free(listeners);
}

void listener_group_log(const struct listener_group *listeners, const char *event) {
    char text[ADDR_TEXT];

    for (size_t i = 0; i < listeners->count; i++)
        log_write(listeners->options.log, LOG_LEVEL_INFO, listeners->options.who, "%s %s", event,
                  addr_format(listener_addr(listeners->all[i]), text, sizeof text));
}
