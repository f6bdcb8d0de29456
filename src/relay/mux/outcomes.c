/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * outcomes: streams that are over, until the peer is known to have their last frames. See mux.h.
 *
 * A PING on the carrier, behind the last frames, is answered when the peer has taken them; so one PING in each sweep
 * confirms all that ended before it. If the carrier is lost first, the outcomes are sent by another one.
 */
#include "config.h"

#include "relay/mux/mux_priv.h"

#include <stdlib.h>

static void forget(struct mux *mux, struct mux_outcome *outcome) {
    mux->options.on_outcomes(mux->options.context, -1);
    number_map_remove(&mux->outcomes, outcome->number);
    free(outcome);
}

static void keep_by(struct mux_carrier *carrier, struct mux_outcome *outcome) {
    outcome->outcome.last_on = carrier->id;
    TAILQ_INSERT_TAIL(&carrier->outcomes, outcome, next);
    carrier->outcome_count++;
}

static void keep_as_orphan(struct mux *mux, struct mux_outcome *outcome) {
    outcome->outcome.last_on = 0;
    TAILQ_INSERT_TAIL(&mux->orphans, outcome, next);
    mux->orphan_count++;
}

void mux_remember(struct mux *mux, uint32_t number, struct stream_outcome outcome) {
    struct mux_carrier *carrier = mux_carrier_find(mux, outcome.last_on);
    struct mux_outcome *kept = malloc(sizeof *kept);
    if (!kept || !number_map_add(&mux->outcomes, number, kept)) {
        free(kept);
        return;
    }
    *kept = (struct mux_outcome){.number = number, .outcome = outcome};
    mux->options.on_outcomes(mux->options.context, 1);
    if (carrier)
        keep_by(carrier, kept);
    else
        keep_as_orphan(mux, kept);
}

void mux_repeat_outcomes(struct mux *mux) {
    struct mux_carrier *carrier = mux_shared_carrier(mux);
    struct mux_outcome *outcome;
    while (carrier && !carrier->ops->is_full(carrier->link) && (outcome = TAILQ_FIRST(&mux->orphans))) {
        TAILQ_REMOVE(&mux->orphans, outcome, next);
        mux->orphan_count--;
        mux_put(carrier, FRAME_ENDED, outcome->number, &outcome->outcome.how, 1);
        keep_by(carrier, outcome);
    }
}

void mux_orphan_outcomes(struct mux_carrier *carrier) {
    struct mux_outcome *outcome;
    while ((outcome = TAILQ_FIRST(&carrier->outcomes))) {
        TAILQ_REMOVE(&carrier->outcomes, outcome, next);
        keep_as_orphan(carrier->mux, outcome);
    }
    carrier->outcome_count = 0;
}

void mux_confirm_outcomes(struct mux_carrier *carrier, uint64_t now_us) {
    if (carrier->outcome_count == 0 || carrier->ping != 0)
        return;
    carrier->ping = ++carrier->mux->last_ping;
    carrier->pinged_us = now_us;
    carrier->pinged = carrier->outcome_count;
    mux_put_number(carrier, FRAME_PING, 0, carrier->ping);
}

bool mux_carrier_is_overdue(const struct mux_carrier *carrier, uint64_t now_us) {
    return carrier->ping != 0 && now_us > carrier->pinged_us + MUX_CONFIRM_MS * 1000ull;
}

bool mux_take_pong(struct mux_carrier *carrier, const uint8_t payload[FRAME_PING_SIZE]) {
    if (carrier->ping == 0 || frame_get_number(payload, FRAME_PING_SIZE) != carrier->ping)
        return false;
    for (; carrier->pinged > 0; carrier->pinged--) {
        struct mux_outcome *outcome = TAILQ_FIRST(&carrier->outcomes);
        TAILQ_REMOVE(&carrier->outcomes, outcome, next);
        carrier->outcome_count--;
        forget(carrier->mux, outcome);
    }
    carrier->ping = 0;
    return true;
}

void mux_answer_resume(struct mux_carrier *carrier, uint32_t number) {
    const struct mux_outcome *outcome = number_map_find(&carrier->mux->outcomes, number);
    uint8_t how = outcome ? outcome->outcome.how : STREAM_HOW_NOT;
    mux_put(carrier, FRAME_ENDED, number, &how, 1);
}

void mux_forget_all(struct mux *mux) {
    struct mux_outcome *outcome;
    while ((outcome = TAILQ_FIRST(&mux->orphans))) {
        TAILQ_REMOVE(&mux->orphans, outcome, next);
        forget(mux, outcome);
    }
    mux->orphan_count = 0;
}
