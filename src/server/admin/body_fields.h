/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * body_fields: members of the JSON object that was sent, checked. What is wrong has been answered, with a JSON pointer,
 * when one of these returns false. Texts are borrowed from the request's body.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_ADMIN_BODY_FIELDS_H
#define MUNNEL_SERVER_ADMIN_BODY_FIELDS_H

#include "lib/base/error.h"
#include "lib/http/request.h"

#include <time.h>

enum { BODY_TEXTS_MOST = 64 }; /* of a list */

typedef int body_check(const char *text, struct error *error); /* as those of src/conf/validators.h */

/* Always false. */
bool body_refuse_member(struct http_request *request, const char *pointer, const char *detail, const char *remedy);
bool body_knows_members(struct http_request *request, const char *const *known); /* which ends with NULL */
bool body_take_text(struct http_request *request, const char *pointer, const json_t *value, body_check *check,
                    const char **text);
/* A list that may be missing; room for BODY_TEXTS_MOST. */
bool body_take_list(struct http_request *request, const char *key, body_check *check, const char **items,
                    size_t *count);
/* The same of a member of the body that is an object, and may be missing. */
bool body_take_list_of(struct http_request *request, const char *object, const char *key, body_check *check,
                       const char **items, size_t *count);
/* A date or a span from now, which may be missing or null: then it is `preset`; NULL: none, 0. */
bool body_take_end(struct http_request *request, const char *key, const char *preset, time_t *moment);

#endif
