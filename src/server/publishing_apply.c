/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publishing_apply: services that agents offer, into the configuration in force; see publishing.h.
 */
#include "config.h"

#include "server/publishing_priv.h"

#include "conf/server_published.h"
#include "server/reconfigure.h"

#include <string.h>

enum { PORTS_TRIED = 8 };

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

static int prepare_and_apply(struct server *server, struct server_config *conf, struct error *error) {
    const struct reconfigure_options options = {.conf = conf, .is_services_only = true, .keeps_ports = server->reserve};
    struct option_fault fault;

    if (server_config_check_at(conf, NULL, error))
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

/* Another port may be free where the first one is some other program's. */
static int try_alone(struct publishing *publishing, struct published_entry *entry, struct error *error) {
    const struct credential *credential = publishing_credential(publishing, entry->credential);
    const struct publish_offer any = {.port = 0};
    struct publish_place place;
    enum publish_refusal refusal;
    struct error first;
    int failed;

    entry->is_active = true;
    failed = put_into_force(publishing, &first);
    for (unsigned tried = 1; failed && credential && entry->has_chosen_port && tried < PORTS_TRIED; tried++) {
        struct publish_scene scene =
            publishing_scene(publishing, publishing->server->conf, &credential->publish, entry);
        scene.skip = tried;
        if (publish_place_choose(&scene, &any, &place, &refusal, error) || *place.host)
            break;
        entry->port = place.port;
        failed = put_into_force(publishing, error);
    }
    if (failed)
        *error = first;
    return failed;
}

/* One of those that are fresh cannot be opened: the others are not to pay for it. */
static void try_each(struct publishing *publishing, struct published_entry **fresh, size_t count) {
    struct error error;

    for (size_t i = 0; i < count; i++)
        fresh[i]->is_active = false;
    publishing->has_changed = put_into_force(publishing, &error); /* without memory the next turn has it */
    for (size_t i = 0; i < count; i++)
        if (try_alone(publishing, fresh[i], &error))
            publishing_withdraw(publishing, fresh[i], PUBLISH_FAILED, error.text);
}

void publishing_apply(struct publishing *publishing) {
    struct published_table *published = publishing->published;
    struct published_entry *fresh[OFFERS_A_TURN + PUBLISH_MAX];
    size_t count = 0;
    struct error error;

    for (size_t i = 0; i < published->count; i++)
        if (published->items[i]->is_fresh && count < sizeof fresh / sizeof *fresh)
            fresh[count++] = published->items[i];
    for (size_t i = 0; i < count; i++)
        fresh[i]->is_active = true;
    if (put_into_force(publishing, &error))
        try_each(publishing, fresh, count);
    for (size_t i = 0; i < published->count; i++)
        if (published->items[i]->is_fresh)
            publishing_note_published(publishing, published->items[i]);
}
