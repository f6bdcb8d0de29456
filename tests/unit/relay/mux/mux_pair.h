/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * mux_pair: a server's and an agent's mux, joined by wires in memory that can be cut at every byte.
 *
 * Each stream carries bytes that follow from its number and direction, so that a reader knows what must come. A party
 * is one end of a stream with its client or destination.
 */
#ifndef MUNNEL_TESTS_MUX_PAIR_H
#define MUNNEL_TESTS_MUX_PAIR_H

#include "relay/mux/mux.h"

#include <event2/buffer.h>
#include <event2/event.h>

enum { SERVER, AGENT, WIRES = 12, PARTIES = 8192 };

struct pair;

struct wire {
    struct pair *pair;
    struct wire_end {
        struct wire *wire;
        struct mux_carrier *carrier; /* NULL: it has noticed that the wire is cut */
        struct evbuffer *in;         /* on its way to this end */
        bool is_later, was_full;
        bool is_stuck; /* what is on its way to this end waits */
    } ends[2];
    bool is_used, is_cut;
    size_t full_at, step; /* step: how much arrives in a pair_step */
};

struct party {
    struct mux_stream stream; /* first */
    struct pair *pair;
    uint8_t end;
    bool reads;      /* else it stands still */
    bool is_blocked; /* until on_room */
    bool is_open, is_over, got_fin, has_finished;
    enum stream_outcome_how how;
    struct party *takes_along; /* reset when this one is over */
    char text[64];             /* of OPENED, REFUSED or RESET */
    uint64_t to_send, appended, received, waiting, wrong, calls, suspensions;
    size_t kept; /* by the stream when it was over */
    uint32_t number;
};

struct pair {
    struct event_base *base;
    struct defer_queue turns, ends;
    struct mux_gather gather;
    const struct wire_end *written[2]; /* by end: has something to flush */
    struct send_memory memory[2];
    struct mux_totals counts[2];
    struct mux *muxes[2];
    struct wire wires[WIRES];
    struct party *parties[2][PARTIES]; /* by number */
    struct party *dead;                /* freed when no callback runs */
    uint64_t agent_sends;              /* how much each agent's party is to send */
    bool refuses;                      /* the agent refuses what is opened */
    /* Not NULL: accepts what is opened instead of a party. */
    int (*accept)(struct pair *pair, uint32_t number, const uint8_t *payload, struct error *error);
    bool agent_reads;
    bool agent_holds_opened; /* until the test sends it by mux_stream_opened */
    bool agent_keeps_open;   /* its parties do not end when they have sent all */
    uint32_t highest;        /* number of a party */
    unsigned wanted[2][2];   /* carriers: by end, by kind */
    int outcomes;            /* as on_outcomes counts them, of both */
    unsigned asked_full;     /* calls of is_full */
    const char *violation;
    uint64_t skew_us; /* of the clock that mux_sweep is given */
};

void pair_begin(struct pair *pair, unsigned resume_timeout_ms);
void pair_end(struct pair *pair); /* asserts that nothing is left */
/* Wires between muxes of others, and no parties. */
void pair_join(struct pair *pair, struct event_base *base, struct mux *server, struct mux *agent);
void pair_part(struct pair *pair); /* loses the wires */

struct wire *pair_add_wire(struct pair *pair, bool is_exclusive); /* NULL: out of memory */
/* What is on its way arrives up to `kept` bytes each way, and then nothing; the ends notice it by wire_notice. */
void wire_cut(struct wire *wire, size_t kept_to_server, size_t kept_to_agent);
void wire_notice(struct wire *wire, int end);
void wire_lose(struct wire *wire); /* cut at once, and noticed by both */

/* The client sends so much. NULL: there was no carrier, or no memory. */
struct party *pair_open(struct pair *pair, uint64_t to_send);
struct party *pair_party(struct pair *pair, int end, uint32_t number); /* NULL: not there (any more: not over) */
void party_read(struct party *party, uint64_t most);                   /* of what waits for it */
void party_fill(struct party *party);
void party_reset(struct party *party);

void pair_step(struct pair *pair); /* moves some frames each way, runs turns, lets parties fill and read */
void pair_sweep(struct pair *pair);
void pair_run(struct pair *pair, unsigned steps);
void pair_run_until_quiet(struct pair *pair,
                          unsigned most); /* asserts that it becomes so within 8 times `most` steps */
void party_assert_whole(const struct party *party, uint64_t received);
bool pair_is_quiet(struct pair *pair); /* all streams are over at both ends */

#endif
