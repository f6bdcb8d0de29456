/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * hello: HELLO, and WELCOME or REJECT, which answer it.
 * Runs on: any thread. Owns: nothing; parsed strings live in the message's `json`.
 */
#include "config.h"

#include "lib/base/json.h"
#include "lib/base/text_buffer.h"
#include "proto/auth_proof.h"
#include "proto/features.h"
#include "proto/frame.h"
#include "proto/hello.h"
#include "proto/json_fields.h"
#include "proto/limits.h"

#include <stdlib.h>
#include <string.h>

enum { INSTANCE_DIGITS = PROTO_INSTANCE_HEX - 1, LONGEST_S = 86400 };

static const char *const kinds[] = {[HELLO_KIND_CONTROL] = "control", [HELLO_KIND_DATA] = "data"};

static int take_kind(const json_t *json, enum hello_kind *kind, struct error *error) {
    const char *text = "";
    if (json_take_text(json, "kind", JSON_REQUIRED, PROTO_NAME_MAX, &text, error) != 0)
        return -1;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(text, kinds[i]) == 0) {
            *kind = (enum hello_kind)i;
            return 0;
        }
    return error_set(error, "\"kind\" is neither \"control\" nor \"data\"");
}

static int take_data(struct hello *hello, struct error *error) {
    uint64_t thread = 0;
    if (json_take_hex(hello->json, "session", JSON_REQUIRED, INSTANCE_DIGITS, &hello->session, error) != 0 ||
        json_take_number(hello->json, "thread", JSON_REQUIRED, PROTO_THREADS_MAX - 1, &thread, error) != 0)
        return -1;
    hello->server_thread = (unsigned)thread;
    return json_take_bool(hello->json, "exclusive", &hello->is_exclusive, error);
}

static int take_control(struct hello *hello, struct error *error) {
    if (json_take_hex(hello->json, "resume", JSON_OPTIONAL, INSTANCE_DIGITS, &hello->resume, error) != 0)
        return -1;
    return json_take_text(hello->json, "version", JSON_OPTIONAL, PROTO_NAME_MAX, &hello->version, error);
}

/* Sessions are addressed by it in the admin API, and it stands in logs beside names of the configuration. */
static int take_name(const json_t *json, const char *key, enum json_need need, const char **name, struct error *error) {
    if (json_take_text(json, key, need, PROTO_NAME_MAX, name, error) != 0)
        return -1;
    if (**name && !auth_proof_name_is_valid(*name))
        return error_set(error, "\"%s\" is not a name: it must be " AUTH_PROOF_NAME_WANTED, key);
    return 0;
}

static int take_hello(struct hello *hello, struct error *error) {
    const json_t *json = hello->json;
    if (json_take_number(json, "protocol", JSON_REQUIRED, INT64_MAX, &hello->protocol, error) != 0)
        return -1;
    if (hello->protocol != PROTO_VERSION) /* only the number means the same in all of them */
        return 0;
    if (take_kind(json, &hello->kind, error) != 0)
        return -1;
    if (hello->kind == HELLO_KIND_DATA && take_data(hello, error) != 0)
        return -1;
    if (hello->kind == HELLO_KIND_CONTROL && take_control(hello, error) != 0)
        return -1;
    if (take_name(json, "credential", JSON_OPTIONAL, &hello->credential, error) != 0 ||
        take_name(json, "name", JSON_REQUIRED, &hello->name, error) != 0 ||
        take_name(json, "group", JSON_OPTIONAL, &hello->group, error) != 0 ||
        json_take_hex(json, "instance", JSON_REQUIRED, INSTANCE_DIGITS, &hello->instance, error) != 0 ||
        features_take(json, &hello->features, error) != 0)
        return -1;
    return json_take_secret(json, "proof", JSON_OPTIONAL, hello->proof, &hello->has_proof, error);
}

static const struct hello empty = {
    .credential = "", .name = "", .group = "", .instance = "", .resume = "", .session = "", .version = ""};

int hello_parse(struct hello *hello, const char *text, size_t length, struct error *error) {
    *hello = empty;
    hello->json = json_parse_object(text, length, FRAME_GREETING_MAX, error);
    if (hello->json && take_hello(hello, error) == 0)
        return 0;
    hello_done(hello);
    return -1;
}

void hello_done(struct hello *hello) {
    json_decref(hello->json);
    *hello = empty;
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

static bool put_data(json_t *json, const struct hello *hello) {
    return put_text(json, "session", hello->session) && put_number(json, "thread", hello->server_thread) &&
           (!hello->is_exclusive || json_object_set_new(json, "exclusive", json_true()) == 0);
}

static bool put_control(json_t *json, const struct hello *hello) {
    return put_text(json, "resume", hello->resume) && put_text(json, "version", hello->version);
}

char *hello_format(const struct hello *hello) {
    json_t *json = json_object();
    return finish(json, put_number(json, "protocol", hello->protocol) && put_text(json, "kind", kinds[hello->kind]) &&
                            put_text(json, "credential", hello->credential) && put_text(json, "name", hello->name) &&
                            put_text(json, "group", hello->group) && put_text(json, "instance", hello->instance) &&
                            (hello->kind == HELLO_KIND_DATA ? put_data(json, hello) : put_control(json, hello)) &&
                            (hello->features == 0 || features_put(json, hello->features)));
}

char *hello_add_proof(const char *json, const uint8_t proof[SECRET_SIZE]) {
    size_t length = strlen(json);
    if (length < 2 || json[length - 1] != '}')
        return NULL;
    char digits[SECRET_HEX];
    const char *comma = json[length - 2] == '{' ? "" : ",";
    secret_to_hex(proof, SECRET_SIZE, digits);
    return text_buffer_format("%.*s%s\"proof\":\"%s\"}", (int)(length - 1), json, comma, digits);
}

/* The key shall not linger in memory that jansson frees. */
static void wipe_member(json_t *json, const char *key) {
    json_t *member = json_object_get(json, key);
    if (json_is_string(member))
        secret_wipe((char *)json_string_value(member), json_string_length(member));
    json_object_del(json, key);
}

static int take_threads(struct welcome *welcome, struct error *error) {
    uint64_t threads = 0;
    if (json_take_number(welcome->json, "threads", JSON_REQUIRED, PROTO_THREADS_MAX, &threads, error) != 0)
        return -1;
    if (threads == 0)
        return error_set(error, "\"threads\" is 0");
    welcome->threads = (unsigned)threads;
    return 0;
}

static int take_welcome(struct welcome *welcome, struct error *error) {
    const json_t *json = welcome->json;
    bool has_key = false;
    if (json_take_hex(json, "session", JSON_REQUIRED, INSTANCE_DIGITS, &welcome->session, error) != 0 ||
        json_take_secret(json, "session_key", JSON_REQUIRED, welcome->session_key, &has_key, error) != 0 ||
        json_take_hex(json, "server", JSON_REQUIRED, INSTANCE_DIGITS, &welcome->server, error) != 0 ||
        json_take_number(json, "ping", JSON_OPTIONAL, LONGEST_S, &welcome->ping_s, error) != 0 ||
        json_take_number(json, "dead_after", JSON_OPTIONAL, LONGEST_S, &welcome->dead_after_s, error) != 0 ||
        json_take_number(json, "resume", JSON_OPTIONAL, PROTO_RESUME_MAX_S, &welcome->resume_s, error) != 0 ||
        take_threads(welcome, error) != 0 || features_take(json, &welcome->features, error) != 0)
        return -1;
    return json_take_secret(json, "proof", JSON_OPTIONAL, welcome->proof, &welcome->has_proof, error);
}

int welcome_parse(struct welcome *welcome, const char *text, size_t length, struct error *error) {
    *welcome = (struct welcome){.session = "", .server = ""};
    welcome->json = json_parse_object(text, length, FRAME_GREETING_MAX, error);
    int result = welcome->json ? take_welcome(welcome, error) : -1;
    wipe_member(welcome->json, "session_key");
    if (result != 0)
        welcome_done(welcome);
    return result;
}

int welcome_parse_data(uint8_t proof[SECRET_SIZE], const char *text, size_t length, struct error *error) {
    bool has_proof;
    json_t *json = json_parse_object(text, length, FRAME_GREETING_MAX, error);
    int result = json ? json_take_secret(json, "proof", JSON_REQUIRED, proof, &has_proof, error) : -1;
    json_decref(json);
    return result;
}

void welcome_done(struct welcome *welcome) {
    json_decref(welcome->json);
    secret_wipe(welcome, sizeof *welcome);
    welcome->session = welcome->server = "";
}

char *welcome_format(const struct welcome *welcome) {
    json_t *json = json_object();
    bool complete = put_text(json, "session", welcome->session) &&
                    put_secret(json, "session_key", welcome->session_key) &&
                    put_text(json, "server", welcome->server) && put_number(json, "threads", welcome->threads) &&
                    (welcome->ping_s == 0 || put_number(json, "ping", welcome->ping_s)) &&
                    (welcome->dead_after_s == 0 || put_number(json, "dead_after", welcome->dead_after_s)) &&
                    (welcome->resume_s == 0 || put_number(json, "resume", welcome->resume_s)) &&
                    (welcome->features == 0 || features_put(json, welcome->features)) &&
                    (!welcome->has_proof || put_secret(json, "proof", welcome->proof));
    return finish(json, complete);
}

static const struct {
    const char *code;
    bool final;
} rejects[] = {
#define REJECT_ROW(name, code, final) [REJECT_##name] = {code, final},
    REJECT_CODES(REJECT_ROW)
#undef REJECT_ROW
};

/* A code from a later version is no reason to give up for ever: it counts as "busy". */
static enum reject_code reject_code(const char *text) {
    for (size_t i = 0; i < REJECT_CODE_COUNT; i++)
        if (strcmp(text, rejects[i].code) == 0)
            return (enum reject_code)i;
    return REJECT_BUSY;
}

static int take_reject(struct reject *reject, struct error *error) {
    const char *code = "";
    if (json_take_text(reject->json, "code", JSON_REQUIRED, PROTO_NAME_MAX, &code, error) != 0 ||
        json_take_text(reject->json, "reason", JSON_OPTIONAL, PROTO_REASON_MAX, &reject->reason, error) != 0)
        return -1;
    reject->code = reject_code(code);
    return json_take_number(reject->json, "retry_after", JSON_OPTIONAL, LONGEST_S, &reject->retry_after_s, error);
}

int reject_parse(struct reject *reject, const char *text, size_t length, struct error *error) {
    *reject = (struct reject){.reason = ""};
    reject->json = json_parse_object(text, length, FRAME_GREETING_MAX, error);
    if (reject->json && take_reject(reject, error) == 0)
        return 0;
    reject_done(reject);
    return -1;
}

void reject_done(struct reject *reject) {
    json_decref(reject->json);
    *reject = (struct reject){.reason = ""};
}

char *reject_format(enum reject_code code, const char *reason, unsigned retry_after_s) {
    char detail[PROTO_REASON_MAX + 1];
    json_text_copy_clean(detail, sizeof detail, reason);
    json_t *json = json_object();
    return finish(json, put_text(json, "code", rejects[code].code) && put_text(json, "reason", detail) &&
                            (retry_after_s == 0 || put_number(json, "retry_after", retry_after_s)));
}

bool reject_is_final(enum reject_code code) {
    return rejects[code].final;
}

const char *reject_code_name(enum reject_code code) {
    return rejects[code].code;
}
