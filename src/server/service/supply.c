/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * supply: see supply.h.
 */
#include "config.h"

#include "server/service/supply.h"

#include "lib/base/clock.h"
#include "proto/control.h"
#include "server/service/service_priv.h"

#include <stdlib.h>

enum {
    OPEN_MOST = 256,     /* links under way per agent */
    AGAIN_MS = 3000,     /* while clients wait a link that has not come by then is ordered again */
    RETURNS_MS = 1000,   /* clients that have waited longer do not rely on links that return */
    SPARE_HELD_MS = 200, /* hold spare-link dials while clients wait */
    RETURNS_OF_EACH = 4, /* a second: its clients are short */
    EXCESS_AGE_S = 600
};

struct supply {
    struct supply_options options;
    size_t links, limit;        /* data links: present, allowed */
    struct link_pool *arriving; /* data links accepted that are not idle yet */
    struct event *turn, *later;
    uint64_t *marked; /* tags */
    size_t count, room;
    bool is_due;
    size_t first_share; /* index of the member that gets the remainder, in turn */
};

static void on_turn(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    supply_turn(context);
}

static void mark_all(struct supply *supply) {
    struct session_table *sessions = supply->options.sessions;

    for (struct session *session = session_table_first(sessions); session;
         session = session_table_after(sessions, session))
        supply_mark(supply, session);
}

static void on_later(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    mark_all(context);
}

struct supply *supply_new(const struct supply_options *options) {
    struct supply *supply = calloc(1, sizeof *supply);

    if (!supply)
        return NULL;
    supply->options = *options;
    supply->limit = SIZE_MAX;
    supply->arriving = link_pool_new();
    supply->turn = event_new(options->base, -1, 0, on_turn, supply);
    supply->later = evtimer_new(options->base, on_later, supply);
    if (supply->arriving && supply->turn && supply->later)
        return supply;
    supply_free(supply);
    return NULL;
}

void supply_free(struct supply *supply) {
    if (!supply)
        return;
    if (supply->turn)
        event_free(supply->turn);
    if (supply->later)
        event_free(supply->later);
    link_pool_free(supply->arriving);
    free(supply->marked);
    free(supply);
}

void supply_call(struct supply *supply) {
    if (!supply->is_due)
        event_active(supply->turn, 0, 0);
    supply->is_due = true;
}

static bool grow(struct supply *supply) {
    size_t room = supply->room ? 2 * supply->room : 64;
    uint64_t *marked = realloc(supply->marked, room * sizeof *marked);

    if (!marked)
        return false;
    supply->marked = marked;
    supply->room = room;
    return true;
}

void supply_mark(struct supply *supply, struct session *session) {
    if (supply->count == supply->room && !grow(supply))
        return; /* supply_tick looks at all of them anyway */
    if (session_mark(session, true))
        return;
    supply->marked[supply->count++] = session_tag(session);
    supply_call(supply);
}

/*
 * How many links `waiting` clients need. Where most clients are short, those that will get a returning link need none,
 * unless clients have waited longer than RETURNS_MS; but at least one is always ordered.
 */
static unsigned links_needed(struct session *session, unsigned waiting, bool counts_returns, uint64_t now_us) {
    unsigned returns = link_pool_returns(session_pool(session), now_us);

    if (!counts_returns || returns < RETURNS_OF_EACH * session_client_count(session))
        return waiting;
    return waiting > returns ? waiting - returns : waiting > 0;
}

/* Counts the responsive agents, or all if none is: a silent agent dials no links. */
static size_t count_suppliers(const struct balance *balance, bool *among_silent) {
    size_t responsive = 0;

    for (size_t i = 0; i < balance->count; i++)
        responsive += !session_is_silent(balance->members[i].session);
    *among_silent = responsive == 0;
    return responsive ? responsive : balance->count;
}

/* Spreads what the waiting clients of a service need over its agents. */
static void share_deficit(struct supply *supply, struct service *service, uint64_t now_us) {
    struct balance *balance = service->balance;
    bool among_silent;
    size_t agents = count_suppliers(balance, &among_silent), waiting = service->queue.count;
    bool counts_returns = now_us - service->queue.since_us < RETURNS_MS * 1000ULL;

    if (!agents || !waiting)
        return;
    for (size_t i = 0, members = balance->count, nth = 0; i < members; i++) {
        struct session *session = balance->members[(supply->first_share + i) % members].session;
        if (session_is_silent(session) && !among_silent)
            continue;
        unsigned share = (unsigned)(waiting / agents + (nth++ < waiting % agents));
        session_add_deficit(session, links_needed(session, share, counts_returns, now_us));
        supply_mark(supply, session);
    }
    supply->first_share += waiting % agents;
}

/* How many idle links it should have; when descriptors are short, each agent gets the same share of them. */
static unsigned spare_target(struct supply *supply, struct session *session, uint64_t now_us) {
    unsigned target = session_spare_target(session, supply->options.conf->agents.idle_min,
                                           supply->options.conf->agents.idle_max, now_us);
    size_t share = supply->limit / session_table_count(supply->options.sessions);

    if (share < 1)
        share = 1;
    return target < share ? target : (unsigned)share;
}

/* How many more idle links it should have, beyond those that running clients will return soon. */
static uint64_t spare_deficit(struct supply *supply, struct session *session, uint64_t now_us) {
    unsigned target = spare_target(supply, session, now_us), running = session_client_count(session);
    unsigned back = link_pool_returns(session_pool(session), now_us) / 10;

    if (back > running)
        back = running;
    return target > back ? target - back : 0;
}

/* The same, but 0 while clients wait for its links, and for SPARE_HELD_MS after. */
static uint64_t spare_deficit_unless_held(struct supply *supply, struct session *session, bool is_waited_for,
                                          uint64_t now_us) {
    uint64_t held_us = session_spare_held_us(session);

    if (is_waited_for && held_us <= now_us)
        session_hold_spare(session, now_us + SPARE_HELD_MS * 1000ULL);
    if (is_waited_for)
        return 0;
    if (held_us <= now_us)
        return spare_deficit(supply, session, now_us);
    struct timeval wait = {0, (suseconds_t)(held_us - now_us)};
    if (!evtimer_pending(supply->later, NULL))
        (void)evtimer_add(supply->later, &wait); /* without memory the tick marks all sessions within a second */
    return 0;
}

/* How many links it should be asked for now: none, rather than a few, while very many are under way. */
static unsigned links_missing(struct supply *supply, struct session *session, uint64_t now_us) {
    struct link_orders *orders = session_orders(session);
    uint64_t idle = link_pool_count(session_pool(session)), needed = session_take_deficit(session);

    link_orders_give_up(orders, needed ? AGAIN_MS : LINK_ORDERS_EXPIRE_MS, now_us);
    needed += spare_deficit_unless_held(supply, session, needed && !idle,
                                        now_us); /* beside an idle link: waits for something else */
    unsigned open = link_orders_expected(orders, now_us);
    uint64_t there = idle + link_pool_count(session_arriving(session)) + open;
    uint64_t room = supply->links + open < supply->limit ? supply->limit - supply->links - open : 0;
    if (open > OPEN_MOST / 2 || needed <= there)
        return 0;
    if (room > OPEN_MOST - open)
        room = OPEN_MOST - open;
    return (unsigned)(needed - there < room ? needed - there : room);
}

static void order_links(struct supply *supply, struct session *session, uint64_t now_us) {
    unsigned missing = links_missing(supply, session, now_us);

    if (!missing || session_is_draining(session))
        return;
    char *order = control_format(CONTROL_OP_LINKS, missing, LINK_ORDERS_EXPIRE_MS, NULL);
    if (!order)
        return;
    plane_send_control(supply->options.plane, session_control(session), order);
    free(order);
    link_orders_add(session_orders(session), missing, now_us);
}

void supply_turn(struct supply *supply) {
    uint64_t now_us = clock_us();

    supply->is_due = true; /* marks made from here on belong to this turn */
    for (size_t i = 0; supply->options.services->waiting && i < supply->options.services->count; i++)
        share_deficit(supply, supply->options.services->items[i], now_us);
    for (size_t i = 0; i < supply->count; i++) {
        struct session *session = session_table_find(supply->options.sessions, supply->marked[i]);
        if (!session)
            continue;
        session_mark(session, false);
        order_links(supply, session, now_us);
    }
    supply->count = 0;
    supply->is_due = false;
}

/* Closes links above the spare target that were idle for EXCESS_AGE_S. */
static void close_excess(struct supply *supply, struct session *session, uint64_t now_us) {
    struct link_pool *pool = session_pool(session);
    unsigned target = spare_target(supply, session, now_us);
    struct link_ref link;

    if (now_us < EXCESS_AGE_S * 1000000ULL)
        return;
    while (link_pool_count(pool) > target && link_pool_take_oldest(pool, now_us - EXCESS_AGE_S * 1000000ULL, &link))
        plane_close(supply->options.plane, link, "not needed any more", false);
}

void supply_tick(struct supply *supply) {
    struct session_table *sessions = supply->options.sessions;
    uint64_t now_us = clock_us();

    for (struct session *session = session_table_first(sessions); session;
         session = session_table_after(sessions, session))
        close_excess(supply, session, now_us);
    mark_all(supply);
}

/* --- the data links of all sessions --- */

void supply_set_limit(struct supply *supply, size_t limit) {
    supply->limit = limit;
}

size_t supply_count(const struct supply *supply) {
    return supply->links;
}

bool supply_has_room(const struct supply *supply) {
    return supply->links < supply->limit;
}

/* Until it is idle it is neither ordered nor in the session's pool, and must not be ordered again. If there is no
 * memory for that, its order stays outstanding. */
void supply_link_accepted(struct supply *supply, struct session *session, struct link_ref link) {
    supply->links++;
    if (link_pool_put(supply->arriving, link, 0) && link_pool_put(session_arriving(session), link, 0))
        link_orders_arrived(session_orders(session));
}

void supply_link_idle(struct supply *supply, struct link_ref link) {
    link_pool_remove(supply->arriving, link); /* as a rule it is empty, and there is nothing to search */
}

void supply_link_gone(struct supply *supply, struct link_ref link, bool was_data) {
    supply->links -= link_pool_remove(supply->arriving, link) || was_data;
}
