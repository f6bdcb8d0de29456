/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visiting: see visiting.h.
 */
#include "config.h"

#include "server/session/visiting.h"

#include "relay/plane.h"

#include <stdlib.h>

void visiting_clear(struct visiting *visiting) {
    for (size_t i = 0; i < visiting->count; i++) {
        free(visiting->entries[i].name);
        if (visiting->entries[i].terms)
            service_terms_release(visiting->entries[i].terms);
    }
    free(visiting->entries);
    visiting->entries = NULL;
    visiting->count = 0;
}
