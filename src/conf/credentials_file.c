/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * credentials_file: agents.json, read strictly and written whole or not at all.
 * Runs on: the control thread or a tool. Owns: nothing; wipes the text and the JSON that held keys.
 */
#include "config.h"

#include "conf/credentials.h"
#include "lib/base/date.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "proto/auth_proof.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_LARGEST = 16 * 1024 * 1024, FILE_MODE = 0640, WHERE_TEXT = 96 };

struct place { /* where in the file, for errors: "FILE: agents[2].keys[0]" */
    const char *path;
    char where[WHERE_TEXT];
    struct error *error;
};

static int log_throttle_event(const struct place *place, const char *what) {
    return error_set(place->error, "%s: %s: %s", place->path, place->where, what);
}

static struct place inside(const struct place *place, const char *member, size_t index) {
    struct place inner = *place;
    snprintf(inner.where, sizeof inner.where, "%.40s%s%s[%zu]", place->where, *place->where ? "." : "", member, index);
    return inner;
}

static int refuse_unknown(const json_t *object, const char *const *known, const struct place *place) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value) {
        size_t i = 0;
        while (known[i] && strcmp(known[i], key) != 0)
            i++;
        if (!known[i])
            return error_set(place->error, "%s: %s: there is no key \"%.40s\"", place->path,
                             *place->where ? place->where : "top", key);
    }
    return 0;
}

static int take_date(const json_t *object, const char *key, time_t *moment, const struct place *place) {
    const json_t *value = json_object_get(object, key);
    *moment = 0;
    if (!value || json_is_null(value))
        return 0;
    if (json_is_string(value) && date_parse(moment, json_string_value(value)))
        return 0;
    return error_set(place->error, "%s: %s.%s: a date like \"2027-01-31T00:00:00Z\" is expected", place->path,
                     place->where, key);
}

static int take_key(struct credential *credential, const json_t *object, const struct place *place) {
    static const char *const known[] = {"key", "until", NULL};
    if (!json_is_object(object))
        return log_throttle_event(place, "an object with \"key\" is expected");
    if (refuse_unknown(object, known, place) != 0)
        return -1;
    const char *digits = json_string_value(json_object_get(object, "key"));
    if (!digits || !secret_from_hex(credential->keys[credential->key_count].key, SECRET_SIZE, digits))
        return log_throttle_event(place, "\"key\" is not 64 hexadecimal digits");
    return take_date(object, "until", &credential->keys[credential->key_count++].until, place);
}

static int take_keys(struct credential *credential, const json_t *list, const struct place *place) {
    if (!list)
        return 0; /* then it has a certificate, or it is an error */
    if (!json_is_array(list) || json_array_size(list) < 1 || json_array_size(list) > CREDENTIAL_KEYS)
        return log_throttle_event(place, "\"keys\" is not a list of one or two keys");
    size_t index;
    json_t *item;
    json_array_foreach(list, index, item) {
        struct place inner = inside(place, "keys", index);
        if (take_key(credential, item, &inner) != 0)
            return -1;
    }
    return 0;
}

static int take_groups(struct credential *credential, const json_t *list, const struct place *place) {
    if (!json_is_array(list) || json_array_size(list) == 0)
        return log_throttle_event(place, "\"groups\" is not a list of groups; [\"*\"] is every one");
    size_t index;
    json_t *item;
    json_array_foreach(list, index, item) {
        const char *text = json_string_value(item);
        if (!text || !*text)
            return log_throttle_event(place, "\"groups\" holds something that is not a name");
        if (strlist_add(&credential->groups, text) != 0)
            return error_set(place->error, "out of memory");
    }
    return 0;
}

static int take_certificate(struct credential *credential, const json_t *value, const struct place *place) {
    const char *text = json_string_value(value);
    struct error why = {{0}};
    if (!text)
        return log_throttle_event(place, "\"certificate\" is neither a name like \"web1.example\" nor a list of them");
    if (certificate_check_name(text, &why) != 0)
        return log_throttle_event(place, why.text);
    return strlist_add(&credential->certificates, text) == 0 ? 0 : error_set(place->error, "out of memory");
}

static int take_certificates(struct credential *credential, const json_t *value, const struct place *place) {
    size_t index;
    json_t *item;
    if (!value || json_is_null(value))
        return 0;
    if (!json_is_array(value))
        return take_certificate(credential, value, place);
    json_array_foreach(value, index, item) {
        if (take_certificate(credential, item, place) != 0)
            return -1;
    }
    return 0;
}

static int take_agent(struct credentials *credentials, const json_t *object, const struct place *place) {
    static const char *const known[] = {"name", "keys", "certificate", "groups", "expires", NULL};
    struct credential made = {0};
    if (!json_is_object(object))
        return log_throttle_event(place,
                                  "an object with \"name\", \"groups\" and \"keys\" or \"certificate\" is expected");
    made.name = (char *)json_string_value(json_object_get(object, "name"));
    struct error why = {{0}};
    int result = -1;
    if (!made.name || !auth_proof_name_is_valid(made.name))
        log_throttle_event(place, "\"name\" is not 1 to 64 letters, digits and ._-");
    else if (credentials_find(credentials, made.name))
        log_throttle_event(place, "the name is there already");
    else if (refuse_unknown(object, known, place) == 0 &&
             take_keys(&made, json_object_get(object, "keys"), place) == 0 &&
             take_certificates(&made, json_object_get(object, "certificate"), place) == 0 &&
             take_groups(&made, json_object_get(object, "groups"), place) == 0 &&
             take_date(object, "expires", &made.expires, place) == 0)
        result = credentials_put(credentials, &made, &why) == 0 ? 0 : log_throttle_event(place, why.text);
    strlist_done(&made.groups);
    strlist_done(&made.certificates);
    secret_wipe(&made, sizeof made);
    return result;
}

static int take_all(struct credentials *credentials, const json_t *json, struct place *place) {
    static const char *const known[] = {"agents", NULL};
    const json_t *list = json_object_get(json, "agents");
    if (refuse_unknown(json, known, place) != 0)
        return -1;
    if (!json_is_array(list))
        return error_set(place->error, "%s: \"agents\" is not a list", place->path);
    size_t index;
    json_t *item;
    json_array_foreach(list, index, item) {
        struct place inner = inside(place, "agents", index);
        if (take_agent(credentials, item, &inner) != 0)
            return -1;
    }
    return 0;
}

/* The keys' digits shall not linger in memory that jansson frees. */
static void wipe_and_free(json_t *json) {
    size_t index, key_index;
    json_t *agent, *key;
    json_array_foreach(json_object_get(json, "agents"), index, agent)
        json_array_foreach(json_object_get(agent, "keys"), key_index, key) {
        json_t *digits = json_object_get(key, "key");
        if (json_is_string(digits))
            secret_wipe((char *)json_string_value(digits), json_string_length(digits));
    }
    json_decref(json);
}

struct credentials *credentials_read(const char *path, struct error *error) {
    size_t length;
    char *text = file_read_secret(path, FILE_LARGEST, &length, error);
    if (!text)
        return NULL;
    json_t *json = json_parse_file_text(text, length, path, error);
    secret_wipe(text, length);
    free(text);
    if (!json)
        return NULL;
    struct place place = {.path = path, .where = "", .error = error};
    struct credentials *credentials = credentials_new();
    if (!credentials)
        error_set(error, "out of memory");
    else if (take_all(credentials, json, &place) != 0) {
        credentials_free(credentials);
        credentials = NULL;
    }
    wipe_and_free(json);
    return credentials;
}

static json_t *date_json(time_t moment) {
    char text[DATE_TEXT];
    return json_string(date_format(moment, text));
}

static json_t *key_json(const struct credential *credential, int index) {
    char digits[SECRET_HEX];
    json_t *key = json_pack("{s:s}", "key", secret_to_hex(credential->keys[index].key, SECRET_SIZE, digits));
    secret_wipe(digits, sizeof digits);
    time_t until = credential->keys[index].until;
    if (key && until && json_object_set_new(key, "until", date_json(until)) != 0) {
        json_decref(key);
        return NULL;
    }
    return key;
}

static bool add_keys(json_t *agent, const struct credential *credential) {
    bool complete = credential->key_count == 0 || json_object_set_new(agent, "keys", json_array()) == 0;
    for (int i = 0; complete && i < credential->key_count; i++)
        complete = json_array_append_new(json_object_get(agent, "keys"), key_json(credential, i)) == 0;
    return complete;
}

/* One is written as it would be by hand: without a list round it. */
static bool add_certificates(json_t *agent, const struct credential *credential) {
    const struct strlist *names = &credential->certificates;
    if (names->count <= 1)
        return names->count == 0 || json_object_set_new(agent, "certificate", json_string(names->items[0])) == 0;
    bool complete = json_object_set_new(agent, "certificate", json_array()) == 0;
    for (size_t i = 0; complete && i < names->count; i++)
        complete = json_array_append_new(json_object_get(agent, "certificate"), json_string(names->items[i])) == 0;
    return complete;
}

static json_t *agent_json(const struct credential *credential) {
    json_t *agent = json_pack("{s:s, s:[]}", "name", credential->name, "groups");
    bool complete = agent && add_keys(agent, credential) && add_certificates(agent, credential);
    for (size_t i = 0; complete && i < credential->groups.count; i++)
        complete =
            json_array_append_new(json_object_get(agent, "groups"), json_string(credential->groups.items[i])) == 0;
    if (complete && credential->expires)
        complete = json_object_set_new(agent, "expires", date_json(credential->expires)) == 0;
    if (complete)
        return agent;
    json_decref(agent);
    return NULL;
}

static json_t *all_json(const struct credentials *credentials) {
    json_t *json = json_pack("{s:[]}", "agents");
    for (size_t i = 0; json && i < credentials_count(credentials); i++)
        if (json_array_append_new(json_object_get(json, "agents"), agent_json(credentials_at(credentials, i))) != 0) {
            wipe_and_free(json);
            return NULL;
        }
    return json;
}

int credentials_write(const struct credentials *credentials, const char *path, struct error *error) {
    json_t *json = all_json(credentials);
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    wipe_and_free(json);
    if (!text)
        return error_set(error, "out of memory");
    size_t length = strlen(text);
    text[length] = '\n'; /* in place of the end, which file_write does not need */
    int result = file_write(path, text, length + 1, FILE_MODE, error);
    secret_wipe(text, length + 1);
    free(text);
    return result;
}
