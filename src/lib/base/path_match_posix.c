/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * path_match_posix: by fnmatch(3), which agrees with glob(3).
 */
#include "config.h"

#include "lib/base/path.h"

#include <fnmatch.h>

bool path_matches(const char *pattern, const char *path) {
    return fnmatch(pattern, path, FNM_PATHNAME | FNM_PERIOD) == 0;
}
