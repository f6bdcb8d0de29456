/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * deliver: the last bytes of streams that are complete, until the peer has them; and a link's lingering close.
 *
 * A relay leaves its link when both streams are complete, and their last bytes may then wait in the BIO or in the
 * kernel. Each check compares the position where they end with what the peer's TCP has acknowledged; more would need a
 * frame of its own. On a busy link the agent needs no check: the next OPEN implies the delivery.
 *
 * A link that is closed meanwhile lingers: close() would drop what the kernel has not taken, and turn into a reset,
 * which drops the rest, when anything of the peer's is unread. So it goes on writing, then half-closes and reads to the
 * end.
 *
 * Runs on: the link's thread. Owns: nothing.
 */
#include "config.h"

#include "relay/link/link_priv.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "relay/stream/relay.h"

#include <stddef.h>

enum {
    UNACKNOWLEDGED_MS = 30000, /* as for a relay's: no ACK for so long, with a window that is open */
    LINGER_S = 300             /* without progress; the peer may be waiting for a slow reader of its own */
};

size_t link_undelivered(const struct link *link) {
    return (size_t)(link_bio_position(link->bio) - link_bio_acknowledged(link->bio));
}

bool link_has_delivered(const struct link *link) {
    if (link->broken) /* the position does not count what a failed write has dropped */
        return false;
    return !link->bio || link_undelivered(link) == 0;
}

void link_await_delivery(struct link *link, struct relay *relay) {
    if (!link->is_delivering)
        counter_add(&link->thread->counters->delivering, 1);
    link->is_delivering = true;
    link->delivering = relay;
    link->delivery_mark = link_bio_position(link->bio);
    link->delivered_us = clock_us();
    defer_add(&link->thread->deliveries, &link->delivery);
}

void link_end_delivery(struct link *link, enum relay_reason reason) {
    struct relay *relay = link->delivering;
    link->is_delivering = false;
    link->delivering = NULL;
    if (relay)
        relay_on_delivered(relay, reason);
    counter_add(&link->thread->counters->delivering, -1);
}

/* Returns whether the peer has acknowledged more since the last call. */
static bool measure_delivery(struct link *link, uint64_t now_us) {
    uint64_t acknowledged = link_bio_acknowledged(link->bio);
    bool has_moved = acknowledged != link->delivered;
    link->delivered = acknowledged;
    if (has_moved)
        link->delivered_us = now_us;
    if (link->is_delivering && acknowledged >= link->delivery_mark)
        link_end_delivery(link, REASON_DONE);
    return has_moved;
}

static void check_lingering(struct link *link, uint64_t now_us) {
    uint64_t moved_us = link->delivered_us > link->last_rx_us ? link->delivered_us : link->last_rx_us;
    link_data_send_parked(link);
    if (link_bio_parked(link->bio) == 0 && !link->has_half_closed) {
        SSL_shutdown(link->ssl);
        link_bio_flush(link->bio);
        sock_half_close(link->fd);
        link->has_half_closed = true;
    }
    /* A socket that was reset acknowledges no more, and its error went to whatever was called next: a write above, or a
     * read that took the end behind it for the peer's. */
    if (link->peer_is_done && link_has_delivered(link))
        link_close(link, LINK_CLOSE_AT_ONCE, REASON_DONE, "closed by both sides");
    else if (!sock_is_connected(link->fd))
        link_close(link, LINK_CLOSE_RESET, REASON_LINK_LOST, "the peer reset the connection");
    else if (now_us - moved_us > LINGER_S * 1000000ull)
        link_close(link, LINK_CLOSE_RESET, REASON_LINK_SILENT, "the peer did not acknowledge the last bytes");
}

void link_data_on_delivery(struct defer_item *item) {
    struct link *link = (struct link *)(void *)((char *)item - offsetof(struct link, delivery));
    uint64_t now_us = clock_us();
    bool has_moved = measure_delivery(link, now_us);
    if (has_moved)
        link_extend_wait(link, now_us);
    if (!link->is_delivering && link->state != LINK_LINGERING)
        return;
    if (link_is_stalled(link, UNACKNOWLEDGED_MS)) {
        link_close(link, LINK_CLOSE_RESET, REASON_LINK_SILENT, "the other side stopped acknowledging");
        return;
    }
    if (link->state == LINK_LINGERING)
        check_lingering(link, now_us);
    if (link->state != LINK_CLOSED)
        defer_add(&link->thread->deliveries, &link->delivery);
}

void link_linger(struct link *link) {
    link->paused = false;
    if (!link->is_delivering)
        link_await_delivery(link, NULL);
    defer_add(&link->thread->again, &link->again); /* close() with unread bytes would send RST */
}
