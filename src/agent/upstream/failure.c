/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * failure: see failure.h.
 */
#include "config.h"

#include "agent/upstream/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    LONGEST_RETRY_AFTER_S = 600, /* a longer retry_after is cut to this */
    UNANSWERED_MOST = 3,         /* after so many in a row the log names the probable cause */
    DOUBLINGS_MAX = 16           /* beyond it a shift would overflow, and every wait is the longest anyway */
};

static const char UNANSWERED_HINT[] = "the server may have blocked this address for a while (10 minutes at most by "
                                      "default) after failed attempts, see its log; or what listens there is no "
                                      "Munnel server";

void failure_note(struct failure *failure, enum failure_weight weight, const char *remedy, const char *format, ...) {
    va_list arguments;

    if (weight < failure->weight)
        return;
    failure->noted = true;
    failure->weight = weight;
    failure->remedy = remedy;
    va_start(arguments, format);
    vsnprintf(failure->detail, sizeof failure->detail, format, arguments);
    va_end(arguments);
}

static enum failure_weight weigh(const struct link_end *end) {
    if (proxy_fault_lasts(end->proxy_fault))
        return FAILURE_LASTING;
    if (end->untrusted)
        return FAILURE_FINAL;
    return end->tls_failed ? FAILURE_LASTING : FAILURE_PASSING;
}

static const char *remedy_of_end(const struct link_end *end) {
    if (end->proxy_fault != PROXY_FAULT_NONE)
        return proxy_fault_remedy(end->proxy_fault);
    if (end->untrusted)
        return FAILURE_REMEDY_TRUST;
    if (end->received_nothing)
        return FAILURE_REMEDY_UNANSWERED;
    return end->tls_failed ? FAILURE_REMEDY_TLS : FAILURE_REMEDY_NETWORK;
}

const char *failure_remedy_of_reject(enum reject_code code) {
    switch (code) {
    case REJECT_CREDENTIAL:
        return FAILURE_REMEDY_CREDENTIAL;
    case REJECT_GROUP:
        return FAILURE_REMEDY_GROUP;
    case REJECT_PROTOCOL:
    case REJECT_MALFORMED:
        return FAILURE_REMEDY_VERSION;
    case REJECT_SESSION:
    case REJECT_BUSY:
    case REJECT_STOPPING:
    case REJECT_CODE_COUNT:
        break;
    }
    return FAILURE_REMEDY_WAIT;
}

void failure_note_end(struct failure *failure, const struct link_end *end, const struct proxy *proxy) {
    char address[ADDR_TEXT];

    failure->received_nothing = end->received_nothing && end->proxy_fault == PROXY_FAULT_NONE;
    failure->proxy_refused = proxy_fault_lasts(end->proxy_fault);
    if (end->proxy_fault != PROXY_FAULT_NONE) /* it names the proxy by itself */
        failure_note(failure, weigh(end), remedy_of_end(end), "%s", end->detail);
    else
        failure_note(failure, weigh(end), remedy_of_end(end), "%s%s: %s", proxy ? "by proxy " : "",
                     proxy ? proxy->text : addr_format(&end->peer, address, sizeof address), end->detail);
}

void failure_note_reject(struct failure *failure, const struct reject *reject) {
    uint64_t after_s = reject->retry_after_s < LONGEST_RETRY_AFTER_S ? reject->retry_after_s : LONGEST_RETRY_AFTER_S;

    if (failure->retry_after_ms < after_s * 1000)
        failure->retry_after_ms = (unsigned)after_s * 1000;
    failure->received_nothing = false;
    failure_note(failure, reject_is_final(reject->code) ? FAILURE_FINAL : FAILURE_PASSING,
                 failure_remedy_of_reject(reject->code), "the server rejected this agent (%s): %s",
                 reject_code_name(reject->code), reject->reason);
}

void failure_log(struct failure_log *memory, const struct failure *failure, struct log *log, const char *who,
                 unsigned retry_ms) {
    unsigned skipped; /* the debug level has them */

    memory->unanswered = failure->received_nothing ? memory->unanswered + 1 : 0;
    const struct log_field fields[] = {LOG_TEXT("detail", failure->detail), LOG_NUMBER("retry_ms", retry_ms),
                                       memory->unanswered >= UNANSWERED_MOST ? LOG_TEXT("hint", UNANSWERED_HINT)
                                                                             : LOG_END,
                                       LOG_END};
    bool is_new = strcmp(memory->logged, failure->detail) != 0 || memory->unanswered == UNANSWERED_MOST;
    bool allowed = log_limit_allows(&memory->limit, 1, &skipped);
    const char *what = is_new ? "cannot connect" : "still cannot connect";

    log_event(log, is_new || allowed ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG, who, what, fields);
    memcpy(memory->logged, failure->detail, sizeof memory->logged);
}

/* ---- how long to wait ---- */

void backoff_reset(struct backoff *backoff) {
    backoff->failures = 0;
}

/* Evenly 0 to `most`. */
static unsigned up_to(unsigned most, uint32_t random) {
    return (unsigned)(((uint64_t)most + 1) * random >> 32);
}

unsigned backoff_next(struct backoff *backoff, uint32_t random) {
    unsigned doublings = backoff->failures < DOUBLINGS_MAX ? backoff->failures : DOUBLINGS_MAX;
    uint64_t wait = (uint64_t)backoff->first_ms << doublings;
    unsigned capped = wait < backoff->longest_ms ? (unsigned)wait : backoff->longest_ms;

    if (backoff->failures < DOUBLINGS_MAX)
        backoff->failures++;
    return capped - up_to(doublings == 0 ? capped : capped / 4, random);
}
