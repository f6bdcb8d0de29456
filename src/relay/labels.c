/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * labels: the words for what is counted and seen, of plane_counts.h and relay_view.h. Apart from the data plane, so
 * that the control plane's tests have them without it.
 */
#include "config.h"

#include "relay/end_to_end.h"
#include "relay/mux/datagram_counts.h"
#include "relay/plane_counts.h"
#include "relay/relay_view.h"

const char *link_kind_label(enum link_kind kind) {
    static const char *const labels[LINK_KIND_COUNT] = {
#define LINK_KIND_LABEL(name, label) label,
        LINK_KINDS(LINK_KIND_LABEL)
#undef LINK_KIND_LABEL
    };
    return labels[kind];
}

const char *handshake_result_label(enum handshake_result result) {
    static const char *const labels[HANDSHAKE_RESULT_COUNT] = {
#define HANDSHAKE_RESULT_LABEL(name, label) label,
        HANDSHAKE_RESULTS(HANDSHAKE_RESULT_LABEL)
#undef HANDSHAKE_RESULT_LABEL
    };
    return labels[result];
}

const char *health_result_label(enum health_result result) {
    static const char *const labels[HEALTH_RESULT_COUNT] = {
#define HEALTH_RESULT_LABEL(name, label) label,
        HEALTH_RESULTS(HEALTH_RESULT_LABEL)
#undef HEALTH_RESULT_LABEL
    };
    return labels[result];
}

const char *datagram_drop_label(enum datagram_drop drop) {
    static const char *const labels[DATAGRAM_DROP_COUNT] = {
#define DATAGRAM_DROP_LABEL(name, label) label,
        DATAGRAM_DROPS(DATAGRAM_DROP_LABEL)
#undef DATAGRAM_DROP_LABEL
    };
    return labels[drop];
}

const char *end_to_end_label(enum end_to_end_result result) {
    static const char *const labels[END_TO_END_RESULT_COUNT] = {
#define END_TO_END_LABEL(name, label) label,
        END_TO_END_RESULTS(END_TO_END_LABEL)
#undef END_TO_END_LABEL
    };
    return labels[result];
}

const char *relay_view_state_label(enum relay_view_state state) {
    static const char *const labels[RELAY_VIEW_STATE_COUNT] = {
#define RELAY_VIEW_STATE_LABEL(name, label) label,
        RELAY_VIEW_STATES(RELAY_VIEW_STATE_LABEL)
#undef RELAY_VIEW_STATE_LABEL
    };
    return labels[state];
}
