/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * ban_changes: see ban_changes.h.
 */
#include "config.h"

#include "proto/ban_changes.h"

#include "lib/base/json.h"
#include "lib/net/source_key.h"
#include "proto/control.h"
#include "proto/json_fields.h"

#include <string.h>

enum { ADDRESS_MAX = 64, CHANGE_OVERHEAD = 64 + ADDRESS_MAX /* bytes of JSON beside the reason */ };

/* ---- reading ---- */

static int take_list(const json_t *json, const char *key, const json_t **list, size_t *count, struct error *error) {
    *list = json_object_get(json, key);
    *count = json_array_size(*list);
    if (*list && (!json_is_array(*list) || *count > BAN_CHANGES_MAX))
        return error_set(error, "\"%s\" is not a list of %d at most", key, BAN_CHANGES_MAX);
    return 0;
}

/* With another text than a source's the error says so. */
static int take_who(const json_t *item, struct ban_change *change, struct error *error) {
    const char *text = NULL;
    uint64_t id = 0;

    *change = (struct ban_change){.reason = ""};
    if (json_take_number(item, "service", JSON_REQUIRED, UINT32_MAX, &id, error) ||
        json_take_text(item, "address", JSON_REQUIRED, ADDRESS_MAX, &text, error))
        return -1;
    change->service = (uint32_t)id;
    return source_parse(&change->address, text, error);
}

static int take_added(const json_t *item, struct ban_change *change, struct error *error) {
    uint64_t seconds = 0;

    if (take_who(item, change, error) ||
        json_take_number(item, "for_s", JSON_REQUIRED, BAN_CHANGE_SECONDS, &seconds, error) ||
        json_take_text(item, "reason", JSON_OPTIONAL, BAN_CHANGE_REASON, &change->reason, error))
        return -1;
    change->seconds = (unsigned)seconds;
    return seconds ? 0 : error_set(error, "\"for_s\" is 0");
}

static int check(const json_t *list, int take(const json_t *, struct ban_change *, struct error *),
                 struct error *error) {
    struct ban_change change;
    size_t index;
    json_t *item;

    json_array_foreach (list, index, item)
        if (take(item, &change, error))
            return -1;
    return 0;
}

int ban_changes_parse(struct ban_changes *changes, const json_t *json, struct error *error) {
    *changes = (struct ban_changes){0};
    if (take_list(json, "add", &changes->add, &changes->add_count, error) ||
        take_list(json, "remove", &changes->remove, &changes->remove_count, error))
        return -1;
    return check(changes->add, take_added, error) || check(changes->remove, take_who, error) ? -1 : 0;
}

void ban_changes_added(const struct ban_changes *changes, size_t index, struct ban_change *change) {
    (void)take_added(json_array_get(changes->add, index), change, NULL); /* ban_changes_parse has checked it */
}

void ban_changes_removed(const struct ban_changes *changes, size_t index, struct ban_change *change) {
    (void)take_who(json_array_get(changes->remove, index), change, NULL);
}

/* ---- writing ---- */

void ban_changes_write(struct ban_changes_writer *writer) {
    *writer = (struct ban_changes_writer){
        .json = json_pack("{s:s,s:[],s:[]}", "op", control_op_name(CONTROL_OP_BANS), "add", "remove")};
    writer->fails = !writer->json;
}

bool ban_changes_put(struct ban_changes_writer *writer, const struct ban_change *change) {
    /* At most: JSON escapes quotation marks and backslashes, and there are no control characters. */
    size_t size = CHANGE_OVERHEAD + 2 * strlen(change->reason);
    char address[ADDR_TEXT];

    if (writer->count == BAN_CHANGES_MAX || writer->size + size > BAN_CHANGES_SIZE)
        return false;
    json_t *item = json_pack("{s:I,s:s}", "service", (json_int_t)change->service, "address",
                             source_name(&change->address, address, sizeof address));
    if (change->seconds)
        writer->fails |= json_object_set_new(item, "for_s", json_integer(change->seconds)) != 0;
    if (change->seconds && *change->reason)
        writer->fails |= json_object_set_new(item, "reason", json_string(change->reason)) != 0;
    writer->fails |=
        json_array_append_new(json_object_get(writer->json, change->seconds ? "add" : "remove"), item) != 0;
    writer->size += size;
    writer->count++;
    return true;
}

char *ban_changes_finish(struct ban_changes_writer *writer) {
    if (!writer->fails)
        return json_to_text(writer->json);
    json_decref(writer->json);
    return NULL;
}
