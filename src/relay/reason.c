/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * reason: see reason.h.
 */
#include "config.h"

#include "relay/reason.h"

const char *reason_text(enum relay_reason reason) {
    static const char *const texts[] = {
#define RELAY_REASON_TEXT(name, label, text) text,
        RELAY_REASONS(RELAY_REASON_TEXT)
#undef RELAY_REASON_TEXT
    };
    return reason < REASON_COUNT ? texts[reason] : "unknown";
}

const char *reason_label(enum relay_reason reason) {
    static const char *const labels[] = {
#define RELAY_REASON_LABEL(name, label, text) label,
        RELAY_REASONS(RELAY_REASON_LABEL)
#undef RELAY_REASON_LABEL
    };
    return reason < REASON_COUNT ? labels[reason] : "unknown";
}
