/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * carriers: which there are, and what waits for them. See mux.h.
 */
#include "config.h"

#include "relay/mux/mux_priv.h"

enum { WANT_EACH_US = 1000000 };

struct mux_carrier *mux_shared_carrier(const struct mux *mux) {
    struct mux_carrier *carrier, *full = NULL;
    TAILQ_FOREACH (carrier, &mux->carriers, next) {
        if (stream_carrier_is_exclusive(carrier->id))
            continue;
        if (!carrier->ops->is_full(carrier->link))
            return carrier;
        full = carrier;
    }
    return full;
}

bool mux_has_carrier(const struct mux *mux) {
    return mux_shared_carrier(mux);
}

struct mux_carrier *mux_carrier_find(const struct mux *mux, stream_carrier id) {
    struct mux_carrier *carrier;
    TAILQ_FOREACH (carrier, &mux->carriers, next) {
        if (carrier->id == id)
            return carrier;
    }
    return NULL;
}

void mux_want_shared(struct mux *mux, uint64_t now_us) {
    if (mux->wanted_us[false] && now_us < mux->wanted_us[false] + WANT_EACH_US)
        return;
    mux->wanted_us[false] = now_us;
    mux->options.on_want_carriers(mux->options.context, false, 1);
}

static bool is_received_by(const struct stream *rules, stream_carrier id) {
    return rules->in == id || rules->in_next == id;
}

bool mux_carrier_is_used(const struct mux_carrier *carrier) {
    const struct mux *mux = carrier->mux;
    const struct mux_stream *stream;
    if (carrier->user || mux->options.resume_timeout_ms == 0)
        return true;
    TAILQ_FOREACH (stream, &mux->running, listed) {
        if (is_received_by(&stream->rules, carrier->id))
            return true;
    }
    return false;
}

bool mux_carrier_may_be_blocked(const struct mux_carrier *carrier) {
    const struct mux_stream *user = carrier->user; /* NULL for shared ones */
    return user && user->rules.acked <= user->rules.moved_at;
}

size_t mux_shared_links(const struct mux *mux, void *links[], size_t most) {
    const struct mux_carrier *carrier;
    size_t count = 0;
    TAILQ_FOREACH (carrier, &mux->carriers, next) {
        if (!stream_carrier_is_exclusive(carrier->id) && count < most)
            links[count++] = carrier->link;
    }
    return count;
}

size_t mux_carrier_unread(const struct mux_carrier *carrier) {
    return carrier->unread;
}

/* A stream that is suspended forgets which carrier it waited for: that one is read again. */
void mux_unblock(struct mux *mux, const struct mux_stream *stream) {
    struct mux_carrier *carrier;
    TAILQ_FOREACH (carrier, &mux->carriers, next) {
        if (carrier->blocker == stream) {
            carrier->blocker = NULL;
            carrier->ops->resume(carrier->link);
        }
    }
}
