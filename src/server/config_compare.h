/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * config_compare: do the files of the configuration differ from what runs? They are looked at each second, and read
 * when one has changed, on another thread. Runs on: the control thread, but for reading. Owns: its watch, the last
 * comparison.
 */
#ifndef MUNNEL_SERVER_CONFIG_COMPARE_H
#define MUNNEL_SERVER_CONFIG_COMPARE_H

#include "server/admin/configuration.h"

struct background_queue;
struct config_compare;
struct server;

struct config_compare_options {
    struct server *server;
    struct background_queue *queue;  /* of all that reads these files */
    struct config_state *state;      /* is_changed and changed_ms are set */
    void (*on_equal)(void *context); /* they were read, and are what runs */
    void *context;
};

struct config_compare *config_compare_new(const struct config_compare_options *options); /* NULL: out of memory */
void config_compare_free(struct config_compare *compare); /* when the queue is empty; NULL is fine */

/* A configuration runs now: its files are watched. Before the first one nothing is. */
void config_compare_reset(struct config_compare *compare);
void config_compare_again(struct config_compare *compare); /* the files are read at the next look, whatever they are */
void config_compare_look(struct config_compare *compare);  /* each second */
/* By the files of now. */
void config_compare_ask(struct config_compare *compare, config_done *done, void *context);

#endif
