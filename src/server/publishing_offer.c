/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publishing_offer: what an agent asks for, and what it gets; see publishing.h.
 */
#include "config.h"

#include "server/publishing_priv.h"

#include "conf/server_published.h"
#include "conf/validators.h"
#include "lib/base/clock.h"
#include "lib/base/date.h"
#include "lib/base/strbuf.h"
#include "server/service/publish_port.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

static struct publish_owner owner_of(const struct session *session) {
    return (struct publish_owner){session_id(session), session_who(session)};
}

static void refuse(struct publishing *publishing, const struct session *session, const char *name,
                   enum publish_refusal refusal, const char *detail) {
    const struct publish_owner owner = owner_of(session);

    publishing_note_refused(publishing, &owner, name, refusal, detail);
}

static int check_destinations(const struct publish_offer *offer, struct error *error) {
    for (size_t i = 0; i < offer->to_count; i++)
        if (validate_destination(offer->to[i], error))
            return -1;
    return 0;
}

static bool same_destinations(const struct strlist *to, const struct publish_offer *offer) {
    const struct strlist offered = {(char **)(uintptr_t)offer->to, offer->to_count};

    return strlist_same(to, &offered);
}

/* Two live processes of one name would take it from each other in turn. Another session of the same process is that
 * of an agent that reconnects; and a process that does not answer may have been started anew. */
static bool is_kept_by_another(const struct publishing *publishing, const struct session *session,
                               const struct published_entry *entry) {
    const struct session *other = session_table_find_id_any(publishing->server->sessions, entry->session);

    return other && other != session && session_is_connected(other) && !session_is_silent(other) &&
           strcmp(session_instance(other), session_instance(session)) != 0;
}

/* Whose name it is. 0, or -1 with why it cannot be this agent's. */
static int check_name(const struct publishing *publishing, const struct session *session, const char *name,
                      const struct published_entry *entry, enum publish_refusal *refusal, struct error *error) {
    const struct server_config *conf = publishing->server->conf;
    char date[DATE_TEXT];

    *refusal = PUBLISH_TAKEN;
    if (server_config_check_name(conf, name, error))
        return -1;
    if (entry && !published_is_of(entry, session_credential(session), session_name(session)))
        return error_set(error, "%s is published by %s since %s", name, entry->who, date_format(entry->since, date));
    if (entry && is_kept_by_another(publishing, session, entry))
        return error_set(error, "%s is published by another process of this agent's name since %s", name,
                         date_format(entry->since, date));
    *refusal = PUBLISH_STOPPED;
    if (entry && *entry->stopped_by && strcmp(entry->session, session_id(session)) == 0)
        return error_set(error, "%s was stopped by %s", name, entry->stopped_by);
    *refusal = PUBLISH_TOO_MANY;
    if (!entry && (published_count_of(publishing->published, session_credential(session)) >= conf->publish.max ||
                   publishing->published->count >= PUBLISHED_MOST))
        return error_set(error, "the agents of a credential may publish %u services (publish.max)", conf->publish.max);
    return 0;
}

/* Does it get what it asks for where it is already? */
static bool is_where_wanted(const struct published_entry *entry, const struct publish_offer *offer,
                            const struct publish_scene *scene) {
    enum publish_refusal refusal;
    struct publish_place place = {.port = entry->port};

    memcpy(place.host, entry->host, sizeof place.host);
    if (publish_place_check(scene, &place, &refusal, NULL))
        return false;
    if (!offer->is_exact || (!offer->host && !offer->port))
        return true;
    return offer->host ? strcasecmp(offer->host, entry->host) == 0 : offer->port == entry->port;
}

/* 0, or -1 with why. */
static int find_place(const struct publish_scene *scene, const struct publish_offer *offer,
                      const struct published_entry *entry, struct publish_place *place, enum publish_refusal *refusal,
                      struct error *error) {
    if (!entry || !is_where_wanted(entry, offer, scene))
        return publish_place_choose(scene, offer, place, refusal, error);
    *place = (struct publish_place){.port = entry->port};
    memcpy(place->host, entry->host, sizeof place->host);
    return 0;
}

/* Looked at before any name: an agent that may not publish learns nothing of the server's services. */
int publishing_check_permit(const struct publishing *publishing, const struct session *session, struct error *error) {
    const struct credential *credential = publishing_credential(publishing, session_credential(session));

    return credential ? publish_place_check_permit(&credential->publish, credential->name, error)
                      : error_set(error, "publishing needs a credential that permits it, and this agent has none");
}

static int judge(const struct publishing *publishing, const struct session *session, const struct publish_offer *offer,
                 const struct published_entry *entry, struct publish_place *place, enum publish_refusal *refusal,
                 struct error *error) {
    const struct credential *credential = publishing_credential(publishing, session_credential(session));
    const struct published_entry self = {.port = 0};

    *refusal = PUBLISH_NOT_PERMITTED;
    if (publishing_check_permit(publishing, session, error) ||
        check_name(publishing, session, offer->name, entry, refusal, error))
        return -1;
    *refusal = PUBLISH_INVALID;
    if (check_destinations(offer, error))
        return -1;
    struct publish_scene scene =
        publishing_scene(publishing, publishing->server->conf, &credential->publish, entry ? entry : &self);
    scene.credential = credential->name;
    scene.name = offer->name;
    scene.can_open = publish_port_can_open;
    return find_place(&scene, offer, entry, place, refusal, error);
}

static int fill(struct published_entry *entry, const struct session *session, const struct publish_offer *offer,
                const struct publish_place *place) {
    strlist_done(&entry->to);
    for (size_t i = 0; i < offer->to_count; i++)
        if (strlist_add(&entry->to, offer->to[i]))
            return -1;
    strbuf_copy(entry->credential, sizeof entry->credential, session_credential(session));
    strbuf_copy(entry->agent, sizeof entry->agent, session_name(session));
    strbuf_copy(entry->who, sizeof entry->who, session_who(session));
    strbuf_copy(entry->session, sizeof entry->session, session_id(session));
    memcpy(entry->host, place->host, sizeof entry->host);
    entry->port = place->port;
    entry->gone_us = 0;
    *entry->stopped_by = '\0';
    entry->is_fresh = true;
    return 0;
}

/* Its other session, perhaps of a process that died, has it no longer. */
static void take_over(struct publishing *publishing, const struct published_entry *entry,
                      const struct session *session) {
    const struct publish_owner before = {entry->session, entry->who};

    if (strcmp(entry->session, session_id(session)) != 0 && !entry->gone_us)
        publishing_answer_refused(publishing, &before, entry->name,
                                  "the same agent has published it by another session");
}

static bool is_unchanged(const struct published_entry *entry, const struct session *session,
                         const struct publish_offer *offer, const struct publish_place *place) {
    return entry && entry->is_active && strcmp(entry->session, session_id(session)) == 0 &&
           entry->port == place->port && strcmp(entry->host, place->host) == 0 && same_destinations(&entry->to, offer);
}

static void add(struct publishing *publishing, const struct session *session, const struct publish_offer *offer) {
    struct published_entry *entry = published_find(publishing->published, offer->name);
    struct publish_place place;
    enum publish_refusal refusal;
    struct error error = {""};

    if (judge(publishing, session, offer, entry, &place, &refusal, &error)) {
        refuse(publishing, session, offer->name, refusal, error.text);
        return;
    }
    if (is_unchanged(entry, session, offer, &place)) {
        publishing_answer_published(publishing, entry);
        return;
    }
    if (entry)
        take_over(publishing, entry, session);
    else
        entry = published_add(publishing->published, offer->name);
    if (entry && !entry->since)
        entry->since = clock_wall();
    config_ports_add(&publishing->taken, place.port);
    if (entry && fill(entry, session, offer, &place) == 0)
        publishing->has_changed = true;
    else if (entry)
        publishing_withdraw(publishing, entry, PUBLISH_FAILED, "out of memory");
    else
        refuse(publishing, session, offer->name, PUBLISH_FAILED, "out of memory");
}

static void withdraw_own(struct publishing *publishing, const char *session, const char *name) {
    struct published_entry *entry = published_find(publishing->published, name);

    if (!entry || strcmp(entry->session, session) != 0)
        return;
    publishing_note_removed(publishing, entry, "its agent offers it no longer");
    publishing->has_changed |= entry->is_active;
    published_remove(publishing->published, entry);
}

void publishing_refuse(struct publishing *publishing, const struct session *session, const struct publish *message,
                       enum publish_refusal refusal, const char *detail) {
    struct publish_offer offer;

    for (size_t i = 0; i < message->add_count; i++) {
        publish_added(message, i, &offer);
        refuse(publishing, session, offer.name, refusal, detail);
    }
    publishing_send_answers(publishing);
}

void publishing_obey(struct publishing *publishing, const struct publish_asked *asked, const struct session *session) {
    struct publish message;
    struct publish_offer offer;
    struct error error;

    if (publish_parse(&message, asked->json, &error))
        return;
    for (size_t i = 0; i < message.remove_count; i++)
        withdraw_own(publishing, asked->session, publish_removed(&message, i));
    for (size_t i = 0; session && i < message.add_count; i++) {
        publish_added(&message, i, &offer);
        add(publishing, session, &offer);
    }
}
