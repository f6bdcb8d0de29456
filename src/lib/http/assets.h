/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * assets: files that are compiled in, served by GET and HEAD without a token: they hold no secret.
 *
 * With a strong ETag and Cache-Control: no-cache, so that a browser asks again and gets 304. The gzip variant goes to
 * clients that accept it, with a tag of its own.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_HTTP_ASSETS_H
#define MUNNEL_LIB_HTTP_ASSETS_H

#include <stddef.h>
#include <stdint.h>

struct http_asset {
    const char *path; /* "/", "/app.js" */
    const char *content_type;
    const char *etag; /* without quotes: a hash of the bytes */
    const uint8_t *bytes;
    size_t size;
    const uint8_t *gzip; /* NULL: there is none */
    size_t gzip_size;
};

/* NULL: there is none of this path, which need not be terminated. */
const struct http_asset *http_asset_find(const struct http_asset *assets, size_t count, const char *path,
                                         size_t length);

#endif
