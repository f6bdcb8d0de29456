/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * door: see door.h. When it is full, who has waited longest without a byte has to go, not who comes last: otherwise 256
 * silent connections would lock all agents out.
 * Runs on: the control thread. Owns: its listeners and the descriptors that wait.
 * States of a connection: free -> waiting -> adopted -> free.
 */
#include "config.h"

#include "server/door.h"

#include "lib/clock.h"
#include "lib/sock.h"
#include "server/complain.h"
#include "server/listeners.h"
#include "server/peek.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { ACCEPTS_PER_TURN = 32, LINES_A_MINUTE = 30, TAG_SLOT_BITS = 20, VISITORS_MOST = 8192, SOURCES = 1024 };
enum visitor_state { VISITOR_FREE, VISITOR_WAITING, VISITOR_ADOPTED };

struct visitor {
    struct door *door;
    struct visitor *next_free;
    enum visitor_state state;
    unsigned slot;
    int fd;
    uint64_t tag, source, since_us;
    struct addr peer;
    struct event *spoke;
};

struct door {
    struct door_options options;
    struct listeners *listeners;
    struct visitor *visitors[VISITORS_MOST]; /* made when needed, kept */
    struct visitor *free;
    unsigned made;
    size_t limit, per_source, count;
    unsigned by_source[SOURCES]; /* connections by source modulo SOURCES: never less than there are of one source */
    uint64_t generation;
    struct complaint complaint;
};

/* IPv6 hosts have a /64 at least, so that is what counts as one source. */
static uint64_t source_of(const struct addr *peer) {
    struct addr source = *peer;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)&source.storage;

    if (source.storage.ss_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
        memset(&six->sin6_addr.s6_addr[8], 0, 8);
        six->sin6_scope_id = 0;
    }
    return addr_host_hash(&source);
}

static void door_complain(struct door *door, enum log_level level, const struct addr *peer, const char *words) {
    complain(&door->complaint, door->options.log, level, "door", words, NULL, peer);
}

static void visitor_leave(struct visitor *visitor) {
    struct door *door = visitor->door;

    if (visitor->state == VISITOR_WAITING) {
        event_del(visitor->spoke);
        sock_close(visitor->fd);
    }
    visitor->fd = -1;
    visitor->tag = 0;
    visitor->state = VISITOR_FREE;
    visitor->next_free = door->free;
    door->free = visitor;
    door->by_source[visitor->source % SOURCES]--;
    door->count--;
}

static void visitor_adopt(struct visitor *visitor) {
    struct door *door = visitor->door;
    int fd = visitor->fd;

    visitor->state = VISITOR_ADOPTED;
    visitor->fd = -1;
    plane_adopt(door->options.plane, fd, &visitor->peer, door->options.tls, visitor->tag,
                visitor->since_us + door->options.conf->agents.unauthenticated_deadline_s * 1000000ull);
}

static void visitor_send_away(struct visitor *visitor, enum log_level level, const char *words) {
    door_complain(visitor->door, level, &visitor->peer, words);
    visitor_leave(visitor);
}

static void on_spoke(evutil_socket_t fd, short what, void *context) {
    struct visitor *visitor = context;
    uint8_t bytes[PEEK_SIZE];
    char words[96] = "sent away: ";

    if (what & EV_TIMEOUT) {
        visitor_send_away(visitor, LOG_LEVEL_INFO, "sent away: said nothing");
        return;
    }
    ssize_t length = sock_peek(fd, bytes, sizeof bytes);
    if (length <= 0) { /* a port scan, a health check, a change of mind */
        visitor_send_away(visitor, LOG_LEVEL_DEBUG, "left without a word");
        return;
    }
    const char *stranger = peek_stranger(bytes, (size_t)length);
    if (!stranger) {
        visitor_adopt(visitor);
        return;
    }
    strncat(words, stranger, sizeof words - strlen(words) - 1);
    strncat(words, " where agents connect", sizeof words - strlen(words) - 1);
    visitor_send_away(visitor, LOG_LEVEL_WARNING, words);
}

/* The longest waiting of this source (of all, when `source` is NULL) that has not said a word, or NULL. */
static struct visitor *door_oldest(struct door *door, const uint64_t *source) {
    struct visitor *oldest = NULL;

    for (unsigned i = 0; i < door->made; i++) {
        struct visitor *visitor = door->visitors[i];
        if (visitor->state == VISITOR_WAITING && (!source || visitor->source == *source) &&
            (!oldest || visitor->since_us < oldest->since_us))
            oldest = visitor;
    }
    return oldest;
}

static size_t door_count_source(const struct door *door, uint64_t source) {
    size_t count = 0;

    if (door->by_source[source % SOURCES] < door->per_source)
        return 0; /* as good as any number that is too small */
    for (unsigned i = 0; i < door->made; i++)
        count += door->visitors[i]->state != VISITOR_FREE && door->visitors[i]->source == source;
    return count;
}

/* Makes room for one more of `source`; false: everybody here is busy greeting. */
static bool door_make_room(struct door *door, uint64_t source, const struct addr *peer) {
    size_t of_source = door_count_source(door, source);
    bool source_is_full = of_source >= door->per_source, door_is_full = door->count >= door->limit;

    if (!source_is_full && !door_is_full)
        return true;
    size_t ordered = door->options.expects(door->options.context, peer);
    if (ordered && of_source < door->per_source + ordered)
        return true;
    struct visitor *oldest = door_oldest(door, source_is_full ? &source : NULL);
    if (!oldest)
        return false;
    visitor_send_away(oldest, LOG_LEVEL_WARNING, "sent away: too many connections that have not greeted");
    return true;
}

static struct visitor *door_make_visitor(struct door *door) {
    struct visitor *visitor = door->made < VISITORS_MOST ? calloc(1, sizeof *visitor) : NULL;

    if (!visitor)
        return NULL;
    *visitor = (struct visitor){.door = door, .fd = -1, .slot = door->made};
    visitor->spoke = event_new(door->options.base, -1, EV_READ, on_spoke, visitor);
    if (visitor->spoke)
        return door->visitors[door->made++] = visitor;
    free(visitor);
    return NULL;
}

static struct visitor *door_find_free(struct door *door) {
    struct visitor *visitor = door->free;

    if (!visitor)
        return door_make_visitor(door);
    door->free = visitor->next_free;
    return visitor;
}

static bool visitor_wait(struct visitor *visitor) {
    struct door *door = visitor->door;
    struct timeval deadline = {(time_t)door->options.conf->agents.unauthenticated_deadline_s, 0};

    return event_assign(visitor->spoke, door->options.base, visitor->fd, EV_READ, on_spoke, visitor) == 0 &&
           event_add(visitor->spoke, &deadline) == 0;
}

static void on_accept(void *context, int fd, const struct addr *peer) {
    struct door *door = context;
    uint64_t source = source_of(peer);
    struct visitor *visitor = door_make_room(door, source, peer) ? door_find_free(door) : NULL;

    if (!visitor) {
        door_complain(door, LOG_LEVEL_WARNING, peer, "turned away: too many connections that have not greeted");
        sock_close(fd);
        return;
    }
    visitor->fd = fd;
    visitor->peer = *peer;
    visitor->source = source;
    visitor->since_us = clock_us();
    visitor->tag = ++door->generation << TAG_SLOT_BITS | visitor->slot;
    visitor->state = VISITOR_WAITING;
    door->by_source[source % SOURCES]++;
    door->count++;
    if (!visitor_wait(visitor))
        visitor_leave(visitor);
}

static bool has_room(void *context) {
    (void)context;
    return true; /* on_accept makes room */
}

struct door *door_new(const struct door_options *options, struct error *error) {
    struct door *door = calloc(1, sizeof *door);

    if (!door) {
        error_set(error, "out of memory");
        return NULL;
    }
    door->options = *options;
    door->complaint.a_minute = LINES_A_MINUTE;
    SSL_CTX_up_ref(options->tls);
    door->limit = options->conf->agents.unauthenticated_max;
    door->per_source = options->conf->agents.unauthenticated_per_source;
    struct listener_options listening = {.base = options->base,
                                         .log = options->log,
                                         .who = "door",
                                         .keepalive = SOCK_KEEPALIVE_LINK,
                                         .accepts_per_turn = ACCEPTS_PER_TURN,
                                         .has_room = has_room,
                                         .on_accept = on_accept,
                                         .context = door};
    door->listeners = listeners_new(&listening, &options->conf->agents.listen, error);
    if (door->listeners)
        return door;
    door_free(door);
    return NULL;
}

int door_open(struct door *door, struct error *error) {
    if (listeners_open(door->listeners, error))
        return -1;
    listeners_log(door->listeners, "agents may connect to");
    return 0;
}

void door_set_tls(struct door *door, SSL_CTX *tls) {
    SSL_CTX_up_ref(tls);
    SSL_CTX_free(door->options.tls);
    door->options.tls = tls;
}

void door_shut(struct door *door) {
    listeners_free(door->listeners);
    door->listeners = NULL;
    for (unsigned i = 0; i < door->made; i++)
        if (door->visitors[i]->state == VISITOR_WAITING)
            visitor_leave(door->visitors[i]);
}

void door_free(struct door *door) {
    if (!door)
        return;
    door_shut(door);
    for (unsigned i = 0; i < door->made; i++) {
        event_free(door->visitors[i]->spoke);
        free(door->visitors[i]);
    }
    SSL_CTX_free(door->options.tls);
    free(door);
}

bool door_release(struct door *door, uint64_t tag) {
    size_t slot = tag & ((1U << TAG_SLOT_BITS) - 1);

    if (!tag || slot >= door->made || door->visitors[slot]->tag != tag)
        return false;
    visitor_leave(door->visitors[slot]);
    return true;
}

size_t door_count(const struct door *door) {
    return door->count;
}
