/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * open_memory: reads OPEN as fast as clients come.
 *
 * An agent is opened for the same few services again and again, and what differs between two OPENs is written by
 * open_format in one form only. So the last one that was parsed in full is remembered, and the next is compared
 * with it: equal but for id, from and timeout_ms, it needs no parser. Anything else goes to open_parse.
 * Runs on: the thread that owns it. Owns: the message that it remembers.
 */
#ifndef MUNNEL_PROTO_OPEN_MEMORY_H
#define MUNNEL_PROTO_OPEN_MEMORY_H

#include "proto/open.h"

enum { OPEN_MEMORY_TERMS = 512, OPEN_MEMORY_FROM = 64 };

struct open_memory {
    struct open_request known; /* json NULL: none */
    size_t terms_length;
    char terms[OPEN_MEMORY_TERMS]; /* `,"service":"x","to":["a:1"],"from":"` as it came */
    char id[PROTO_RELAY_ID_MAX + 1], from[OPEN_MEMORY_FROM];
};

void open_memory_begin(struct open_memory *memory);
void open_memory_end(struct open_memory *memory);

/* As open_parse. What *open points to lives until the next call; it is not to be given to open_done. */
int open_memory_parse(struct open_memory *memory, struct open_request *open, const char *text, size_t length,
                      struct error *error);

#endif
