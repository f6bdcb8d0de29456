/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_listener: see agent_listener.h. When it is full, who has waited longest without a byte has to go, not who comes
 * last: otherwise 256 silent connections would lock all agents out. Whoever has not sent a whole ClientHello counts as
 * silent, and waits here, where he costs a descriptor and nothing else. When nobody here is silent, he goes who has
 * been greeting longest, and longer than an honest greeting takes.
 *
 * Runs on: the control thread. Owns: its listeners and the descriptors that wait.
 * States of a connection: free -> waiting -> adopted -> free.
 */
#include "config.h"

#include "server/auth/agent_listener.h"

#include "conf/option.h"
#include "lib/base/clock.h"
#include "lib/log/log_throttle.h"
#include "lib/net/sock.h"
#include "server/auth/penalty_box.h"
#include "server/auth/sniff.h"
#include "server/service/listener_group.h"
#include "server/service/source_key.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    ACCEPTS_PER_TURN = 32,
    LINES_A_MINUTE = 10,
    TAG_SLOT_BITS = 20,
    VISITORS_MOST = CONF_UNAUTHENTICATED_MAX,
    SOURCES = 1024,
    GREETING_MS = 500
};
enum { PENALTY_PROOF_S = 5, PENALTY_DEADLINE_S = 10, PENALTY_FORGOTTEN_S = 600 };
enum visitor_state { VISITOR_FREE, VISITOR_WAITING, VISITOR_ADOPTED };

struct visitor {
    struct agent_listener *door;
    struct visitor *next_free;
    enum visitor_state state;
    unsigned slot;
    int fd;
    size_t came; /* bytes that are there and do not suffice */
    uint64_t tag, source, since_us;
    struct addr peer;
    struct event *spoke;
};

struct agent_listener {
    struct agent_listener_options options;
    struct listener_group *listeners;
    struct visitor *visitors[VISITORS_MOST]; /* made when needed, kept */
    struct visitor *free;
    unsigned made;
    size_t limit, per_source, count;
    unsigned by_source[SOURCES]; /* connections by source modulo SOURCES: never less than there are of one source */
    uint64_t generation, turned_away;
    struct penalty_box *penalties;
    struct log_throttle speeches[PEEK_COUNT], silence, crowd, shunned; /* each has lines of its own */
};

static void door_complain(struct agent_listener *door, struct log_throttle *complaint, enum log_level level,
                          const struct addr *peer, const char *words) {
    log_throttle_event(complaint, door->options.log, level, "door", words, NULL, peer);
}

/* ---- who is punished, and who is not ---- */

static bool door_knows(struct agent_listener *door, uint64_t source, const struct addr *peer) {
    uint64_t now_us = clock_us();

    if (penalty_box_trusts(door->penalties, source, now_us))
        return true;
    if (!door->options.has_agent(door->options.context, peer))
        return false;
    penalty_box_trust(door->penalties, source, now_us); /* the next look is cheaper */
    return true;
}

static bool door_shuns(struct agent_listener *door, uint64_t source, const struct addr *peer) {
    return penalty_box_left(door->penalties, source, clock_us()) && !door_knows(door, source, peer);
}

static void door_hold_against(struct agent_listener *door, uint64_t source, const struct addr *peer, unsigned seconds) {
    if (!door_knows(door, source, peer))
        penalty_box_add(door->penalties, source, seconds, clock_us());
}

void agent_listener_penalize(struct agent_listener *door, const struct addr *peer) {
    door_hold_against(door, source_key_of(peer), peer, PENALTY_PROOF_S);
}

void agent_listener_trust(struct agent_listener *door, const struct addr *peer) {
    penalty_box_trust(door->penalties, source_key_of(peer), clock_us());
}

void agent_listener_reset_penalties(struct agent_listener *door) {
    penalty_box_reset(door->penalties);
}

/* ---- a visitor ---- */

static void visitor_leave(struct visitor *visitor) {
    struct agent_listener *door = visitor->door;

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
    struct agent_listener *door = visitor->door;
    int fd = visitor->fd;

    visitor->state = VISITOR_ADOPTED;
    visitor->fd = -1;
    sock_wake_at(fd, 1);
    plane_adopt(door->options.plane, fd, &visitor->peer, door->options.tls, visitor->tag,
                visitor->since_us + door->options.conf->agents.unauthenticated_deadline_s * 1000000ull);
}

static void visitor_send_away(struct visitor *visitor, struct log_throttle *complaint, enum log_level level,
                              const char *words) {
    door_complain(visitor->door, complaint, level, &visitor->peer, words);
    visitor_leave(visitor);
}

static void visitor_is_stranger(struct visitor *visitor, enum sniff_kind kind) {
    char words[96];

    snprintf(words, sizeof words, "sent away: %s where agents connect", sniff_name(kind));
    visitor_send_away(visitor, &visitor->door->speeches[kind], LOG_LEVEL_WARNING, words);
}

static void visitor_is_late(struct visitor *visitor, enum sniff_kind kind) {
    struct agent_listener *door = visitor->door;

    door_hold_against(door, visitor->source, &visitor->peer, PENALTY_DEADLINE_S);
    if (kind == PEEK_NOTHING)
        visitor_send_away(visitor, &door->silence, LOG_LEVEL_INFO, "sent away: said nothing");
    else
        visitor_is_stranger(visitor, kind);
}

static void visitor_wait(struct visitor *visitor, size_t needs);

static void on_spoke(evutil_socket_t fd, short what, void *context) {
    struct visitor *visitor = context;
    uint8_t bytes[SNIFF_SIZE];
    size_t needs = 0;
    ssize_t length = sock_peek(fd, bytes, sizeof bytes);
    enum sniff_kind kind = sniff(bytes, length > 0 ? (size_t)length : 0, &needs);

    if (kind == PEEK_TLS)
        visitor_adopt(visitor);
    else if (what & EV_TIMEOUT)
        visitor_is_late(visitor, kind);
    else if (kind == PEEK_NOTHING) /* a port scan, a health check, a change of mind */
        visitor_send_away(visitor, &visitor->door->speeches[kind], LOG_LEVEL_DEBUG, "left without a word");
    else if (kind == PEEK_TLS_PART && (size_t)length > visitor->came)
        visitor_wait(visitor, needs);
    else if (kind == PEEK_TLS_PART && !(what & EV_CLOSED)) /* the kernel has no room to wait for more: TLS does */
        visitor_adopt(visitor);
    else /* also when no more is coming of what is not whole */
        visitor_is_stranger(visitor, kind);
}

/* Woken when `needs` bytes are there, when no more will come, or when the time is over. */
static void visitor_wait(struct visitor *visitor, size_t needs) {
    struct agent_listener *door = visitor->door;
    uint64_t now_us = clock_us(),
             end_us = visitor->since_us + door->options.conf->agents.unauthenticated_deadline_s * 1000000ull;
    uint64_t left_us = end_us > now_us ? end_us - now_us : 1;
    struct timeval time = {(time_t)(left_us / 1000000), (suseconds_t)(left_us % 1000000)};

    if (needs > 1 && (addr_is_unix(&visitor->peer) || !sock_wake_at(visitor->fd, needs))) {
        visitor_adopt(visitor); /* this system cannot wait for more: TLS does */
        return;
    }
    visitor->came = needs > 1 ? needs - 1 : 0;
    if (event_assign(visitor->spoke, door->options.base, visitor->fd, EV_READ | EV_CLOSED, on_spoke, visitor) ||
        event_add(visitor->spoke, &time))
        visitor_leave(visitor);
}

/* ---- who may come in ---- */

static const char crowded[] = "sent away: too many connections that have not greeted";

/* The longest here, of this source (of all, when `source` is NULL) and in this state, or NULL. */
static struct visitor *door_oldest(struct agent_listener *door, const uint64_t *source, enum visitor_state state) {
    struct visitor *oldest = NULL;

    for (unsigned i = 0; i < door->made; i++) {
        struct visitor *visitor = door->visitors[i];
        if (visitor->state == state && (!source || visitor->source == *source) &&
            (!oldest || visitor->since_us < oldest->since_us))
            oldest = visitor;
    }
    return oldest;
}

static size_t door_count_source(const struct agent_listener *door, uint64_t source) {
    size_t count = 0;

    if (door->by_source[source % SOURCES] < door->per_source)
        return 0; /* as good as any number that is too small */
    for (unsigned i = 0; i < door->made; i++)
        count += door->visitors[i]->state != VISITOR_FREE && door->visitors[i]->source == source;
    return count;
}

/* The relay thread that has it is told to close it; it may have greeted in this moment, and then it stays. */
static struct visitor *door_slowest(struct agent_listener *door, const uint64_t *source) {
    struct visitor *oldest = door_oldest(door, source, VISITOR_ADOPTED);
    bool is_slow = oldest && clock_us() - oldest->since_us >= GREETING_MS * 1000ull;

    return is_slow && plane_disconnect_preauth(door->options.plane, oldest->tag, crowded) ? oldest : NULL;
}

/* Makes room for one more of `source`; false: everybody here is busy greeting. */
static bool door_make_room(struct agent_listener *door, uint64_t source, const struct addr *peer) {
    size_t of_source = door_count_source(door, source);
    bool source_is_full = of_source >= door->per_source, door_is_full = door->count >= door->limit;

    if (!source_is_full && !door_is_full)
        return true;
    size_t ordered = door->options.expects(door->options.context, peer);
    if (ordered && of_source < door->per_source + ordered)
        return true;
    const uint64_t *whose = source_is_full ? &source : NULL;
    struct visitor *oldest = door_oldest(door, whose, VISITOR_WAITING);
    if (!oldest && !source_is_full && door_knows(door, source, peer)) /* some room is kept for where agents come from */
        return true;
    if (!oldest)
        oldest = door_slowest(door, whose);
    if (!oldest)
        return false;
    visitor_send_away(oldest, &door->crowd, LOG_LEVEL_WARNING, crowded);
    return true;
}

static struct visitor *door_make_visitor(struct agent_listener *door) {
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

static struct visitor *door_find_free(struct agent_listener *door) {
    struct visitor *visitor = door->free;

    if (!visitor)
        return door_make_visitor(door);
    door->free = visitor->next_free;
    return visitor;
}

static void door_turn_away(struct agent_listener *door, int fd, const struct addr *peer, struct log_throttle *complaint,
                           const char *words) {
    door_complain(door, complaint, LOG_LEVEL_WARNING, peer, words);
    door->turned_away++;
    sock_close(fd);
}

static void on_accept(void *context, int fd, const struct addr *peer) {
    struct agent_listener *door = context;
    uint64_t source = source_key_of(peer);

    if (door_shuns(door, source, peer)) {
        door_turn_away(door, fd, peer, &door->shunned, "turned away: failed before, and its penalty is not over");
        return;
    }
    struct visitor *visitor = door_make_room(door, source, peer) ? door_find_free(door) : NULL;
    if (!visitor) {
        door_turn_away(door, fd, peer, &door->crowd, "turned away: too many connections that have not greeted");
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
    visitor_wait(visitor, 1);
}

static bool has_room(void *context) {
    (void)context;
    return true; /* on_accept makes room */
}

/* ---- the door itself ---- */

static void door_set_lines(struct agent_listener *door) {
    for (int kind = 0; kind < PEEK_COUNT; kind++)
        door->speeches[kind].a_minute = LINES_A_MINUTE;
    door->silence.a_minute = door->crowd.a_minute = door->shunned.a_minute = LINES_A_MINUTE;
}

void agent_listener_tick(struct agent_listener *door) {
    for (int kind = 0; kind < PEEK_COUNT; kind++)
        log_throttle_flush(&door->speeches[kind], door->options.log);
    log_throttle_flush(&door->silence, door->options.log);
    log_throttle_flush(&door->crowd, door->options.log);
    log_throttle_flush(&door->shunned, door->options.log);
}

struct agent_listener *agent_listener_new(const struct agent_listener_options *options, struct error *error) {
    const struct penalty_terms terms = {.longest_s = options->conf->agents.unauthenticated_penalty_s,
                                        .forgotten_s = PENALTY_FORGOTTEN_S};
    struct agent_listener *door = calloc(1, sizeof *door);

    if (door)
        door->penalties = penalty_box_new(&terms);
    if (!door || !door->penalties) {
        free(door);
        error_set(error, "out of memory");
        return NULL;
    }
    door->options = *options;
    door_set_lines(door);
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
    door->listeners = listener_group_new(&listening, &options->conf->agents.listen, error);
    if (door->listeners)
        return door;
    agent_listener_free(door);
    return NULL;
}

int agent_listener_open(struct agent_listener *door, struct error *error) {
    if (listener_group_open(door->listeners, error))
        return -1;
    listener_group_log(door->listeners, "agents may connect to");
    return 0;
}

void agent_listener_set_tls(struct agent_listener *door, SSL_CTX *tls) {
    SSL_CTX_up_ref(tls);
    SSL_CTX_free(door->options.tls);
    door->options.tls = tls;
}

void agent_listener_shut(struct agent_listener *door) {
    listener_group_free(door->listeners);
    door->listeners = NULL;
    for (unsigned i = 0; i < door->made; i++)
        if (door->visitors[i]->state == VISITOR_WAITING)
            visitor_leave(door->visitors[i]);
}

void agent_listener_free(struct agent_listener *door) {
    if (!door)
        return;
    agent_listener_shut(door);
    for (unsigned i = 0; i < door->made; i++) {
        event_free(door->visitors[i]->spoke);
        free(door->visitors[i]);
    }
    SSL_CTX_free(door->options.tls);
    penalty_box_free(door->penalties);
    free(door);
}

static struct visitor *door_find(const struct agent_listener *door, uint64_t tag) {
    size_t slot = tag & ((1U << TAG_SLOT_BITS) - 1);

    return tag && slot < door->made && door->visitors[slot]->tag == tag ? door->visitors[slot] : NULL;
}

bool agent_listener_release(struct agent_listener *door, uint64_t tag) {
    struct visitor *visitor = door_find(door, tag);

    if (!visitor)
        return false;
    visitor_leave(visitor);
    return true;
}

bool agent_listener_failed(struct agent_listener *door, uint64_t tag, bool no_hello) {
    const struct visitor *visitor = door_find(door, tag);
    uint64_t allowed_us = door->options.conf->agents.unauthenticated_deadline_s * 1000000ull;

    if (visitor && (no_hello || clock_us() - visitor->since_us >= allowed_us))
        door_hold_against(door, visitor->source, &visitor->peer, PENALTY_DEADLINE_S);
    return agent_listener_release(door, tag);
}

size_t agent_listener_count(const struct agent_listener *door) {
    return door->count;
}

uint64_t agent_listener_turned_away(const struct agent_listener *door) {
    return door->turned_away;
}
