/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * join_code: makes and reads join codes. The prefix tells a person what it is, and a later version that it is another.
 * Runs on: start or a tool. Owns: nothing; wipes what held the token on the way.
 */
#include "config.h"

#include "proto/join_code.h"

#include "lib/base/json.h"
#include "lib/base/secret.h"
#include "lib/net/addr.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char prefix[] = "munnel1.";
static const char pin_prefix[] = "sha256:";
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* base64url without padding; `to` has room for 4/3 of it. */
static void encode(char *to, const char *from, size_t length) {
    unsigned held = 0;
    int bits = 0;
    for (size_t i = 0; i < length; i++) {
        held = held << 8 | (unsigned char)from[i];
        for (bits += 8; bits >= 6; bits -= 6)
            *to++ = alphabet[held >> (bits - 6) & 63];
    }
    if (bits > 0)
        *to++ = alphabet[held << (6 - bits) & 63];
    *to = '\0';
}

/* Returns the length, or -1 for anything that encode() would not have written (white space aside). */
static long decode(char *to, size_t size, const char *from) {
    unsigned held = 0;
    int bits = 0;
    size_t used = 0;
    for (; *from; from++) {
        const char *found = strchr(alphabet, *from);
        if (isspace((unsigned char)*from))
            continue;
        if (!found || used >= size)
            return -1;
        held = held << 6 | (unsigned)(found - alphabet);
        bits += 6;
        if (bits >= 8)
            to[used++] = (char)(held >> (bits -= 8) & 255);
    }
    return bits >= 6 || (held & ((1U << bits) - 1)) != 0 ? -1 : (long)used;
}

static json_t *to_json(const struct join_code *code) {
    char token[AUTH_TOKEN_TEXT];
    auth_token_format(&code->token, token);
    json_t *json = json_pack("{s:[], s:[], s:s}", "s", "p", "t", token);
    secret_wipe(token, sizeof token);
    for (size_t i = 0; json && i < code->server_count; i++)
        (void)json_array_append_new(json_object_get(json, "s"), json_string(code->servers[i]));
    for (size_t i = 0; json && i < code->pin_count; i++)
        (void)json_array_append_new(json_object_get(json, "p"), json_string(code->pins[i] + sizeof pin_prefix - 1));
    return json;
}

int join_code_format(const struct join_code *code, char text[JOIN_CODE_TEXT], struct error *error) {
    char *json = NULL;
    json_t *value = to_json(code);
    if (value)
        json = json_to_text(value);
    if (!json)
        return error_set(error, "out of memory");
    size_t length = strlen(json);
    int result = 0;
    if (sizeof prefix + (length * 4 + 2) / 3 > JOIN_CODE_TEXT)
        result = error_set(error, "too many servers for one join code");
    else {
        memcpy(text, prefix, sizeof prefix - 1);
        encode(text + sizeof prefix - 1, json, length);
    }
    secret_wipe(json, length);
    free(json);
    return result;
}

static int take_servers(struct join_code *code, const json_t *list) {
    size_t index;
    json_t *item;
    if (json_array_size(list) < 1 || json_array_size(list) > JOIN_CODE_SERVERS)
        return -1;
    json_array_foreach (list, index, item) {
        const char *text = json_string_value(item);
        struct endpoint endpoint;
        if (!text || strlen(text) >= JOIN_CODE_SERVER_TEXT || endpoint_parse(&endpoint, text, NULL) != 0 ||
            endpoint.is_unix || !*endpoint.host)
            return -1;
        snprintf(code->servers[code->server_count++], JOIN_CODE_SERVER_TEXT, "%s", text);
    }
    return 0;
}

static int take_pins(struct join_code *code, const json_t *list) {
    size_t index;
    json_t *item;
    if (json_array_size(list) < 1 || json_array_size(list) > JOIN_CODE_PINS)
        return -1;
    json_array_foreach (list, index, item) {
        const char *digits = json_string_value(item);
        uint8_t bytes[SECRET_SIZE];
        char clean[SECRET_HEX];
        if (!digits || !secret_from_hex(bytes, sizeof bytes, digits))
            return -1;
        snprintf(code->pins[code->pin_count++], JOIN_CODE_PIN_TEXT, "%s%s", pin_prefix,
                 secret_to_hex(bytes, sizeof bytes, clean));
    }
    return 0;
}

static int take_token(struct join_code *code, json_t *token) {
    if (!json_is_string(token))
        return -1;
    int result = auth_token_parse(&code->token, json_string_value(token), NULL);
    secret_wipe((char *)json_string_value(token), json_string_length(token));
    return result;
}

/* Not shown: it may be a secret. */
static int refuse_prefix(const char *text, struct error *error) {
    struct auth_token token;
    int version = 0;
    if (!*text)
        return error_set(error,
                         "there is no join code, only white space; paste the line that munnel agent add printed");
    bool is_token = auth_token_parse(&token, text, NULL) == 0;
    secret_wipe(&token, sizeof token);
    if (is_token)
        return error_set(error, "this is a token, not a join code; keep it in a file and name that with --token-file");
    if (sscanf(text, "munnel%3d.", &version) == 1 && text[strcspn(text, ".")] == '.')
        return error_set(error, "this join code is for another version of munnel-agent; update this one");
    return error_set(error, "this is not a join code: a join code begins with \"%s\", as munnel agent add prints it",
                     prefix);
}

int join_code_parse(struct join_code *code, const char *text, struct error *error) {
    char json[JOIN_CODE_TEXT];
    *code = (struct join_code){.server_count = 0};
    text += strspn(text, " \t\r\n");
    if (strncmp(text, prefix, sizeof prefix - 1) != 0)
        return refuse_prefix(text, error);
    long length = decode(json, sizeof json, text + sizeof prefix - 1);
    json_t *value = length < 0 ? NULL : json_parse_object(json, (size_t)length, sizeof json, NULL);
    secret_wipe(json, sizeof json);
    bool whole = value && take_token(code, json_object_get(value, "t")) == 0 &&
                 take_servers(code, json_object_get(value, "s")) == 0 &&
                 take_pins(code, json_object_get(value, "p")) == 0;
    json_decref(value);
    if (whole)
        return 0;
    join_code_wipe(code);
    return error_set(error, "the join code is damaged; copy all of its line again");
}

void join_code_wipe(struct join_code *code) {
    secret_wipe(code, sizeof *code);
}
