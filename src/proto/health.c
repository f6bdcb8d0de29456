/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * health: see health.h.
 */
#include "config.h"

#include "proto/health.h"

#include "proto/control.h"
#include "proto/json_fields.h"
#include "proto/limits.h"

#include <string.h>

enum { STATUS_LEAST = 100, STATUS_MOST = 599, STATUS_DIGITS = 3, CHECK_OVERHEAD = 160 /* bytes of JSON */ };

static const char *const words[HEALTH_CHECK_COUNT] = {
#define HEALTH_CHECK_WORD(name, word) [HEALTH_CHECK_##name] = word,
    HEALTH_CHECKS(HEALTH_CHECK_WORD)
#undef HEALTH_CHECK_WORD
};

const char *health_check_word(enum health_check_type type) {
    return words[type];
}

/* ---- what is expected ---- */

/* Reads three digits; NULL: there are none. */
static const char *take_code(const char *text, unsigned *code) {
    *code = 0;
    for (int i = 0; i < STATUS_DIGITS; i++, text++) {
        if (*text < '0' || *text > '9')
            return NULL;
        *code = *code * 10 + (unsigned)(*text - '0');
    }
    return *code >= STATUS_LEAST && *code <= STATUS_MOST ? text : NULL;
}

/* One code or range; returns what follows it, "" or ",...", or NULL if it is none. */
static const char *take_range(const char *text, unsigned *first, unsigned *last) {
    text = take_code(text, first);
    *last = *first;
    if (text && *text == '-')
        text = take_code(text + 1, last);
    return text && *last >= *first && (!*text || *text == ',') ? text : NULL;
}

int health_status_check(const char *expected, struct error *error) {
    unsigned first, last;

    if (strlen(expected) > HEALTH_STATUS_TEXT_MAX)
        return error_set(error, "the list of status codes is longer than %d characters", HEALTH_STATUS_TEXT_MAX);
    for (const char *rest = expected;; rest++) {
        rest = take_range(rest, &first, &last);
        if (!rest)
            return error_set(error, "\"%s\" is no list of status codes from %d to %d; write \"200-399\" or \"200,204\"",
                             expected, STATUS_LEAST, STATUS_MOST);
        if (!*rest)
            return 0;
    }
}

bool health_status_matches(const char *expected, unsigned status) {
    unsigned first, last;

    for (const char *rest = expected; (rest = take_range(rest, &first, &last)); rest++) {
        if (status >= first && status <= last)
            return true;
        if (!*rest)
            break;
    }
    return false;
}

static bool is_visible(const char *text) {
    while (*text > ' ' && *text < 0x7f)
        text++;
    return !*text;
}

int health_path_check(const char *path, struct error *error) {
    if (*path == '/' && is_visible(path) && strlen(path) <= HEALTH_PATH_MAX && !strchr(path, '#'))
        return 0;
    return error_set(error, "\"%.80s\" is no path of HTTP; write one like \"/health\", with %%20 for a space", path);
}

int health_host_check(const char *host, struct error *error) {
    if (is_visible(host) && strlen(host) <= HEALTH_HOST_MAX && !strpbrk(host, "/?#@\\\"<>"))
        return 0;
    return error_set(error, "\"%.80s\" is no host; write a name like \"www.example.org\"", host);
}

/* ---- a check ---- */

static int take_type(const json_t *json, enum health_check_type *type, struct error *error) {
    const char *word = "";

    if (json_take_text(json, "type", JSON_REQUIRED, PROTO_NAME_MAX, &word, error))
        return -1;
    for (unsigned i = HEALTH_CHECK_NONE + 1; i < HEALTH_CHECK_COUNT; i++)
        if (strcmp(word, words[i]) == 0)
            *type = (enum health_check_type)i;
    return *type == HEALTH_CHECK_NONE ? error_set(error, "a \"check\" of an unknown type") : 0;
}

static int take_number(const json_t *json, const char *key, unsigned most, unsigned *number, struct error *error) {
    uint64_t value = 0;

    if (json_take_number(json, key, JSON_REQUIRED, most, &value, error))
        return -1;
    *number = (unsigned)value;
    return value ? 0 : error_set(error, "\"%s\" is 0", key);
}

static int take_texts(struct health_check *check, const json_t *json, struct error *error) {
    if (json_take_text(json, "host", JSON_OPTIONAL, HEALTH_HOST_MAX, &check->host, error) ||
        health_host_check(check->host, error))
        return -1;
    if (check->type != HEALTH_CHECK_HTTP)
        return 0;
    if (json_take_text(json, "path", JSON_REQUIRED, HEALTH_PATH_MAX, &check->path, error) ||
        json_take_text(json, "status", JSON_REQUIRED, HEALTH_STATUS_TEXT_MAX, &check->status, error))
        return -1;
    return health_path_check(check->path, error) || health_status_check(check->status, error) ? -1 : 0;
}

int health_check_take(struct health_check *check, const json_t *service, struct error *error) {
    const json_t *json = json_object_get(service, "check");

    *check = (struct health_check){.path = "", .host = "", .status = ""};
    if (!json)
        return 0;
    if (!json_is_object(json))
        return error_set(error, "\"check\" is no object");
    if (take_type(json, &check->type, error) ||
        take_number(json, "interval", HEALTH_INTERVAL_MAX_S, &check->interval_s, error) ||
        take_number(json, "timeout", HEALTH_TIMEOUT_MAX_S, &check->timeout_s, error) ||
        take_number(json, "rise", HEALTH_IN_A_ROW_MAX, &check->rise, error) ||
        take_number(json, "fall", HEALTH_IN_A_ROW_MAX, &check->fall, error))
        return -1;
    return take_texts(check, json, error);
}

bool health_check_put(json_t *service, const struct health_check *check) {
    if (check->type == HEALTH_CHECK_NONE)
        return true;
    json_t *json =
        json_pack("{s:s, s:i, s:i, s:i, s:i}", "type", words[check->type], "interval", (int)check->interval_s,
                  "timeout", (int)check->timeout_s, "rise", (int)check->rise, "fall", (int)check->fall);
    bool is_whole = json && (!*check->host || json_object_set_new(json, "host", json_string(check->host)) == 0);

    if (check->type == HEALTH_CHECK_HTTP)
        is_whole = is_whole && json_object_set_new(json, "path", json_string(check->path)) == 0 &&
                   json_object_set_new(json, "status", json_string(check->status)) == 0;
    if (is_whole)
        return json_object_set_new(service, "check", json) == 0;
    json_decref(json);
    return false;
}

size_t health_check_size(const struct health_check *check) {
    if (check->type == HEALTH_CHECK_NONE)
        return 0;
    return CHECK_OVERHEAD + 2 * (strlen(check->path) + strlen(check->host) + strlen(check->status));
}

/* ---- reports ---- */

int health_reports_take(struct health_reports *reports, const json_t *json, struct error *error) {
    uint64_t last = 0;
    size_t index;
    json_t *item;

    *reports = (struct health_reports){.list = json_object_get(json, "reports")};
    reports->count = json_array_size(reports->list);
    if (reports->list && (!json_is_array(reports->list) || reports->count > HEALTH_REPORTS_MAX))
        return error_set(error, "\"reports\" is not a list of %d at most", HEALTH_REPORTS_MAX);
    json_array_foreach (reports->list, index, item) {
        const char *detail = "";
        uint64_t id = 0;
        if (json_take_number(item, "id", JSON_REQUIRED, UINT32_MAX, &id, error) ||
            json_take_text(item, "detail", JSON_OPTIONAL, HEALTH_DETAIL_SIZE - 1, &detail, error))
            return -1;
        if (!json_is_boolean(json_object_get(item, "healthy")))
            return error_set(error, "\"healthy\" is neither true nor false");
        if (id <= last)
            return error_set(error, "the ids of reports do not grow");
        last = id;
    }
    return 0;
}

void health_reports_get(const struct health_reports *reports, size_t index, struct health_report *report) {
    const json_t *item = json_array_get(reports->list, index);
    const char *detail = json_string_value(json_object_get(item, "detail"));

    *report = (struct health_report){.id = (uint32_t)json_integer_value(json_object_get(item, "id")),
                                     .is_healthy = json_is_true(json_object_get(item, "healthy")),
                                     .detail = detail ? detail : ""};
}

bool health_report_put(json_t *json, const struct health_report *report) {
    json_t *list = json_object_get(json, "reports");
    char detail[HEALTH_DETAIL_SIZE];

    if (!list && json_object_set_new(json, "reports", json_array()))
        return false;
    list = json_object_get(json, "reports");
    json_text_copy_clean(detail, sizeof detail, report->detail);
    json_t *item = json_pack("{s:I, s:b}", "id", (json_int_t)report->id, "healthy", (int)report->is_healthy);
    if (item && *detail && json_object_set_new(item, "detail", json_string(detail))) {
        json_decref(item);
        return false;
    }
    return json_array_append_new(list, item) == 0;
}

json_t *health_message_new(void) {
    return json_pack("{s:s}", "op", control_op_name(CONTROL_OP_HEALTH));
}
