/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publishing_answer: what agents are told of the services that they offer, and what of it is logged; see publishing.h.
 */
#include "config.h"

#include "server/publishing_priv.h"

#include "admin/recent_events.h"
#include "conf/advertised_addr.h"
#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "lib/net/addr.h"
#include "proto/json_fields.h"

#include <stdlib.h>
#include <string.h>

enum { LINES_A_MINUTE = 120, HTTP_PORT = 80, HTTPS_PORT = 443 };

struct publish_answer {
    char session[PROTO_INSTANCE_HEX], name[PROTO_NAME_MAX + 1];
    char refusal[PUBLISHED_REASON_MAX + 1]; /* "": it is published */
};

/* ---- where it is reached ---- */

static void write_host_address(const struct server_config *conf, const char *host, char *text, size_t size) {
    struct endpoint endpoint = {.port = 0};
    bool has_tls = conf->publish.certificates.count;

    if (conf->publish.hosts_listen.count)
        (void)endpoint_parse(&endpoint, conf->publish.hosts_listen.items[0], NULL);
    if (endpoint.port == HTTPS_PORT || (endpoint.port == HTTP_PORT && !has_tls))
        snprintf(text, size, "http%s://%s", endpoint.port == HTTPS_PORT ? "s" : "", host);
    else
        snprintf(text, size, "%s%s:%u", has_tls ? "https://" : "", host, (unsigned)endpoint.port);
}

/* Without a name that is known of the server only the port: the agent knows by which name it has found it. */
static void write_port_address(const struct server_config *conf, unsigned port, char *text, size_t size) {
    char listen[ENDPOINT_HOST + 8], address[ADVERTISED_ADDR_TEXT];

    snprintf(listen, sizeof listen, "%s:%u", conf->publish.listen.items[0], port);
    if (conf->publish.address)
        snprintf(text, size, "%s:%u", conf->publish.address, port);
    else if (advertised_addr(listen, NULL, conf->agents.certificate, address))
        snprintf(text, size, "%s", address);
    else
        snprintf(text, size, ":%u", port);
}

static void write_address(const struct publishing *publishing, const struct published_entry *entry, char *text,
                          size_t size) {
    if (*entry->host)
        write_host_address(publishing->server->conf, entry->host, text, size);
    else
        write_port_address(publishing->server->conf, entry->port, text, size);
}

/* ---- answers ---- */

static struct publish_answer *new_answer(struct publishing *publishing) {
    size_t room = publishing->answer_room ? 2 * publishing->answer_room : 16;

    if (publishing->answer_count == publishing->answer_room) {
        struct publish_answer *answers = realloc(publishing->answers, room * sizeof *answers);
        if (!answers)
            return NULL;
        publishing->answers = answers;
        publishing->answer_room = room;
    }
    return &publishing->answers[publishing->answer_count++];
}

void publishing_answer_refused(struct publishing *publishing, const struct publish_owner *owner, const char *name,
                               const char *detail) {
    struct publish_answer *answer = new_answer(publishing);

    if (!answer)
        return;
    strbuf_copy(answer->session, sizeof answer->session, owner->session);
    strbuf_copy(answer->name, sizeof answer->name, name);
    json_text_copy_clean(answer->refusal, sizeof answer->refusal, *detail ? detail : "refused");
}

void publishing_answer_published(struct publishing *publishing, const struct published_entry *entry) {
    struct publish_answer *answer = new_answer(publishing);

    if (!answer)
        return;
    strbuf_copy(answer->session, sizeof answer->session, entry->session);
    strbuf_copy(answer->name, sizeof answer->name, entry->name);
    *answer->refusal = '\0';
}

/* False: the message is full. */
static bool write_answer(const struct publishing *publishing, const struct publish_answer *answer,
                         struct publish_writer *writer) {
    const struct published_entry *entry = published_find(publishing->published, answer->name);
    struct published_service service = {.name = answer->name, .refusal = answer->refusal};
    char address[PUBLISHED_ADDRESS_MAX + 1];

    if (*answer->refusal)
        return published_write_service(writer, &service);
    if (!entry || strcmp(entry->session, answer->session) != 0)
        return true; /* another answer says what has become of it */
    write_address(publishing, entry, address, sizeof address);
    service = (struct published_service){.name = entry->name,
                                         .address = address,
                                         .host = *entry->host ? entry->host : NULL,
                                         .port = *entry->host ? 0 : entry->port};
    return published_write_service(writer, &service);
}

/* Those of one session that follow each other, as far as they fit. Returns how many. */
static size_t send_some(const struct publishing *publishing, const struct publish_answer *answers, size_t count) {
    const struct session *session = session_table_find_id_any(publishing->server->sessions, answers->session);
    struct publish_writer writer;
    size_t sent = 0;

    published_write(&writer);
    while (sent < count && strcmp(answers[sent].session, answers->session) == 0 &&
           write_answer(publishing, &answers[sent], &writer))
        sent++;
    bool is_empty = !writer.count;
    char *json = publish_finish(&writer);
    if (json && !is_empty && session && session_is_connected(session))
        plane_send_control(publishing->server->plane, session_control(session), json);
    free(json);
    return sent;
}

void publishing_send_answers(struct publishing *publishing) {
    size_t sent = 0;

    while (sent < publishing->answer_count)
        sent += send_some(publishing, publishing->answers + sent, publishing->answer_count - sent);
    publishing->answer_count = 0;
}

/* ---- what is logged ---- */

static void note(struct publishing *publishing, const struct published_entry *entry, const char *what,
                 const char *detail) {
    char text[RECENT_EVENT_TEXT];
    unsigned left_out = 0;

    if (!log_limit_allows(&publishing->lines, LINES_A_MINUTE, &left_out))
        return;
    log_event(publishing->server->log, LOG_LEVEL_INFO, entry->who, what,
              LOG_FIELDS(LOG_TEXT("service", entry->name), LOG_TEXT("detail", detail),
                         LOG_NUMBER("left_out", left_out)));
    snprintf(text, sizeof text, "%s: %s", entry->who, detail);
    recent_events_add(publishing->server->events, EVENT_KIND_SERVICE, EVENT_INFO, entry->name, what, text);
}

void publishing_note_published(struct publishing *publishing, struct published_entry *entry) {
    char address[PUBLISHED_ADDRESS_MAX + 1];

    entry->is_fresh = false;
    write_address(publishing, entry, address, sizeof address);
    note(publishing, entry, "published", address);
    publishing_answer_published(publishing, entry);
}

void publishing_note_removed(struct publishing *publishing, const struct published_entry *entry, const char *detail) {
    if (entry->is_active)
        note(publishing, entry, "published no longer", detail);
}

static void note_refused(struct publishing *publishing, const struct publish_owner *owner, const char *name,
                         enum publish_refusal refusal, const char *detail) {
    char text[PROTO_NAME_MAX + sizeof(struct error) + 8];
    struct published_trouble what;

    strbuf_copy(what.who, sizeof what.who, owner->who);
    strbuf_copy(what.name, sizeof what.name, name);
    strbuf_copy(what.detail, sizeof what.detail, detail);
    published_note_refused(publishing->published, refusal, &what, clock_us());
    snprintf(text, sizeof text, "%s: %s", name, detail);
    log_throttle_event(&publishing->refusals, publishing->server->log, LOG_LEVEL_WARNING, owner->who,
                       "may not publish a service", text, NULL);
    recent_events_add(publishing->server->events, EVENT_KIND_SERVICE, EVENT_WARNING, name, "not published", detail);
}

void publishing_note_refused(struct publishing *publishing, const struct publish_owner *owner, const char *name,
                             enum publish_refusal refusal, const char *detail) {
    note_refused(publishing, owner, name, refusal, detail);
    publishing_answer_refused(publishing, owner, name, detail);
}

void publishing_note_stuck(struct publishing *publishing, const char *why) {
    log_throttle_event(&publishing->refusals, publishing->server->log, LOG_LEVEL_ERROR, "server",
                       "cannot put services of agents into force; trying again", why, NULL);
}

static void remove_refused(struct publishing *publishing, struct published_entry *entry) {
    publishing->has_changed |= entry->is_active;
    published_remove(publishing->published, entry);
}

void publishing_withdraw(struct publishing *publishing, struct published_entry *entry, enum publish_refusal refusal,
                         const char *detail) {
    const struct publish_owner owner = {entry->session, entry->who};

    publishing_note_refused(publishing, &owner, entry->name, refusal, detail);
    remove_refused(publishing, entry);
}

void publishing_withdraw_failed(struct publishing *publishing, struct published_entry *entry, const char *why) {
    const struct publish_owner owner = {entry->session, entry->who};

    note_refused(publishing, &owner, entry->name, PUBLISH_FAILED, why);
    publishing_answer_refused(publishing, &owner, entry->name, "it cannot be opened; the log of the server says why");
    remove_refused(publishing, entry);
}
