/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * query: the parameters behind '?'. One that the route does not take is an error: with ?dryrun=1 for ?dry_run=1 a trial
 * would become the real thing.
 * Runs on: the thread of the event base. Owns: nothing; the values are the request's.
 */
#include "config.h"

#include "lib/http/request_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static size_t count_parts(const char *query) {
    struct target_part part;
    size_t count = 0;
    while (target_next_part(&query, &part))
        count++;
    return count;
}

/* The name in the route's list of words, NULL if it is not there. */
static const char *find_name(const char *names, const char *name) {
    size_t length = strlen(name);
    for (const char *at = names; at && *at; at += strspn(at, " ")) {
        size_t word = strcspn(at, " ");
        if (word == length && memcmp(at, name, length) == 0)
            return at;
        at += word;
    }
    return NULL;
}

static bool take_part(struct http_request *request, const struct target_part *part) {
    struct http_value *value = &request->query[request->query_count];
    char name[TARGET_VALUE];
    if (!target_decode_query(name, part->name, part->name_length) ||
        !target_decode_query(value->text, part->value, part->value_length)) {
        http_answer_error(request, 400,
                          "a parameter of the query is malformed: UTF-8 without control characters, at "
                          "most 255 bytes");
        return false;
    }
    value->name = find_name(request->route->query, name);
    value->name_length = strlen(name);
    if (!value->name) {
        if (request->route->query)
            http_answer_error(request, 400, "there is no parameter \"%.64s\" here; there is: %s", name,
                              request->route->query);
        else
            http_answer_error(request, 400, "there is no parameter \"%.64s\" here; it takes none", name);
        return false;
    }
    if (http_request_query(request, name)) {
        http_answer_error(request, 400, "the parameter \"%s\" is there twice", name);
        return false;
    }
    request->query_count++;
    return true;
}

bool http_check_query(struct http_request *request) {
    const char *query = request->target.query;
    size_t count = query ? count_parts(query) : 0;
    if (!count)
        return true;
    if (count > HTTP_QUERY_MOST) {
        http_answer_error(request, 400, "the query has more than %d parameters", HTTP_QUERY_MOST);
        return false;
    }
    request->query = calloc(count, sizeof *request->query);
    if (!request->query) {
        http_answer_error(request, 500, "out of memory");
        return false;
    }
    for (struct target_part part; target_next_part(&query, &part);)
        if (!take_part(request, &part))
            return false;
    return true;
}

bool http_query_number(struct http_request *request, const char *name, uint64_t minimum, uint64_t maximum,
                       uint64_t *value) {
    const char *text = http_request_query(request, name);
    if (!text)
        return true;
    char *end;
    errno = 0;
    uint64_t number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || number < minimum || number > maximum) {
        http_answer_error(request, 400, "the parameter \"%s\" is to be a number from %" PRIu64 " to %" PRIu64, name,
                          minimum, maximum);
        return false;
    }
    *value = number;
    return true;
}

bool http_query_choice(struct http_request *request, const char *name, const char *const *choices, size_t *value) {
    const char *text = http_request_query(request, name);
    if (!text)
        return true;
    struct error list = {""};
    for (size_t i = 0; choices[i]; i++) {
        if (!strcmp(text, choices[i])) {
            *value = i;
            return true;
        }
        error_set(&list, "%s%s%s", list.text, i ? ", " : "", choices[i]);
    }
    http_answer_error(request, 400, "the parameter \"%s\" is to be one of: %s", name, list.text);
    return false;
}

bool http_query_flag(struct http_request *request, const char *name, bool *value) {
    static const char *const words[] = {"false", "true", "0", "1", NULL};
    size_t word = *value;
    const char *text = http_request_query(request, name);
    if (text && !text[0])
        word = 1; /* "?dry_run" */
    else if (!http_query_choice(request, name, words, &word))
        return false;
    *value = word & 1;
    return true;
}
