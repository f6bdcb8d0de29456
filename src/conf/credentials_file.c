/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * credentials_file: agents.json, read strictly and written whole or not at all.
 * Runs on: the control thread or a tool. Owns: nothing; wipes the text and the JSON that held keys.
 */
#include "config.h"

#include "conf/credentials.h"
#include "conf/option_priv.h"
#include "conf/suggest.h"
#include "conf/validators.h"
#include "lib/base/date.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "proto/host_name.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_LARGEST = 16 * 1024 * 1024, FILE_MODE = 0640 };

static int refuse_key(const char *const *known, const char *key, const struct option_place *place) {
    char names[OPTION_WANTED_TEXT] = "";
    struct suggestion nearest = suggest_for(key);
    for (size_t i = 0; known[i]; i++) {
        suggest_consider(&nearest, known[i]);
        option_append(names, sizeof names, i ? ", " : "");
        option_append(names, sizeof names, known[i]);
    }
    if (nearest.best)
        return option_error(place, "there is no key \"%.40s\"; did you mean \"%s\"?", key, nearest.best);
    return option_error(place, "there is no key \"%.40s\"; there are: %s", key, names);
}

static int refuse_unknown(const json_t *object, const char *const *known, const struct option_place *place) {
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)object, key, value) {
        size_t i = 0;
        while (known[i] && strcmp(known[i], key) != 0)
            i++;
        if (!known[i])
            return refuse_key(known, key, place);
    }
    return 0;
}

/* Absent or of another kind. Objects and lists are not shown: keys may be in them. */
static int refuse_kind(const json_t *value, const char *wanted, const struct option_place *place) {
    char is[OPTION_VALUE_TEXT];
    if (!value)
        return option_error(place, "is missing; write %s", wanted);
    return option_error(place, "%s is not right here; write %s",
                        json_is_object(value)  ? "an object"
                        : json_is_array(value) ? "this list"
                                               : option_show(value, is),
                        wanted);
}

static int take_date(const json_t *object, const char *key, time_t *moment, const struct option_place *outer) {
    const struct option_place place = option_member(outer, key);
    const json_t *value = json_object_get(object, key);
    *moment = 0;
    if (!value || json_is_null(value))
        return 0;
    if (json_is_string(value) && date_parse(moment, json_string_value(value)))
        return 0;
    return refuse_kind(value, "a date like \"2027-01-31T00:00:00Z\", or null", &place);
}

/* The errors about keys do not show what is written: it may be the key. */
static int take_key(struct credential *credential, const json_t *object, const struct option_place *place) {
    static const char *const known[] = {"key", "until", NULL};
    if (!json_is_object(object))
        return option_error(place, "this is not an object; write { \"key\": \"64 hexadecimal digits\" }");
    if (refuse_unknown(object, known, place) != 0)
        return -1;
    const char *digits = json_string_value(json_object_get(object, "key"));
    if (!digits || !secret_from_hex(credential->keys[credential->key_count].key, SECRET_SIZE, digits))
        return option_error(place, "\"key\" is not 64 hexadecimal digits; munnel agent add writes them");
    return take_date(object, "until", &credential->keys[credential->key_count++].until, place);
}

static int take_keys(struct credential *credential, const json_t *list, const struct option_place *outer) {
    const struct option_place place = option_member(outer, "keys");
    if (!list)
        return 0; /* then it has a certificate, or credentials_put refuses it */
    if (!json_is_array(list) || json_array_size(list) < 1 || json_array_size(list) > CREDENTIAL_KEYS)
        return option_error(&place, "write a list of 1 to %d keys, [{ \"key\": ... }], or leave it out",
                            CREDENTIAL_KEYS);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const struct option_place inner = option_element(&place, i);
        if (take_key(credential, json_array_get(list, i), &inner) != 0)
            return -1;
    }
    return 0;
}

static int take_groups(struct credential *credential, const json_t *list, const struct option_place *outer) {
    const struct option_place place = option_member(outer, "groups");
    if (!json_is_array(list) || json_array_size(list) == 0)
        return refuse_kind(list, "a list of groups, or [\"*\"] for every one", &place);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const struct option_place inner = option_element(&place, i);
        const char *text = json_string_value(json_array_get(list, i));
        if (!text || !*text)
            return refuse_kind(json_array_get(list, i), "a group's name, or \"*\" for every one", &inner);
        if (strlist_add(&credential->groups, text) != 0)
            return option_error(&inner, "out of memory");
    }
    return 0;
}

static int take_certificate(struct credential *credential, const json_t *value, const struct option_place *place) {
    const char *text = json_string_value(value);
    struct error detail = {{0}};
    if (!text)
        return refuse_kind(value, "a certificate's name like \"web1.example\", or a list of them", place);
    if (certificate_check_name(text, &detail) != 0)
        return option_error(place, "%s", detail.text);
    return strlist_add(&credential->certificates, text) == 0 ? 0 : option_error(place, "out of memory");
}

static int take_certificates(struct credential *credential, const json_t *value, const struct option_place *outer) {
    const struct option_place place = option_member(outer, "certificate");
    if (!value || json_is_null(value))
        return 0;
    if (!json_is_array(value))
        return take_certificate(credential, value, &place);
    for (size_t i = 0; i < json_array_size(value); i++) {
        const struct option_place inner = option_element(&place, i);
        if (take_certificate(credential, json_array_get(value, i), &inner) != 0)
            return -1;
    }
    return 0;
}

/* credential->name stays the JSON's. */
static int take_name(struct credential *credential, const json_t *value, const struct credentials *others,
                     const struct option_place *outer) {
    const struct option_place place = option_member(outer, "name");
    struct error detail = {{0}};
    credential->name = (char *)json_string_value(value);
    if (!credential->name)
        return refuse_kind(value, "a name like \"web1\"", &place);
    if (validate_name(credential->name, &detail) != 0)
        return option_error(&place, "%s", detail.text);
    if (credentials_find(others, credential->name))
        return option_error(&place, "\"%s\" is the name of an earlier agent; write another", credential->name);
    return 0;
}

static int take_rate(const json_t *object, const char *key, struct credential_rate *rate,
                     const struct option_place *outer) {
    const struct option_spec spec = {.name = key, .kind = OPTION_SIZE, .maximum = UINT_MAX};
    const struct option_place place = option_member(outer, key);
    json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value))
        return 0;
    rate->is_set = true;
    return option_set_value(&spec, &rate->bytes, value, &place);
}

static int take_texts(struct strlist *list, const json_t *object, const char *key, const char *wanted,
                      int (*check)(const char *text, struct error *error), const struct option_place *outer) {
    const struct option_spec spec = {.name = key, .kind = OPTION_TEXTS, .check = check, .wanted = wanted};
    const struct option_place place = option_member(outer, key);
    json_t *value = json_object_get(object, key);
    return value && !json_is_null(value) ? option_set_value(&spec, list, value, &place) : 0;
}

static int take_publish(struct publish_permit *permit, const json_t *object, const struct option_place *outer) {
    static const char *const known[] = {"ports", "hosts", NULL};
    const struct option_place place = option_member(outer, "publish");
    if (!object || json_is_null(object))
        return 0;
    if (!json_is_object(object))
        return refuse_kind(object, "an object with \"ports\", \"hosts\", or both", &place);
    return refuse_unknown(object, known, &place) ||
                   take_texts(&permit->ports, object, "ports", "ports like \"20000-20099\", or a list of them",
                              publish_ports_check, &place) ||
                   take_texts(&permit->hosts, object, "hosts", "names like \"*.dev.example.org\", or a list of them",
                              host_name_check, &place)
               ? -1
               : 0;
}

static int take_agent(struct credentials *credentials, const json_t *object, const struct option_place *place) {
    static const char *const known[] = {"name",         "keys",          "certificate", "groups", "expires",
                                        "bandwidth_in", "bandwidth_out", "publish",     NULL};
    struct credential made = {0};
    struct error detail = {{0}};
    if (!json_is_object(object))
        return refuse_kind(object, "an object with \"name\", \"groups\" and \"keys\" or \"certificate\"", place);
    int result = -1;
    if (refuse_unknown(object, known, place) == 0 &&
        take_name(&made, json_object_get(object, "name"), credentials, place) == 0 &&
        take_keys(&made, json_object_get(object, "keys"), place) == 0 &&
        take_certificates(&made, json_object_get(object, "certificate"), place) == 0 &&
        take_groups(&made, json_object_get(object, "groups"), place) == 0 &&
        take_date(object, "expires", &made.expires, place) == 0 &&
        take_rate(object, "bandwidth_in", &made.bandwidth_in, place) == 0 &&
        take_rate(object, "bandwidth_out", &made.bandwidth_out, place) == 0 &&
        take_publish(&made.publish, json_object_get(object, "publish"), place) == 0)
        result = credentials_put(credentials, &made, &detail) == 0 ? 0 : option_error(place, "%s", detail.text);
    strlist_done(&made.groups);
    strlist_done(&made.certificates);
    publish_permit_done(&made.publish);
    secret_wipe(&made, sizeof made);
    return result;
}

static int take_all(struct credentials *credentials, const json_t *json, const struct option_place *top) {
    static const char *const known[] = {"agents", NULL};
    const json_t *list = json_object_get(json, "agents");
    const struct option_place place = option_member(top, "agents");
    if (refuse_unknown(json, known, top) != 0)
        return -1;
    if (!json_is_array(list))
        return refuse_kind(list, "a list [{...}, {...}]", &place);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const struct option_place inner = option_element(&place, i);
        if (take_agent(credentials, json_array_get(list, i), &inner) != 0)
            return -1;
    }
    return 0;
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
    const struct option_place place = {.file = path, .error = error};
    struct credentials *credentials = credentials_new();
    if (!credentials)
        error_set(error, "out of memory");
    else if (take_all(credentials, json, &place) != 0) {
        credentials_free(credentials);
        credentials = NULL;
    }
    json_free_wiped(json);
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
        json_free_wiped(key);
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

/* A single one is written without a list round it. */
static bool add_certificates(json_t *agent, const struct credential *credential) {
    const struct strlist *names = &credential->certificates;
    if (names->count <= 1)
        return names->count == 0 || json_object_set_new(agent, "certificate", json_string(names->items[0])) == 0;
    bool complete = json_object_set_new(agent, "certificate", json_array()) == 0;
    for (size_t i = 0; complete && i < names->count; i++)
        complete = json_array_append_new(json_object_get(agent, "certificate"), json_string(names->items[i])) == 0;
    return complete;
}

static bool add_rate(json_t *agent, const char *key, const struct credential_rate *rate) {
    return !rate->is_set || json_object_set_new(agent, key, json_integer(rate->bytes)) == 0;
}

static bool add_texts(json_t *object, const char *key, const struct strlist *texts) {
    if (!texts->count)
        return true;
    bool complete = json_object_set_new(object, key, json_array()) == 0;
    for (size_t i = 0; complete && i < texts->count; i++)
        complete = json_array_append_new(json_object_get(object, key), json_string(texts->items[i])) == 0;
    return complete;
}

static bool add_publish(json_t *agent, const struct publish_permit *permit) {
    if (publish_permit_is_empty(permit))
        return true;
    return json_object_set_new(agent, "publish", json_object()) == 0 &&
           add_texts(json_object_get(agent, "publish"), "ports", &permit->ports) &&
           add_texts(json_object_get(agent, "publish"), "hosts", &permit->hosts);
}

static json_t *agent_json(const struct credential *credential) {
    json_t *agent = json_pack("{s:s, s:[]}", "name", credential->name, "groups");
    bool complete = agent && add_keys(agent, credential) && add_certificates(agent, credential);
    for (size_t i = 0; complete && i < credential->groups.count; i++)
        complete =
            json_array_append_new(json_object_get(agent, "groups"), json_string(credential->groups.items[i])) == 0;
    if (complete && credential->expires)
        complete = json_object_set_new(agent, "expires", date_json(credential->expires)) == 0;
    complete = complete && add_rate(agent, "bandwidth_in", &credential->bandwidth_in) &&
               add_rate(agent, "bandwidth_out", &credential->bandwidth_out) && add_publish(agent, &credential->publish);
    if (complete)
        return agent;
    json_free_wiped(agent);
    return NULL;
}

static json_t *all_json(const struct credentials *credentials) {
    json_t *json = json_pack("{s:[]}", "agents");
    for (size_t i = 0; json && i < credentials_count(credentials); i++)
        if (json_array_append_new(json_object_get(json, "agents"), agent_json(credentials_at(credentials, i))) != 0) {
            json_free_wiped(json);
            return NULL;
        }
    return json;
}

int credentials_write(const struct credentials *credentials, const char *path, struct error *error) {
    json_t *json = all_json(credentials);
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_free_wiped(json);
    if (!text) {
        errno = ENOMEM;
        return error_set(error, "out of memory");
    }
    size_t length = strlen(text);
    text[length] = '\n'; /* in place of the end, which file_write does not need */
    int result = file_write(path, text, length + 1, FILE_MODE, error);
    int failure = errno;
    secret_wipe(text, length + 1);
    free(text);
    errno = failure;
    return result;
}
