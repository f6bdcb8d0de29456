/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * answer_cache: under a flood of questions, one answer for all who ask the same within a fifth of a second.
 *
 * Making an answer costs several times what it costs to take a request and to send one, and is done on a thread that
 * has clients to serve. Below crowd_per_s nothing is kept and nothing copied, so that a person, a page or a test never
 * sees an answer that is not of this moment; and each request that changes something empties the cache when it comes
 * and when it is answered. Runs on: the thread of the event base. Owns: copies of answers.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "lib/http/request_priv.h"

#include <stdlib.h>
#include <string.h>

enum { CROWD_PER_S = 100, FRESH_MS = 200, KEPT_LENGTH_MOST = 1024 * 1024 };

static bool may_repeat(const struct http_request *request) {
    const char *const *path = request->server->options.repeatable;

    if (!request->route || request->method != HTTP_METHOD_GET || request->query_count)
        return false;
    while (path && *path && strcmp(*path, request->route->path) != 0)
        path++;
    return path && *path;
}

static bool is_crowded(const struct http_server *server) {
    return server->cache.asked > (server->options.crowd_per_s ? server->options.crowd_per_s : CROWD_PER_S);
}

/* Its place, whether or not there is an answer in it; NULL: others have all places. */
static struct http_kept_answer *place_of(struct http_answer_cache *cache, const struct http_request *request) {
    struct http_kept_answer *free_place = NULL;

    for (size_t i = 0; i < HTTP_KEPT_ANSWERS; i++) {
        struct http_kept_answer *kept = &cache->kept[i];
        if (kept->route == request->route && kept->role == request->role)
            return kept;
        if (!kept->route)
            free_place = kept;
    }
    return free_place;
}

static void forget(struct http_kept_answer *kept) {
    free(kept->text);
    *kept = (struct http_kept_answer){.route = NULL};
}

void http_cache_clear(struct http_server *server) {
    for (size_t i = 0; i < HTTP_KEPT_ANSWERS; i++)
        forget(&server->cache.kept[i]);
}

void http_cache_count(struct http_server *server) {
    struct http_answer_cache *cache = &server->cache;
    uint64_t second = clock_ms() / 1000;

    if (second != cache->second && !is_crowded(server))
        http_cache_clear(server); /* the crowd has gone, and its answers need no memory */
    if (second != cache->second)
        cache->asked = 0;
    cache->second = second;
    cache->asked++;
}

struct evbuffer *http_cache_find(struct http_request *request, const char **content_type) {
    struct http_answer_cache *cache = &request->server->cache;
    const struct http_kept_answer *kept;
    struct evbuffer *content;

    if (!is_crowded(request->server) || !may_repeat(request))
        return NULL;
    kept = place_of(cache, request);
    if (!kept || !kept->text || clock_ms() - kept->made_ms >= FRESH_MS)
        return NULL;
    content = evbuffer_new();
    if (content && evbuffer_add(content, kept->text, kept->length) == 0) {
        request->is_repeated = true;
        *content_type = kept->content_type;
        return content;
    }
    if (content)
        evbuffer_free(content);
    return NULL;
}

void http_cache_keep(const struct http_request *request, unsigned status, const char *content_type,
                     struct evbuffer *content) {
    struct http_answer_cache *cache = &request->server->cache;
    struct http_kept_answer *kept;
    size_t length = content ? evbuffer_get_length(content) : 0;

    if (!is_crowded(request->server) || request->is_repeated || status != 200 || !content_type || request->version[0] ||
        length == 0 || length > KEPT_LENGTH_MOST || !may_repeat(request))
        return;
    kept = place_of(cache, request);
    if (!kept)
        return;
    forget(kept);
    kept->text = malloc(length);
    if (!kept->text)
        return;
    (void)evbuffer_copyout(content, kept->text, length);
    kept->route = request->route;
    kept->role = request->role;
    kept->length = length;
    kept->made_ms = clock_ms();
    strbuf_copy(kept->content_type, sizeof kept->content_type, content_type);
}
