/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * known_servers: see known_servers.h.
 */
#include "config.h"

#include "agent/identity/known_servers.h"

#include "conf/validators.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "proto/auth_proof.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_LIMIT = 1 << 20, PINS_MAX = 8 };

static const char FILE_NAME[] = "joined.json";

struct known_servers {
    size_t count;
    struct known_server servers[KNOWN_SERVERS_MAX];
};

/* ---- one server ---- */

static void wipe_text(char *text) {
    if (text)
        secret_wipe(text, strlen(text));
}

void known_server_done(struct known_server *server) {
    free(server->address);
    strlist_done(&server->pins);
    wipe_text(server->token);
    free(server->token);
    *server = (struct known_server){0};
}

static int copy_server(struct known_server *to, const struct known_server *from) {
    *to = (struct known_server){.address = strdup(from->address), .token = strdup(from->token)};
    if (to->address && to->token && strlist_copy(&to->pins, &from->pins) == 0)
        return 0;
    known_server_done(to);
    return -1;
}

static int check_server(const struct known_server *server, struct error *error) {
    struct auth_token token;
    int result = auth_token_parse(&token, server->token, error);

    secret_wipe(&token, sizeof token);
    if (result != 0 || validate_server(server->address, error) != 0)
        return -1;
    if (server->pins.count == 0 || server->pins.count > PINS_MAX)
        return error_set(error, "%s: 1 to %d pins are needed, not %zu", server->address, PINS_MAX, server->pins.count);
    for (size_t i = 0; i < server->pins.count; i++)
        if (validate_pin(server->pins.items[i], error) != 0)
            return -1;
    return 0;
}

/* ---- the list ---- */

size_t known_servers_count(const struct known_servers *joined) {
    return joined->count;
}

const struct known_server *known_servers_at(const struct known_servers *joined, size_t index) {
    return &joined->servers[index];
}

static size_t find(const struct known_servers *joined, const char *address) {
    size_t index = 0;

    while (index < joined->count && strcmp(joined->servers[index].address, address) != 0)
        index++;
    return index;
}

const struct known_server *known_servers_find(const struct known_servers *joined, const char *address) {
    size_t index = find(joined, address);

    return index < joined->count ? &joined->servers[index] : NULL;
}

int known_servers_put(struct known_servers *joined, const struct known_server *server, struct error *error) {
    struct known_server copy;
    size_t index;

    if (check_server(server, error) != 0)
        return -1;
    index = find(joined, server->address);
    if (index == KNOWN_SERVERS_MAX)
        return error_set(error, "an agent can join no more than %d servers", KNOWN_SERVERS_MAX);
    if (copy_server(&copy, server) != 0)
        return error_set(error, "out of memory");
    if (index == joined->count)
        joined->count++;
    else
        known_server_done(&joined->servers[index]);
    joined->servers[index] = copy;
    return 0;
}

void known_servers_remove(struct known_servers *joined, const char *address) {
    size_t index = find(joined, address);
    struct known_server *place = &joined->servers[index];

    if (index == joined->count)
        return;
    known_server_done(place);
    joined->count--;
    memmove(place, place + 1, (joined->count - index) * sizeof *place);
    joined->servers[joined->count] = (struct known_server){0};
}

void known_servers_free(struct known_servers *joined) {
    if (!joined)
        return;
    for (size_t i = 0; i < joined->count; i++)
        known_server_done(&joined->servers[i]);
    free(joined);
}

/* ---- the file ---- */

static int take_pins(struct strlist *pins, const json_t *array) {
    const json_t *item;
    size_t index;

    json_array_foreach (array, index, item) {
        if (!json_is_string(item) || strlist_add(pins, json_string_value(item)) != 0)
            return -1;
    }
    return 0;
}

static int take_server(struct known_servers *joined, json_t *json, struct error *error) {
    const char *address = "", *token = "";
    struct known_server server = {0};
    int result = -1;

    json_get_string(json, "address", &address);
    json_get_string(json, "token", &token);
    server.address = strdup(address);
    server.token = strdup(token);
    secret_wipe((char *)token, strlen(token)); /* jansson frees without wiping; "" is left alone */
    if (!server.address || !server.token)
        error_set(error, "out of memory");
    else if (take_pins(&server.pins, json_object_get(json, "pins")) != 0)
        error_set(error, "\"pins\" is not a list of strings");
    else
        result = known_servers_put(joined, &server, error);
    known_server_done(&server);
    return result;
}

static int take_servers(struct known_servers *joined, const json_t *json, struct error *error) {
    const json_t *servers = json_object_get(json, "servers");
    json_t *server;
    size_t index;

    if (!json_is_array(servers))
        return error_set(error, "\"servers\" is missing or not a list");
    json_array_foreach (servers, index, server) {
        if (take_server(joined, server, error) != 0)
            return -1;
    }
    return 0;
}

static int read_into(struct known_servers *joined, const char *path, struct error *error) {
    struct error detail = {""};
    size_t length = 0;
    char *text = file_read_secret(path, FILE_LIMIT, &length, error);
    json_t *json;
    int result;

    if (!text)
        return -1;
    json = json_parse_object(text, length, FILE_LIMIT, &detail);
    result = json ? take_servers(joined, json, &detail) : -1;
    if (result != 0)
        error_set(error, "%s: %s", path, detail.text);
    json_decref(json);
    secret_wipe(text, length);
    free(text);
    return result;
}

struct known_servers *known_servers_read(const char *state_folder, struct error *error) {
    struct known_servers *joined = calloc(1, sizeof *joined);
    char *path;

    if (joined && !state_folder)
        return joined;
    path = joined ? file_in(state_folder, FILE_NAME) : NULL;
    if (!path) {
        error_set(error, "out of memory");
        free(joined);
        return NULL;
    }
    if (file_exists(path) && read_into(joined, path, error) != 0) {
        known_servers_free(joined);
        joined = NULL;
    }
    free(path);
    return joined;
}

static json_t *server_to_json(const struct known_server *server) {
    json_t *pins = json_array();

    for (size_t i = 0; i < server->pins.count; i++)
        if (json_array_append_new(pins, json_string(server->pins.items[i])) != 0) {
            json_decref(pins);
            return NULL;
        }
    return json_pack("{s:s, s:o, s:s}", "address", server->address, "pins", pins, "token", server->token);
}

static json_t *to_json(const struct known_servers *joined) {
    json_t *servers = json_array();

    for (size_t i = 0; i < joined->count; i++)
        if (json_array_append_new(servers, server_to_json(&joined->servers[i])) != 0) {
            json_decref(servers);
            return NULL;
        }
    return json_pack("{s:o}", "servers", servers);
}

int known_servers_write(const struct known_servers *joined, const char *state_folder, struct error *error) {
    json_t *json = to_json(joined);
    char *text = json ? json_to_text(json) : NULL;
    char *path = file_in(state_folder, FILE_NAME);
    int result = -1;

    if (!text || !path)
        error_set(error, "out of memory");
    else if (file_make_folder(state_folder, 0700, error) == 0)
        result = file_write(path, text, strlen(text), 0600, error);
    wipe_text(text);
    free(text);
    free(path);
    return result;
}
