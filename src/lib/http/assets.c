/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * assets: a page has a handful of files, so the table is searched from its beginning.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/http/assets.h"

#include <string.h>

const struct http_asset *http_asset_find(const struct http_asset *assets, size_t count, const char *path,
                                         size_t length) {
    for (size_t i = 0; i < count; i++)
        if (strlen(assets[i].path) == length && memcmp(assets[i].path, path, length) == 0)
            return &assets[i];
    return NULL;
}
