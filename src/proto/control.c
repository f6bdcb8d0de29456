/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * control: the orders and notices of a control link.
 * Runs on: any thread. Owns: nothing; parsed strings live in the message's `json`.
 */
#include "config.h"

#include "lib/base/json.h"
#include "proto/frame.h"
#include "proto/message.h"
#include "proto/message_priv.h"

#include <string.h>

enum { LINKS_MOST = 65536, EXPIRES_MOST_MS = 3600000 };

static const char *const ops[] = {
#define OP_NAME(name, op) [MESSAGE_OP_##name] = op,
    MESSAGE_OPS(OP_NAME)
#undef OP_NAME
};

static enum message_op find_op(const char *text) {
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (strcmp(text, ops[i]) == 0)
            return (enum message_op)i;
    return MESSAGE_OP_UNKNOWN;
}

static int take_control(struct message_control *control, struct error *error) {
    const json_t *json = control->json;
    const char *op = "";
    if (message_take_text(json, "op", MESSAGE_REQUIRED, MESSAGE_NAME_MAX, &op, error) != 0)
        return -1;
    control->op = find_op(op);
    if (control->op == MESSAGE_OP_UNKNOWN) /* its members are none of ours to judge */
        return 0;
    enum message_need count = control->op == MESSAGE_OP_LINKS ? MESSAGE_REQUIRED : MESSAGE_OPTIONAL;
    if (message_take_number(json, "count", count, LINKS_MOST, &control->count, error) != 0 ||
        message_take_number(json, "expires_ms", MESSAGE_OPTIONAL, EXPIRES_MOST_MS, &control->expires_ms, error) != 0)
        return -1;
    return message_take_text(json, "reason", MESSAGE_OPTIONAL, MESSAGE_REASON_MAX, &control->reason, error);
}

int message_parse_control(struct message_control *control, const char *text, size_t length, struct error *error) {
    *control = (struct message_control){.op = MESSAGE_OP_UNKNOWN, .reason = ""};
    control->json = json_parse_object(text, length, FRAME_JSON_MAX, error);
    if (control->json && take_control(control, error) == 0)
        return 0;
    message_control_done(control);
    return -1;
}

void message_control_done(struct message_control *control) {
    json_decref(control->json);
    *control = (struct message_control){.op = MESSAGE_OP_UNKNOWN, .reason = ""};
}

char *message_format_control(enum message_op op, uint64_t count, uint64_t expires_ms, const char *reason) {
    if (op >= MESSAGE_OP_UNKNOWN)
        return NULL;
    char words[MESSAGE_REASON_MAX + 1];
    message_text_copy(words, sizeof words, reason);
    json_t *json = json_pack("{ss}", "op", ops[op]);
    bool complete = json != NULL;
    if (complete && op == MESSAGE_OP_LINKS)
        complete = json_object_set_new(json, "count", json_integer((json_int_t)count)) == 0 &&
                   json_object_set_new(json, "expires_ms", json_integer((json_int_t)expires_ms)) == 0;
    if (complete && *words)
        complete = json_object_set_new(json, "reason", json_string(words)) == 0;
    if (complete)
        return json_to_text(json);
    json_decref(json);
    return NULL;
}
