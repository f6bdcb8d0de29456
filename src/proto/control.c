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

static int take_links(struct control_message *control, struct error *error) {
    uint64_t count = 0, thread = 0;
    if (json_take_number(control->json, "count", JSON_REQUIRED, CONTROL_LINKS_MAX, &count, error) != 0 ||
        json_take_number(control->json, "thread", JSON_REQUIRED, PROTO_THREADS_MAX - 1, &thread, error) != 0)
        return -1;
    if (count == 0)
        return error_set(error, "\"count\" is 0");
    control->count = (unsigned)count;
    control->server_thread = (unsigned)thread;
    return json_take_bool(control->json, "exclusive", &control->is_exclusive, error);
}

static int take_control(struct control_message *control, struct error *error) {
    const json_t *json = control->json;
    const char *op = "";
    if (json_take_text(json, "op", JSON_REQUIRED, PROTO_NAME_MAX, &op, error) != 0)
        return -1;
    control->op = find_op(op);
    if (control->op == CONTROL_OP_UNKNOWN) /* its members are none of ours to judge */
        return 0;
    if (control->op == CONTROL_OP_LINKS && take_links(control, error) != 0)
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

static char *finish(json_t *json, bool complete) {
    if (json && complete)
        return json_to_text(json);
    json_decref(json);
    return NULL;
}

char *control_format(enum control_op op, const char *reason) {
    if (op >= CONTROL_OP_UNKNOWN)
        return NULL;
    char detail[PROTO_REASON_MAX + 1];
    json_text_copy_clean(detail, sizeof detail, reason);
    json_t *json = json_pack("{ss}", "op", ops[op]);
    return finish(json, !*detail || json_object_set_new(json, "reason", json_string(detail)) == 0);
}

char *control_format_links(unsigned count, unsigned server_thread, bool is_exclusive) {
    json_t *json = json_pack("{sssIsI}", "op", ops[CONTROL_OP_LINKS], "count", (json_int_t)count, "thread",
                             (json_int_t)server_thread);
    return finish(json, !is_exclusive || json_object_set_new(json, "exclusive", json_true()) == 0);
}
