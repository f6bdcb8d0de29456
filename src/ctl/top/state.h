/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * state: how a state of the API looks: a mark, a word, and only then a colour, so that it can be read without any.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_TOP_STATE_H
#define MUNNEL_CTL_TOP_STATE_H

#include <jansson.h>
#include <stddef.h>

struct state_look {
    const char *state; /* as the API has it; also the severities of problems and events */
    const char *mark, *word;
    unsigned style;
    int weight; /* see state_weight() */
};

/* Never NULL: a state that is not known, of a newer server say, has its own word and no mark. */
const struct state_look *state_look_of(const char *state);

/* How bad the state of an item is: of a service, an agent, a relay. The worst has the most. */
int state_weight(const json_t *item);

/* With what belongs to it: "◐ draining, 14 left". Each takes a service, an agent, a relay of a list, an event. Returns
 * the style. */
unsigned state_of_service(char *text, size_t size, const json_t *service, double now);
unsigned state_of_agent(char *text, size_t size, const json_t *agent, double now);
unsigned state_of_relay(char *text, size_t size, const json_t *relay, double now);
/* A service as an agent has it, which permits it or not; anything that has a state and nothing that belongs to it. */
unsigned state_of_own_service(char *text, size_t size, const json_t *service);
unsigned state_of_any(char *text, size_t size, const json_t *item);

#endif
