/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * page: the management page, compiled in: the files of this folder, by embed.sh.
 * Runs on: any thread. Owns: nothing; immutable.
 */
#ifndef MUNNEL_PAGE_PAGE_H
#define MUNNEL_PAGE_PAGE_H

#include "lib/http/assets.h"

extern const struct http_asset page_assets[];
extern const size_t page_asset_count;

#endif
