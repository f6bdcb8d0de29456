/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publishing_apply: services that agents offer, into the configuration in force; see publishing.h.
 */
#include "config.h"

#include "server/publishing_priv.h"

#include "conf/server_check.h"
#include "conf/server_published.h"
#include "server/reconfigure.h"

#include <stdint.h>
#include <string.h>

/* ---- may it stay? ---- */

const struct credential *publishing_credential(const struct publishing *publishing, const char *name) {
    const struct credentials *credentials = publishing->server->policy.credentials;
    const struct credential *found = credentials && *name ? credentials_find(credentials, name) : NULL;

    return found && found->expires && time(NULL) >= found->expires ? NULL : found;
}

struct publish_scene publishing_scene(const struct publishing *publishing, const struct server_config *conf,
                                      const struct publish_permit *permit, const struct published_entry *entry) {
    return (struct publish_scene){.conf = conf,
                                  .published = publishing->published,
                                  .permit = permit,
                                  .self = entry,
                                  .taken = conf == publishing->server->conf ? &publishing->taken : NULL,
                                  .credential = entry->credential,
                                  .name = entry->name};
}

/* By what the configuration has besides. 0 or -1. */
int publishing_check(const struct publishing *publishing, const struct server_config *conf,
                     const struct published_entry *entry, enum publish_refusal *refusal, struct error *error) {
    static const struct publish_permit none;
    const struct credential *credential = publishing_credential(publishing, entry->credential);
    const struct publish_scene scene =
        publishing_scene(publishing, conf, credential ? &credential->publish : &none, entry);
    struct publish_place place = {.port = entry->port};

    memcpy(place.host, entry->host, sizeof place.host);
    *refusal = PUBLISH_TAKEN;
    if (server_config_check_name(conf, entry->name, error))
        return -1;
    return publish_place_check(&scene, &place, refusal, error);
}

/* ---- into the configuration ---- */

static int add_to(struct server_config *conf, const struct published_entry *entry, struct error *error) {
    return server_config_publish(conf,
                                 &(struct config_published){.name = entry->name,
                                                            .to = &entry->to,
                                                            .host = entry->host,
                                                            .port = entry->port,
                                                            .publisher = entry->session},
                                 error);
}

void publishing_merge(const struct publishing *publishing, struct server_config *conf) {
    enum publish_refusal refusal;
    struct error error;

    for (size_t i = 0; publishing && i < publishing->published->count; i++) {
        const struct published_entry *entry = publishing->published->items[i];
        if (entry->is_active && publishing_check(publishing, conf, entry, &refusal, &error) == 0)
            (void)add_to(conf, entry, &error);
    }
}

/* Of the machine and the files of the configuration nothing has changed: only what services say together is checked. */
static int prepare_and_apply(struct server *server, struct server_config *conf, struct error *error) {
    const struct reconfigure_options options = {.conf = conf, .is_services_only = true, .keeps_ports = server->reserve};
    const struct option_place top = server_config_top(conf, NULL, error);
    struct option_fault fault;

    if (server_check_file(conf, &top))
        return -1;
    struct reconfigure *change = reconfigure_prepare(server, &options, &fault, error);
    if (!change)
        return -1;
    reconfigure_apply(change);
    reconfigure_free(change);
    return 0;
}

/* All that are active, as one step. 0, or -1 and nothing has changed. */
static int put_into_force(struct publishing *publishing, struct error *error) {
    struct server_config *conf = server_config_copy(publishing->server->conf, error);
    int failed = conf ? 0 : -1;

    for (size_t i = 0; !failed && i < publishing->published->count; i++)
        if (publishing->published->items[i]->is_active)
            failed = add_to(conf, publishing->published->items[i], error);
    if (!failed)
        failed = prepare_and_apply(publishing->server, conf, error);
    if (conf)
        server_config_free(conf);
    return failed;
}

/* The first `most` of those that are fresh are part of it, the others wait. Returns how many are fresh and part of it.
 */
static size_t choose_fresh(const struct published_table *published, size_t most) {
    size_t count = 0;

    for (size_t i = 0; i < published->count; i++) {
        struct published_entry *entry = published->items[i];
        if (entry->is_fresh)
            count += entry->is_active = count < most;
    }
    return count;
}

static bool has_fresh(const struct published_table *published) {
    for (size_t i = 0; i < published->count; i++)
        if (published->items[i]->is_fresh)
            return true;
    return false;
}

static void note_published(struct publishing *publishing, size_t tried) {
    const struct published_table *published = publishing->published;

    for (size_t i = 0; i < published->count; i++)
        if (published->items[i]->is_fresh && published->items[i]->is_active)
            publishing_note_published(publishing, published->items[i]);
    publishing->has_fresh = has_fresh(published);
    if (!publishing->has_fresh)
        publishing->fresh_most = SIZE_MAX;
    else if (tried && publishing->fresh_most < SIZE_MAX / 2)
        publishing->fresh_most *= 2;
}

static void withdraw_tried(struct publishing *publishing, const struct error *why) {
    for (size_t i = 0; i < publishing->published->count; i++)
        if (publishing->published->items[i]->is_tried)
            publishing_withdraw_failed(publishing, publishing->published->items[i], why->text);
    publishing->has_fresh = has_fresh(publishing->published);
}

/* One of those that are fresh cannot be opened: the others are not to pay for it, and what has ended ends now. The next
 * turns try half as many, until it is found. */
static void go_without_fresh(struct publishing *publishing, size_t tried, const struct error *why) {
    const struct published_table *published = publishing->published;
    struct error error;

    for (size_t i = 0; i < published->count; i++)
        published->items[i]->is_tried = published->items[i]->is_fresh && published->items[i]->is_active;
    (void)choose_fresh(published, 0);
    publishing->fresh_most = tried > 1 ? tried / 2 : 1;
    if (put_into_force(publishing, &error))
        publishing_note_stuck(publishing, error.text); /* it is no fault of theirs */
    else if (tried == 1)
        withdraw_tried(publishing, why);
}

static size_t count_changed(const struct published_table *published) {
    size_t count = 0;

    for (size_t i = 0; i < published->count; i++)
        count += published->items[i]->is_fresh && published->items[i]->is_active;
    return count;
}

void publishing_apply(struct publishing *publishing, bool with_fresh) {
    struct error error;

    publishing->has_changed = false;
    publishing->has_fresh = true; /* until all are in force */
    size_t tried =
        with_fresh ? choose_fresh(publishing->published, publishing->fresh_most) : count_changed(publishing->published);
    if (put_into_force(publishing, &error) == 0)
        note_published(publishing, tried);
    else if (tried)
        go_without_fresh(publishing, tried, &error);
    else
        publishing_note_stuck(publishing, error.text);
}
