/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * services: see services.h.
 */
#include "config.h"

#include "proto/services.h"

#include "lib/base/json.h"
#include "proto/control.h"
#include "proto/json_fields.h"

#include <string.h>

static const char loopback[] = "loopback"; /* the only word of connect_from */
static const char udp[] = "udp";           /* the only word of protocol: absent, it is TCP */

enum { PROXY_WORD_MAX = 8, OFFER_OVERHEAD = 96 /* bytes of JSON around the texts of a service */ };
enum { FROM_OVERHEAD = 32, PROTOCOL_OVERHEAD = 20, END_TO_END_OVERHEAD = 20 };

int services_check_destinations(char *const *to, size_t to_count, struct error *error) {
    if (to_count > SERVICE_DESTINATIONS_MAX)
        return error_set(error, "%zu destinations are too many; write %d at most", to_count, SERVICE_DESTINATIONS_MAX);
    for (size_t i = 0; i < to_count; i++)
        if (!json_text_is_clean(to[i], SERVICE_DESTINATION_MAX))
            return error_set(error, "destination %zu has a control character in it; type it again", i + 1);
    return 0;
}

/* ---- reading ---- */

static int take_list(const json_t *json, const char *key, const json_t **list, size_t *count, struct error *error) {
    *list = json_object_get(json, key);
    *count = json_array_size(*list);
    if (*list && (!json_is_array(*list) || *count > SERVICES_PART_MAX))
        return error_set(error, "\"%s\" is not a list of %d at most", key, SERVICES_PART_MAX);
    return 0;
}

static int take_version(const json_t *json, uint64_t *version, struct error *error) {
    return json_take_number(json, "version", JSON_REQUIRED, INT64_MAX, version, error);
}

static int take_id(const json_t *item, uint32_t *last, struct error *error) {
    uint64_t id = 0;

    if (json_take_number(item, "id", JSON_REQUIRED, UINT32_MAX, &id, error))
        return -1;
    if (id <= *last)
        return error_set(error, "the ids of services do not grow");
    *last = (uint32_t)id;
    return 0;
}

static int check_destinations(const json_t *list, struct error *error) {
    size_t index;
    json_t *item;

    if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > SERVICE_DESTINATIONS_MAX)
        return error_set(error, "\"to\" is not a list of 1 to %d destinations", SERVICE_DESTINATIONS_MAX);
    json_array_foreach (list, index, item) {
        const char *text = json_string_value(item);
        if (!text || !*text || !json_text_is_clean(text, SERVICE_DESTINATION_MAX))
            return error_set(error, "\"to\" holds something that is not a destination");
    }
    return 0;
}

static int take_proxy(const json_t *item, enum proxy_version *proxy, struct error *error) {
    const char *text = NULL;

    *proxy = PROXY_OFF;
    if (json_take_text(item, "proxy_protocol", JSON_OPTIONAL, PROXY_WORD_MAX, &text, error))
        return -1;
    if (text && *text && !proxy_version_parse(proxy, text))
        return error_set(error, "\"proxy_protocol\" of a service is of an unknown version");
    return 0;
}

static int take_from(const json_t *item, enum connect_from *from, struct error *error) {
    const char *text = NULL;

    *from = CONNECT_FROM_ANY;
    if (json_take_text(item, "connect_from", JSON_OPTIONAL, PROTO_NAME_MAX, &text, error))
        return -1;
    if (text && strcmp(text, loopback) != 0)
        return error_set(error, "\"connect_from\" of a service is unknown");
    *from = text ? CONNECT_FROM_LOOPBACK : CONNECT_FROM_ANY;
    return 0;
}

static int take_protocol(const json_t *item, enum service_protocol *protocol, struct error *error) {
    const char *text = NULL;

    *protocol = SERVICE_TCP;
    if (json_take_text(item, "protocol", JSON_OPTIONAL, PROTO_NAME_MAX, &text, error))
        return -1;
    if (text && strcmp(text, udp) != 0)
        return error_set(error, "\"protocol\" of a service is unknown");
    *protocol = text ? SERVICE_UDP : SERVICE_TCP;
    return 0;
}

static int check_added(const json_t *list, struct error *error) {
    struct health_check check;
    const char *name;
    enum proxy_version proxy;
    enum connect_from from;
    enum service_protocol protocol;
    bool takes_bans = false, end_to_end = false;
    uint32_t last = 0;
    size_t index;
    json_t *item;

    json_array_foreach (list, index, item)
        if (take_id(item, &last, error) ||
            json_take_text(item, "name", JSON_REQUIRED, SERVICE_NAME_MAX, &name, error) ||
            take_proxy(item, &proxy, error) || take_from(item, &from, error) || take_protocol(item, &protocol, error) ||
            json_take_bool(item, "bans", &takes_bans, error) ||
            json_take_bool(item, "end_to_end", &end_to_end, error) ||
            check_destinations(json_object_get(item, "to"), error) || health_check_take(&check, item, error))
            return -1;
    return 0;
}

static int check_removed(const json_t *list, struct error *error) {
    size_t index;
    json_t *item;

    json_array_foreach (list, index, item)
        if (!json_is_integer(item) || json_integer_value(item) < 1 || json_integer_value(item) > UINT32_MAX)
            return error_set(error, "\"remove\" holds something that is not an id");
    return 0;
}

int services_parse(struct services_part *part, const json_t *json, struct error *error) {
    const json_t *more = json_object_get(json, "more");

    *part = (struct services_part){.more = json_is_true(more)};
    if (more && !json_is_boolean(more))
        return error_set(error, "\"more\" is neither true nor false");
    if (take_version(json, &part->version, error) || take_list(json, "add", &part->add, &part->add_count, error) ||
        take_list(json, "remove", &part->remove, &part->remove_count, error))
        return -1;
    return check_added(part->add, error) || check_removed(part->remove, error) ? -1 : 0;
}

void services_get(const struct services_part *part, size_t index, struct service_offer *offer) {
    const json_t *item = json_array_get(part->add, index), *to = json_object_get(item, "to");

    *offer = (struct service_offer){.id = (uint32_t)json_integer_value(json_object_get(item, "id")),
                                    .name = json_string_value(json_object_get(item, "name")),
                                    .to_count = json_array_size(to)};
    for (size_t i = 0; i < offer->to_count; i++)
        offer->to[i] = json_string_value(json_array_get(to, i));
    (void)take_proxy(item, &offer->proxy, NULL);
    (void)take_from(item, &offer->from, NULL);
    (void)take_protocol(item, &offer->protocol, NULL);
    offer->takes_bans = json_is_true(json_object_get(item, "bans"));
    offer->end_to_end = json_is_true(json_object_get(item, "end_to_end"));
    (void)health_check_take(&offer->check, item, NULL); /* services_parse has checked it */
}

uint32_t services_removed(const struct services_part *part, size_t index) {
    return (uint32_t)json_integer_value(json_array_get(part->remove, index));
}

int services_ack_parse(struct services_ack *ack, const json_t *json, struct error *error) {
    const char *reason;
    uint32_t last = 0;
    size_t index;
    json_t *item;

    *ack = (struct services_ack){0};
    if (take_version(json, &ack->version, error) || take_list(json, "refused", &ack->refused, &ack->count, error))
        return -1;
    json_array_foreach (ack->refused, index, item)
        if (take_id(item, &last, error) ||
            json_take_text(item, "reason", JSON_REQUIRED, SERVICES_REASON_SIZE - 1, &reason, error))
            return -1;
    return health_reports_take(&ack->reports, json, error);
}

const char *services_ack_find(struct services_ack *ack, uint32_t id) {
    for (; ack->next < ack->count; ack->next++) {
        const json_t *item = json_array_get(ack->refused, ack->next);
        json_int_t refused = json_integer_value(json_object_get(item, "id"));
        if (refused == id)
            return json_string_value(json_object_get(item, "reason"));
        if (refused > id)
            break;
    }
    return NULL;
}

/* ---- writing ---- */

static json_t *begin(enum control_op op, uint64_t version, const char *list) {
    return json_pack("{s:s, s:I, s:[]}", "op", control_op_name(op), "version", (json_int_t)version, list);
}

/* Text as it is or, without memory, NULL. Takes over the reference. */
static char *finish(json_t *json, bool fails) {
    if (json && !fails)
        return json_to_text(json);
    json_decref(json);
    return NULL;
}

void services_write(struct services_writer *writer, uint64_t version) {
    *writer = (struct services_writer){.json = begin(CONTROL_OP_SERVICES, version, "add")};
    writer->add = json_object_get(writer->json, "add");
    writer->fails = !writer->json;
}

/* At most: JSON escapes quotation marks and backslashes, and there are no control characters. */
static size_t size_of(const struct service_offer *offer) {
    size_t size = OFFER_OVERHEAD + 2 * strlen(offer->name);

    if (offer->from == CONNECT_FROM_LOOPBACK)
        size += FROM_OVERHEAD;
    if (offer->end_to_end)
        size += END_TO_END_OVERHEAD;
    if (offer->protocol == SERVICE_UDP)
        size += PROTOCOL_OVERHEAD;
    for (size_t i = 0; i < offer->to_count; i++)
        size += 3 + 2 * strlen(offer->to[i]);
    return size + health_check_size(&offer->check);
}

bool services_write_offer(struct services_writer *writer, const struct service_offer *offer) {
    size_t size = size_of(offer);

    if (writer->count && (writer->count == SERVICES_PART_MAX || writer->size + size > SERVICES_PART_SIZE))
        return false;
    json_t *item = json_pack("{s:I, s:s, s:[]}", "id", (json_int_t)offer->id, "name", offer->name, "to");
    json_t *to = json_object_get(item, "to");
    for (size_t i = 0; i < offer->to_count; i++)
        writer->fails |= json_array_append_new(to, json_string(offer->to[i])) != 0;
    if (offer->proxy != PROXY_OFF)
        writer->fails |=
            json_object_set_new(item, "proxy_protocol", json_string(proxy_version_name(offer->proxy))) != 0;
    if (offer->from == CONNECT_FROM_LOOPBACK)
        writer->fails |= json_object_set_new(item, "connect_from", json_string(loopback)) != 0;
    if (offer->protocol == SERVICE_UDP)
        writer->fails |= json_object_set_new(item, "protocol", json_string(udp)) != 0;
    if (offer->takes_bans)
        writer->fails |= json_object_set_new(item, "bans", json_true()) != 0;
    if (offer->end_to_end)
        writer->fails |= json_object_set_new(item, "end_to_end", json_true()) != 0;
    writer->fails |= !health_check_put(item, &offer->check);
    writer->fails |= json_array_append_new(writer->add, item) != 0;
    writer->size += size;
    writer->count++;
    return true;
}

void services_write_removed(struct services_writer *writer, uint32_t id) {
    json_t *removed = json_object_get(writer->json, "remove");

    if (!removed) {
        writer->fails |= json_object_set_new(writer->json, "remove", json_array()) != 0;
        removed = json_object_get(writer->json, "remove");
    }
    writer->fails |= json_array_append_new(removed, json_integer(id)) != 0;
}

char *services_finish(struct services_writer *writer, bool more) {
    if (more)
        writer->fails |= json_object_set_new(writer->json, "more", json_true()) != 0;
    return finish(writer->json, writer->fails);
}

void services_ack_write(struct services_ack_writer *writer, uint64_t version) {
    *writer = (struct services_ack_writer){.json = begin(CONTROL_OP_SERVICES_ACK, version, "refused")};
    writer->refused = json_object_get(writer->json, "refused");
    writer->fails = !writer->json;
}

void services_ack_refuse(struct services_ack_writer *writer, uint32_t id, const char *reason) {
    char clean[SERVICES_REASON_SIZE];

    json_text_copy_clean(clean, sizeof clean, reason);
    writer->fails |=
        json_array_append_new(writer->refused, json_pack("{s:I, s:s}", "id", (json_int_t)id, "reason", clean)) != 0;
}

bool services_ack_report(struct services_ack_writer *writer, const struct health_report *report) {
    if (writer->reports == HEALTH_REPORTS_MAX)
        return false;
    writer->reports++;
    writer->fails |= !health_report_put(writer->json, report);
    return true;
}

char *services_ack_finish(struct services_ack_writer *writer) {
    return finish(writer->json, writer->fails);
}

/* ---- refusals by keys ---- */

static const char *const fault_texts[END_TO_END_FAULT_COUNT][2] = {
#define END_TO_END_FAULT_TEXTS(name, reason, remedy) {reason, remedy},
    END_TO_END_FAULTS(END_TO_END_FAULT_TEXTS)
#undef END_TO_END_FAULT_TEXTS
};

const char *end_to_end_fault_reason(enum end_to_end_fault fault) {
    return fault_texts[fault][0];
}

const char *services_refusal_remedy(const char *reason) {
    for (size_t i = 0; i < END_TO_END_FAULT_COUNT; i++)
        if (strcmp(reason, fault_texts[i][0]) == 0)
            return fault_texts[i][1];
    return NULL;
}
