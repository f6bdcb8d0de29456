/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publish: see publish.h.
 */
#include "config.h"

#include "proto/publish.h"

#include "lib/base/json.h"
#include "proto/auth_proof.h"
#include "proto/control.h"
#include "proto/json_fields.h"

#include <string.h>

enum { OFFER_OVERHEAD = 128 /* bytes of JSON beside the texts */ };

/* ---- reading ---- */

static int take_list(const json_t *json, const char *key, const json_t **list, size_t *count, struct error *error) {
    *list = json_object_get(json, key);
    *count = json_array_size(*list);
    if (*list && (!json_is_array(*list) || *count > PUBLISH_MAX))
        return error_set(error, "\"%s\" is not a list of %d at most", key, PUBLISH_MAX);
    return 0;
}

static int check_name(const char *name, struct error *error) {
    return name && auth_proof_name_is_valid(name) ? 0
                                                  : error_set(error, "a service's name is not " AUTH_PROOF_NAME_WANTED);
}

static int take_name(const json_t *item, const char **name, struct error *error) {
    return json_take_text(item, "name", JSON_REQUIRED, PROTO_NAME_MAX, name, error) ? -1 : check_name(*name, error);
}

static int take_port(const json_t *item, unsigned *port, struct error *error) {
    uint64_t number = 0;

    if (json_take_number(item, "port", JSON_OPTIONAL, UINT16_MAX, &number, error))
        return -1;
    *port = (unsigned)number;
    return number || !json_object_get(item, "port") ? 0 : error_set(error, "\"port\" is 0");
}

static int take_host(const json_t *item, const char **host, struct error *error) {
    *host = NULL;
    if (json_take_text(item, "host", JSON_OPTIONAL, PUBLISH_HOST_MAX, host, error))
        return -1;
    return !*host || **host ? 0 : error_set(error, "\"host\" is empty");
}

static int take_destinations(const json_t *item, struct publish_offer *offer, struct error *error) {
    const json_t *list = json_object_get(item, "to");
    size_t index;
    json_t *text;

    if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > SERVICE_DESTINATIONS_MAX)
        return error_set(error, "\"to\" is not a list of 1 to %d destinations", SERVICE_DESTINATIONS_MAX);
    json_array_foreach (list, index, text) {
        const char *to = json_string_value(text);
        if (!to || !*to || !json_text_is_clean(to, SERVICE_DESTINATION_MAX))
            return error_set(error, "\"to\" holds something that is not a destination");
        offer->to[offer->to_count++] = to;
    }
    return 0;
}

static int take_offer(const json_t *item, struct publish_offer *offer, struct error *error) {
    *offer = (struct publish_offer){.name = NULL};
    return take_name(item, &offer->name, error) || take_destinations(item, offer, error) ||
                   take_host(item, &offer->host, error) || take_port(item, &offer->port, error) ||
                   json_take_bool(item, "exact", &offer->is_exact, error)
               ? -1
               : 0;
}

int publish_parse(struct publish *publish, const json_t *json, struct error *error) {
    struct publish_offer offer;
    size_t index;
    json_t *item;

    *publish = (struct publish){.add = NULL};
    if (take_list(json, "add", &publish->add, &publish->add_count, error) ||
        take_list(json, "remove", &publish->remove, &publish->remove_count, error))
        return -1;
    json_array_foreach (publish->add, index, item)
        if (take_offer(item, &offer, error))
            return -1;
    json_array_foreach (publish->remove, index, item)
        if (check_name(json_string_value(item), error))
            return -1;
    return 0;
}

void publish_added(const struct publish *publish, size_t index, struct publish_offer *offer) {
    (void)take_offer(json_array_get(publish->add, index), offer, NULL); /* publish_parse has checked it */
}

const char *publish_removed(const struct publish *publish, size_t index) {
    return json_string_value(json_array_get(publish->remove, index));
}

static int take_service(const json_t *item, struct published_service *service, struct error *error) {
    *service = (struct published_service){.name = NULL};
    if (take_name(item, &service->name, error) ||
        json_take_text(item, "refused", JSON_OPTIONAL, PUBLISHED_REASON_MAX, &service->refusal, error))
        return -1;
    return service->refusal ||
                   (json_take_text(item, "address", JSON_REQUIRED, PUBLISHED_ADDRESS_MAX, &service->address, error) ==
                        0 &&
                    take_host(item, &service->host, error) == 0 && take_port(item, &service->port, error) == 0)
               ? 0
               : -1;
}

int published_parse(struct published *published, const json_t *json, struct error *error) {
    struct published_service service;
    size_t index;
    json_t *item;

    if (take_list(json, "services", &published->services, &published->count, error))
        return -1;
    json_array_foreach (published->services, index, item)
        if (take_service(item, &service, error))
            return -1;
    return published->services ? 0 : error_set(error, "published without \"services\"");
}

void published_get(const struct published *published, size_t index, struct published_service *service) {
    (void)take_service(json_array_get(published->services, index), service, NULL); /* published_parse has checked it */
}

/* ---- writing ---- */

void publish_write(struct publish_writer *writer) {
    *writer = (struct publish_writer){
        .json = json_pack("{s:s,s:[],s:[]}", "op", control_op_name(CONTROL_OP_PUBLISH), "add", "remove")};
    writer->fails = !writer->json;
}

void published_write(struct publish_writer *writer) {
    *writer = (struct publish_writer){
        .json = json_pack("{s:s,s:[]}", "op", control_op_name(CONTROL_OP_PUBLISHED), "services")};
    writer->fails = !writer->json;
}

/* At most: JSON escapes quotation marks and backslashes, and there are no control characters. */
static size_t size_of(const char *text) {
    return text ? 2 * strlen(text) + sizeof "\"\"," : 0;
}

static bool has_room(struct publish_writer *writer, const char *list, size_t size) {
    if (writer->count &&
        (json_array_size(json_object_get(writer->json, list)) == PUBLISH_MAX || writer->size + size > PUBLISH_SIZE))
        return false;
    writer->size += size;
    writer->count++;
    return true;
}

static void put_text(struct publish_writer *writer, json_t *item, const char *key, const char *text) {
    if (text)
        writer->fails |= json_object_set_new(item, key, json_string(text)) != 0;
}

static void put_port(struct publish_writer *writer, json_t *item, unsigned port) {
    if (port)
        writer->fails |= json_object_set_new(item, "port", json_integer(port)) != 0;
}

static void append(struct publish_writer *writer, const char *list, json_t *item) {
    writer->fails |= json_array_append_new(json_object_get(writer->json, list), item) != 0;
}

bool publish_write_offer(struct publish_writer *writer, const struct publish_offer *offer) {
    size_t size = OFFER_OVERHEAD + size_of(offer->name) + size_of(offer->host);

    for (size_t i = 0; i < offer->to_count; i++)
        size += size_of(offer->to[i]);
    if (!has_room(writer, "add", size))
        return false;
    json_t *item = json_pack("{s:s,s:[]}", "name", offer->name, "to"), *to = json_object_get(item, "to");
    for (size_t i = 0; i < offer->to_count; i++)
        writer->fails |= json_array_append_new(to, json_string(offer->to[i])) != 0;
    put_text(writer, item, "host", offer->host);
    put_port(writer, item, offer->port);
    if (offer->is_exact)
        writer->fails |= json_object_set_new(item, "exact", json_true()) != 0;
    append(writer, "add", item);
    return true;
}

bool publish_write_removed(struct publish_writer *writer, const char *name) {
    if (!has_room(writer, "remove", size_of(name)))
        return false;
    append(writer, "remove", json_string(name));
    return true;
}

bool published_write_service(struct publish_writer *writer, const struct published_service *service) {
    const char *text = service->refusal ? service->refusal : service->address;

    if (!has_room(writer, "services", OFFER_OVERHEAD + size_of(service->name) + size_of(text) + size_of(service->host)))
        return false;
    json_t *item = json_pack("{s:s}", "name", service->name);
    put_text(writer, item, service->refusal ? "refused" : "address", text);
    if (!service->refusal) {
        put_text(writer, item, "host", service->host);
        put_port(writer, item, service->port);
    }
    append(writer, "services", item);
    return true;
}

char *publish_finish(struct publish_writer *writer) {
    if (!writer->fails)
        return json_to_text(writer->json);
    json_decref(writer->json);
    return NULL;
}
