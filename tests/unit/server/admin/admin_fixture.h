/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * admin_fixture: a server over a fake data plane that is asked over its Unix socket, as an administrator does.
 * Runs on: one thread, one test process.
 */
#ifndef MUNNEL_TESTS_ADMIN_FIXTURE_H
#define MUNNEL_TESTS_ADMIN_FIXTURE_H

#include "server/server_fixture.h"

#include <jansson.h>

enum { ANSWER_MOST = 1 << 20 };

extern struct server_fixture fixture;
extern char answer[ANSWER_MOST]; /* the last one, with its head */
extern json_t *body;             /* of it; NULL: it was no JSON */

int connect_socket(void);
size_t read_until(int fd, const char *end);
int send_request(const char *method, const char *path, const char *content);
unsigned take_answer(int fd);
unsigned ask_with(const char *method, const char *path, const char *content);
void expect_status(const char *method, const char *path, unsigned status);
void get(const char *path);
const json_t *at(const char *path);
void expect_text(const char *path, const char *text);
void expect_number(const char *path, json_int_t number);
void begin(void);
void finish(void);

#endif
