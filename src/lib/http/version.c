/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * version: entity tags of RFC 9110 section 8.8.3, for changes that name what they were made for.
 * Runs on: the thread of the event base. Owns: nothing.
 */
#include "config.h"

#include "lib/base/strbuf.h"
#include "lib/http/request_priv.h"

#include <string.h>
#include <strings.h>

/* Is the tag of `version` in this list? Weak ones are passed over: W/"x" may stand for other bytes. */
static bool list_has(const char *list, const char *version) {
    size_t length = strlen(version);
    for (const char *at = strchr(list, '"'); at; at = strchr(at, '"')) {
        bool is_weak = at - list >= 2 && at[-1] == '/' && at[-2] == 'W';
        size_t tag = strcspn(++at, "\"");
        if (!is_weak && tag == length && at[tag] == '"' && memcmp(at, version, length) == 0)
            return true;
        at += tag + (at[tag] == '"');
    }
    return false;
}

enum http_match http_request_if_match(const struct http_request *request, const char *version) {
    const char *list = http_request_header(request, "If-Match");
    if (!list)
        return HTTP_MATCH_ABSENT;
    return !strcmp(list, "*") || list_has(list, version) ? HTTP_MATCH_YES : HTTP_MATCH_NO;
}

bool http_request_require_match(struct http_request *request, const char *version) {
    enum http_match match = http_request_if_match(request, version);
    if (match == HTTP_MATCH_YES)
        return true;
    http_request_set_version(request, version);
    bool is_absent = match == HTTP_MATCH_ABSENT;
    http_answer_problem(request,
                        &(struct http_problem){.status = is_absent ? 428 : 412,
                                               .detail =
                                                   is_absent
                                                       ? "the change does not name the version that it was made for"
                                                       : "the configuration has changed since the version in If-Match",
                                               .remedy = "get the present version, and send it in If-Match"});
    return false;
}

void http_request_set_version(struct http_request *request, const char *version) {
    bool is_tag = version[0] && strlen(version) <= HTTP_VERSION_MOST;
    for (const char *at = version; *at; at++)
        is_tag = is_tag && *at > ' ' && *at <= '~' && *at != '"';
    strbuf_copy(request->version, sizeof request->version, is_tag ? version : "");
}

/* RFC 9110 section 12.5.1, of which the types without weights are enough. */
bool http_request_accepts(const struct http_request *request, const char *media_type) {
    const char *accepted = http_request_header(request, "Accept");
    size_t length = strlen(media_type);
    for (const char *at = accepted; at && *at; at += strspn(at, ", \t")) {
        at += strspn(at, ", \t");
        if (!strncasecmp(at, media_type, length) && (!at[length] || strchr(",; \t", at[length])))
            return true;
        at += strcspn(at, ",");
    }
    return false;
}
