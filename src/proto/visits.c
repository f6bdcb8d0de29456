/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visits: see visits.h.
 */
#include "config.h"

#include "proto/visits.h"

#include "lib/base/json.h"
#include "lib/net/addr.h"
#include "proto/control.h"
#include "proto/json_fields.h"
#include "proto/services.h"

enum { ADDRESS_MAX = 64 };

static char *finish(json_t *json, bool fails) {
    if (json && !fails)
        return json_to_text(json);
    json_decref(json);
    return NULL;
}

static int take_number(const json_t *json, const char *key, uint32_t *number, struct error *error) {
    uint64_t value = 0;

    if (json_take_number(json, key, JSON_REQUIRED, UINT32_MAX, &value, error))
        return -1;
    *number = (uint32_t)value;
    return value ? 0 : error_set(error, "\"%s\" is 0", key);
}

static int take_list(const json_t *json, const json_t **list, struct error *error) {
    *list = json_object_get(json, "visits");
    if (!json_is_array(*list) || json_array_size(*list) > VISITS_MAX)
        return error_set(error, "\"visits\" is not a list of %d at most", VISITS_MAX);
    return 0;
}

static int take_id(const json_t *item, uint32_t last, uint32_t *id, struct error *error) {
    if (take_number(item, "id", id, error))
        return -1;
    return *id > last ? 0 : error_set(error, "the ids of visits do not grow");
}

/* ---- visit ---- */

char *visit_names_format(const struct visit_name *names, size_t count) {
    json_t *json = json_pack("{s:s,s:[]}", "op", control_op_name(CONTROL_OP_VISIT), "visits");
    json_t *list = json_object_get(json, "visits");
    bool fails = false;

    for (size_t i = 0; i < count; i++)
        fails |= json_array_append_new(list, json_pack("{s:I,s:s}", "id", (json_int_t)names[i].id, "name",
                                                       names[i].name)) != 0;
    return finish(json, fails);
}

int visit_names_parse(struct visit_name names[VISITS_MAX], size_t *count, const json_t *json, struct error *error) {
    const json_t *list;
    size_t index;
    json_t *item;

    *count = 0;
    if (take_list(json, &list, error))
        return -1;
    json_array_foreach (list, index, item)
        if (take_id(item, index ? names[index - 1].id : 0, &names[index].id, error) ||
            json_take_text(item, "name", JSON_REQUIRED, SERVICE_NAME_MAX, &names[index].name, error))
            return -1;
    *count = json_array_size(list);
    return 0;
}

/* ---- visit_state ---- */

static json_t *state_json(const struct visit_state *state) {
    char clean[VISIT_REASON_SIZE];

    if (!state->refusal)
        return json_pack("{s:I,s:b}", "id", (json_int_t)state->id, "end_to_end", (int)state->end_to_end);
    json_text_copy_clean(clean, sizeof clean, state->refusal);
    return json_pack("{s:I,s:s}", "id", (json_int_t)state->id, "reason", clean);
}

char *visit_states_format(const struct visit_state *states, size_t count) {
    json_t *json = json_pack("{s:s,s:[]}", "op", control_op_name(CONTROL_OP_VISIT_STATE), "visits");
    json_t *list = json_object_get(json, "visits");
    bool fails = false;

    for (size_t i = 0; i < count; i++)
        fails |= json_array_append_new(list, state_json(&states[i])) != 0;
    return finish(json, fails);
}

static int take_state(const json_t *item, uint32_t last, struct visit_state *state, struct error *error) {
    *state = (struct visit_state){0};
    if (take_id(item, last, &state->id, error) ||
        json_take_text(item, "reason", JSON_OPTIONAL, VISIT_REASON_SIZE - 1, &state->refusal, error))
        return -1;
    return json_take_bool(item, "end_to_end", &state->end_to_end, error);
}

int visit_states_parse(struct visit_state states[VISITS_MAX], size_t *count, const json_t *json, struct error *error) {
    const json_t *list;
    size_t index;
    json_t *item;

    *count = 0;
    if (take_list(json, &list, error))
        return -1;
    json_array_foreach (list, index, item)
        if (take_state(item, index ? states[index - 1].id : 0, &states[index], error))
            return -1;
    *count = json_array_size(list);
    return 0;
}

/* ---- visit_open ---- */

static json_t *arrival_json(const struct visit_arrival *arrival) {
    char client[ADDRESS_MAX];

    return json_pack("{s:I,s:s}", "ticket", (json_int_t)arrival->ticket, "client",
                     open_address_format(&arrival->client, client, sizeof client));
}

char *visit_open_format(const struct visit_open *open) {
    char local[ADDRESS_MAX];
    json_t *json =
        json_pack("{s:s,s:I,s:s,s:[]}", "op", control_op_name(CONTROL_OP_VISIT_OPEN), "visit", (json_int_t)open->visit,
                  "local", open_address_format(&open->local, local, sizeof local), "clients");
    json_t *list = json_object_get(json, "clients");
    bool fails = false;

    for (size_t i = 0; i < open->count; i++)
        fails |= json_array_append_new(list, arrival_json(&open->arrivals[i])) != 0;
    return finish(json, fails);
}

static int take_address(const json_t *json, const char *key, struct open_address *address, struct error *error) {
    const char *text = "";
    struct endpoint endpoint;
    struct addr addr;

    if (json_take_text(json, key, JSON_REQUIRED, ADDRESS_MAX, &text, error))
        return -1;
    if (endpoint_parse(&endpoint, text, NULL) || endpoint.is_unix || !*endpoint.host || endpoint.port == 0 ||
        !addr_from_endpoint(&addr, &endpoint))
        return error_set(error, "\"%s\" is not an address and a port", key);
    *address = open_address_of(&addr);
    return 0;
}

/* Of clients, or of their tickets. */
static int take_clients(const json_t *json, const char *key, const json_t **list, struct error *error) {
    *list = json_object_get(json, key);
    if (!json_is_array(*list) || !json_array_size(*list) || json_array_size(*list) > VISIT_CLIENTS_MAX)
        return error_set(error, "\"%s\" is not a list of 1 to %d", key, VISIT_CLIENTS_MAX);
    return 0;
}

int visit_open_parse(struct visit_open *open, const json_t *json, struct error *error) {
    const json_t *list;
    size_t index;
    json_t *item;

    *open = (struct visit_open){0};
    if (take_number(json, "visit", &open->visit, error) || take_address(json, "local", &open->local, error) ||
        take_clients(json, "clients", &list, error))
        return -1;
    json_array_foreach (list, index, item)
        if (take_number(item, "ticket", &open->arrivals[index].ticket, error) ||
            take_address(item, "client", &open->arrivals[index].client, error))
            return -1;
    open->count = json_array_size(list);
    return 0;
}

/* ---- visit_refused ---- */

char *visit_refused_format(const struct visit_refused *refused) {
    char clean[VISIT_REASON_SIZE];

    json_text_copy_clean(clean, sizeof clean, refused->reason);
    json_t *json =
        json_pack("{s:s,s:[],s:s}", "op", control_op_name(CONTROL_OP_VISIT_REFUSED), "tickets", "reason", clean);
    json_t *list = json_object_get(json, "tickets");
    bool fails = false;

    for (size_t i = 0; i < refused->count; i++)
        fails |= json_array_append_new(list, json_integer((json_int_t)refused->tickets[i])) != 0;
    return finish(json, fails);
}

int visit_refused_parse(struct visit_refused *refused, const json_t *json, struct error *error) {
    const json_t *list;
    size_t index;
    json_t *item;

    *refused = (struct visit_refused){.reason = ""};
    if (take_clients(json, "tickets", &list, error))
        return -1;
    json_array_foreach (list, index, item) {
        json_int_t ticket = json_integer_value(item); /* 0 of what is no integer */
        if (ticket < 1 || ticket > UINT32_MAX)
            return error_set(error, "\"tickets\" has what is no ticket");
        refused->tickets[index] = (uint32_t)ticket;
    }
    refused->count = json_array_size(list);
    return json_take_text(json, "reason", JSON_OPTIONAL, VISIT_REASON_SIZE - 1, &refused->reason, error);
}
