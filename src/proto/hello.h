/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * hello: HELLO, and WELCOME or REJECT, which answer it: JSON to structs and back.
 *
 * Strings from the peer are checked for length and control characters; unknown keys are ignored.
 * Runs on: any thread. Owns: nothing; parsed strings live in the struct's `json` until its *_done().
 */
#ifndef MUNNEL_PROTO_HELLO_H
#define MUNNEL_PROTO_HELLO_H

#include "lib/base/error.h"
#include "lib/base/secret.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hello_kind { HELLO_KIND_CONTROL, HELLO_KIND_DATA };

struct hello { /* HELLO */
    json_t *json;
    enum hello_kind kind;
    uint64_t protocol;
    const char *credential; /* name of the credential the proof is made with; "" with none (auth none or certificate) */
    const char *name;       /* what the agent calls itself */
    const char *group;      /* asked for; "" = all that the credential carries */
    const char *instance;   /* 32 hex digits */
    const char *resume;     /* control: 32 hex digits of the session that the agent would go on with; else "" */
    const char *session;    /* data: 32 hex digits of the session; else "" */
    unsigned server_thread; /* data: to which relay thread of the server the link goes, see carrier_role.h */
    bool is_exclusive;      /* data: likewise */
    unsigned features;      /* control: what the agent knows, see features.h */
    const char *version;    /* control: of the agent's program, for people; "" = it does not tell */
    uint8_t proof[SECRET_SIZE];
    bool has_proof;
};
int hello_parse(struct hello *hello, const char *text, size_t length, struct error *error);
void hello_done(struct hello *hello);
/* HELLO as JSON text without its proof, malloc'ed; hello_add_proof appends it when the channel is known. */
char *hello_format(const struct hello *hello);
char *hello_add_proof(const char *json, const uint8_t proof[SECRET_SIZE]); /* malloc'ed; also used for WELCOME */

struct welcome { /* WELCOME of a control link */
    json_t *json;
    const char *session; /* 32 hex digits */
    uint8_t session_key[SECRET_SIZE];
    const char *server; /* the server's instance */
    uint64_t ping_s, dead_after_s;
    unsigned threads;  /* relay threads of the server, each with data links of its own: 1 to PROTO_THREADS_MAX */
    uint64_t resume_s; /* how long the session outlives its control link, and a stream its carrier; 0: not */
    unsigned features; /* what the server knows, see features.h */
    uint8_t proof[SECRET_SIZE];
    bool has_proof;
};
int welcome_parse(struct welcome *welcome, const char *text, size_t length, struct error *error);
/* The WELCOME of a data link: {"proof":...}, and it must be there. */
int welcome_parse_data(uint8_t proof[SECRET_SIZE], const char *text, size_t length, struct error *error);
void welcome_done(struct welcome *welcome);
char *welcome_format(const struct welcome *welcome); /* proof included if has_proof; malloc'ed */

/* REJECT_CODE(name, code on the wire, final): final = before the agent was ever accepted it gives up (exit 3) */
#define REJECT_CODES(R)                                                                                                \
    R(PROTOCOL, "protocol", true)                                                                                      \
    R(CREDENTIAL, "credential", true)                                                                                  \
    R(GROUP, "group", true)                                                                                            \
    R(SESSION, "session", false)                                                                                       \
    R(BUSY, "busy", false)                                                                                             \
    R(STOPPING, "stopping", false)                                                                                     \
    R(MALFORMED, "malformed", true)
enum reject_code {
#define REJECT_ENUM(name, code, final) REJECT_##name,
    REJECT_CODES(REJECT_ENUM)
#undef REJECT_ENUM
        REJECT_CODE_COUNT
};
struct reject { /* REJECT */
    json_t *json;
    enum reject_code code;
    const char *reason;
    uint64_t retry_after_s;
};
int reject_parse(struct reject *reject, const char *text, size_t length, struct error *error);
void reject_done(struct reject *reject);
char *reject_format(enum reject_code code, const char *reason, unsigned retry_after_s);
bool reject_is_final(enum reject_code code);
const char *reject_code_name(enum reject_code code); /* as on the wire: "busy" */

#endif
