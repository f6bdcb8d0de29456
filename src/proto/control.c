/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * control: the orders and notices of a control link.
 * Runs on: any thread. Owns: nothing; parsed strings live in the message's `json`.
 */
#include "config.h"

#include "lib/base/json.h"
#include "proto/control.h"
#include "proto/frame.h"
#include "proto/json_fields.h"
#include "proto/limits.h"

#include <string.h>

enum { LINKS_MOST = 65536, EXPIRES_MOST_MS = 3600000 };

static const char *const ops[] = {
#define OP_NAME(name, op) [CONTROL_OP_##name] = op,
    CONTROL_OPS(OP_NAME)
#undef OP_NAME
};

const char *control_op_name(enum control_op op) {
    return ops[op];
}

static enum control_op find_op(const char *text) {
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (strcmp(text, ops[i]) == 0)
            return (enum control_op)i;
    return CONTROL_OP_UNKNOWN;
}

static int take_control(struct control_message *control, struct error *error) {
    const json_t *json = control->json;
    const char *op = "";
    if (json_take_text(json, "op", JSON_REQUIRED, PROTO_NAME_MAX, &op, error) != 0)
        return -1;
    control->op = find_op(op);
    if (control->op == CONTROL_OP_UNKNOWN) /* its members are none of ours to judge */
        return 0;
    enum json_need count = control->op == CONTROL_OP_LINKS ? JSON_REQUIRED : JSON_OPTIONAL;
    if (json_take_number(json, "count", count, LINKS_MOST, &control->count, error) != 0 ||
        json_take_number(json, "expires_ms", JSON_OPTIONAL, EXPIRES_MOST_MS, &control->expires_ms, error) != 0)
        return -1;
    return json_take_text(json, "reason", JSON_OPTIONAL, PROTO_REASON_MAX, &control->reason, error);
}

int control_parse(struct control_message *control, const char *text, size_t length, struct error *error) {
    *control = (struct control_message){.op = CONTROL_OP_UNKNOWN, .reason = ""};
    control->json = json_parse_object(text, length, FRAME_JSON_MAX, error);
    if (control->json && take_control(control, error) == 0)
        return 0;
    control_done(control);
    return -1;
}

void control_done(struct control_message *control) {
    json_decref(control->json);
    *control = (struct control_message){.op = CONTROL_OP_UNKNOWN, .reason = ""};
}

char *control_format(enum control_op op, uint64_t count, uint64_t expires_ms, const char *reason) {
    if (op >= CONTROL_OP_UNKNOWN)
        return NULL;
    char detail[PROTO_REASON_MAX + 1];
    json_text_copy_clean(detail, sizeof detail, reason);
    json_t *json = json_pack("{ss}", "op", ops[op]);
    bool complete = json;
    if (complete && op == CONTROL_OP_LINKS)
        complete = json_object_set_new(json, "count", json_integer((json_int_t)count)) == 0 &&
                   json_object_set_new(json, "expires_ms", json_integer((json_int_t)expires_ms)) == 0;
    if (complete && *detail)
        complete = json_object_set_new(json, "reason", json_string(detail)) == 0;
    if (complete)
        return json_to_text(json);
    json_decref(json);
    return NULL;
}
