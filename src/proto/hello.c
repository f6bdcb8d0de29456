/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * hello: HELLO, and WELCOME or REJECT, which answer it.
 * Runs on: any thread. Owns: nothing; parsed strings live in the message's `json`.
 */
#include "config.h"

#include "lib/base/json.h"
#include "proto/frame.h"
#include "proto/message.h"
#include "proto/message_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INSTANCE_DIGITS = MESSAGE_INSTANCE_HEX - 1, LONGEST_S = 86400 };

static const char *const kinds[] = {[MESSAGE_KIND_CONTROL] = "control", [MESSAGE_KIND_DATA] = "data"};

static int take_kind(const json_t *json, enum message_kind *kind, struct error *error) {
    const char *text = "";
    if (message_take_text(json, "kind", MESSAGE_REQUIRED, MESSAGE_NAME_MAX, &text, error) != 0)
        return -1;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(text, kinds[i]) == 0) {
            *kind = (enum message_kind)i;
            return 0;
        }
    return error_set(error, "\"kind\" is neither \"control\" nor \"data\"");
}

static int take_hello(struct message_hello *hello, struct error *error) {
    const json_t *json = hello->json;
    if (message_take_number(json, "protocol", MESSAGE_REQUIRED, INT64_MAX, &hello->protocol, error) != 0)
        return -1;
    if (hello->protocol != MESSAGE_PROTOCOL) /* only the number means the same in all of them */
        return 0;
    if (take_kind(json, &hello->kind, error) != 0)
        return -1;
    enum message_need session = hello->kind == MESSAGE_KIND_DATA ? MESSAGE_REQUIRED : MESSAGE_OPTIONAL;
    if (message_take_text(json, "credential", MESSAGE_OPTIONAL, MESSAGE_NAME_MAX, &hello->credential, error) != 0 ||
        message_take_text(json, "name", MESSAGE_REQUIRED, MESSAGE_NAME_MAX, &hello->name, error) != 0 ||
        message_take_text(json, "group", MESSAGE_OPTIONAL, MESSAGE_NAME_MAX, &hello->group, error) != 0 ||
        message_take_hex(json, "instance", MESSAGE_REQUIRED, INSTANCE_DIGITS, &hello->instance, error) != 0 ||
        message_take_hex(json, "session", session, INSTANCE_DIGITS, &hello->session, error) != 0)
        return -1;
    return message_take_secret(json, "proof", MESSAGE_OPTIONAL, hello->proof, &hello->has_proof, error);
}

int message_parse_hello(struct message_hello *hello, const char *text, size_t length, struct error *error) {
    *hello = (struct message_hello){.credential = "", .name = "", .group = "", .instance = "", .session = ""};
    hello->json = json_parse_object(text, length, FRAME_GREETING_MAX, error);
    if (hello->json && take_hello(hello, error) == 0)
        return 0;
    message_hello_done(hello);
    return -1;
}

void message_hello_done(struct message_hello *hello) {
    json_decref(hello->json);
    *hello = (struct message_hello){.credential = "", .name = "", .group = "", .instance = "", .session = ""};
}

static bool put_text(json_t *json, const char *key, const char *text) {
    return !text || !*text || json_object_set_new(json, key, json_string(text)) == 0;
}

static bool put_number(json_t *json, const char *key, uint64_t number) {
    return json_object_set_new(json, key, json_integer((json_int_t)number)) == 0;
}

static bool put_secret(json_t *json, const char *key, const uint8_t bytes[SECRET_SIZE]) {
    char text[SECRET_HEX];
    bool done = put_text(json, key, secret_to_hex(bytes, SECRET_SIZE, text));
    secret_wipe(text, sizeof text);
    return done;
}

static char *finish(json_t *json, bool complete) {
    if (json && complete)
        return json_to_text(json);
    json_decref(json);
    return NULL;
}

char *message_format_hello(const struct message_hello *hello) {
    json_t *json = json_object();
    return finish(json, put_number(json, "protocol", hello->protocol) && put_text(json, "kind", kinds[hello->kind]) &&
                            put_text(json, "credential", hello->credential) && put_text(json, "name", hello->name) &&
                            put_text(json, "group", hello->group) && put_text(json, "instance", hello->instance) &&
                            put_text(json, "session", hello->session));
}

char *message_add_proof(const char *json, const uint8_t proof[SECRET_SIZE]) {
    size_t length = strlen(json);
    if (length < 2 || json[length - 1] != '}')
        return NULL;
    char digits[SECRET_HEX], *text;
    const char *comma = json[length - 2] == '{' ? "" : ",";
    secret_to_hex(proof, SECRET_SIZE, digits);
    if (asprintf(&text, "%.*s%s\"proof\":\"%s\"}", (int)(length - 1), json, comma, digits) < 0)
        return NULL;
    return text;
}

/* The key shall not linger in memory that jansson frees. */
static void wipe_member(json_t *json, const char *key) {
    json_t *member = json_object_get(json, key);
    if (json_is_string(member))
        secret_wipe((char *)json_string_value(member), json_string_length(member));
    json_object_del(json, key);
}

static int take_welcome(struct message_welcome *welcome, struct error *error) {
    const json_t *json = welcome->json;
    bool has_key = false;
    if (message_take_hex(json, "session", MESSAGE_OPTIONAL, INSTANCE_DIGITS, &welcome->session, error) != 0)
        return -1;
    enum message_need key = *welcome->session ? MESSAGE_REQUIRED : MESSAGE_OPTIONAL;
    if (message_take_secret(json, "session_key", key, welcome->session_key, &has_key, error) != 0 ||
        message_take_hex(json, "server", MESSAGE_REQUIRED, INSTANCE_DIGITS, &welcome->server, error) != 0 ||
        message_take_number(json, "ping", MESSAGE_OPTIONAL, LONGEST_S, &welcome->ping_s, error) != 0 ||
        message_take_number(json, "dead_after", MESSAGE_OPTIONAL, LONGEST_S, &welcome->dead_after_s, error) != 0)
        return -1;
    return message_take_secret(json, "proof", MESSAGE_OPTIONAL, welcome->proof, &welcome->has_proof, error);
}

int message_parse_welcome(struct message_welcome *welcome, const char *text, size_t length, struct error *error) {
    *welcome = (struct message_welcome){.session = "", .server = ""};
    welcome->json = json_parse_object(text, length, FRAME_GREETING_MAX, error);
    int result = welcome->json ? take_welcome(welcome, error) : -1;
    wipe_member(welcome->json, "session_key");
    if (result != 0)
        message_welcome_done(welcome);
    return result;
}

int message_parse_data_welcome(uint8_t proof[SECRET_SIZE], const char *text, size_t length, struct error *error) {
    bool has_proof;
    json_t *json = json_parse_object(text, length, FRAME_GREETING_MAX, error);
    int result = json ? message_take_secret(json, "proof", MESSAGE_REQUIRED, proof, &has_proof, error) : -1;
    json_decref(json);
    return result;
}

void message_welcome_done(struct message_welcome *welcome) {
    json_decref(welcome->json);
    secret_wipe(welcome, sizeof *welcome);
    welcome->session = welcome->server = "";
}

char *message_format_welcome(const struct message_welcome *welcome) {
    json_t *json = json_object();
    bool has_session = welcome->session && *welcome->session;
    bool complete = put_text(json, "session", welcome->session) &&
                    (!has_session || put_secret(json, "session_key", welcome->session_key)) &&
                    put_text(json, "server", welcome->server) &&
                    (welcome->ping_s == 0 || put_number(json, "ping", welcome->ping_s)) &&
                    (welcome->dead_after_s == 0 || put_number(json, "dead_after", welcome->dead_after_s)) &&
                    (!welcome->has_proof || put_secret(json, "proof", welcome->proof));
    return finish(json, complete);
}

static const struct {
    const char *code;
    bool final;
} rejects[] = {
#define REJECT_ROW(name, code, final) [MESSAGE_REJECT_##name] = {code, final},
    MESSAGE_REJECTS(REJECT_ROW)
#undef REJECT_ROW
};
enum { REJECT_COUNT = sizeof rejects / sizeof rejects[0] };

/* A code from a later version is no reason to give up for ever: it counts as "busy". */
static enum message_reject_code reject_code(const char *text) {
    for (size_t i = 0; i < REJECT_COUNT; i++)
        if (strcmp(text, rejects[i].code) == 0)
            return (enum message_reject_code)i;
    return MESSAGE_REJECT_BUSY;
}

static int take_reject(struct message_reject *reject, struct error *error) {
    const char *code = "";
    if (message_take_text(reject->json, "code", MESSAGE_REQUIRED, MESSAGE_NAME_MAX, &code, error) != 0 ||
        message_take_text(reject->json, "reason", MESSAGE_OPTIONAL, MESSAGE_REASON_MAX, &reject->reason, error) != 0)
        return -1;
    reject->code = reject_code(code);
    return message_take_number(reject->json, "retry_after", MESSAGE_OPTIONAL, LONGEST_S, &reject->retry_after_s, error);
}

int message_parse_reject(struct message_reject *reject, const char *text, size_t length, struct error *error) {
    *reject = (struct message_reject){.reason = ""};
    reject->json = json_parse_object(text, length, FRAME_GREETING_MAX, error);
    if (reject->json && take_reject(reject, error) == 0)
        return 0;
    message_reject_done(reject);
    return -1;
}

void message_reject_done(struct message_reject *reject) {
    json_decref(reject->json);
    *reject = (struct message_reject){.reason = ""};
}

char *message_format_reject(enum message_reject_code code, const char *reason, unsigned retry_after_s) {
    char words[MESSAGE_REASON_MAX + 1];
    message_text_copy(words, sizeof words, reason);
    json_t *json = json_object();
    return finish(json, put_text(json, "code", rejects[code].code) && put_text(json, "reason", words) &&
                            (retry_after_s == 0 || put_number(json, "retry_after", retry_after_s)));
}

bool message_reject_is_final(enum message_reject_code code) {
    return rejects[code].final;
}
