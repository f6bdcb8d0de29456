/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * message: the JSON inside frames, to structs and back.
 *
 * Every string that comes from a peer is checked for length and control characters here. Unknown keys are ignored.
 * Runs on: any thread. Owns: nothing; strings of a parsed message live in its `json`, message_*_done() lets it go.
 */
#ifndef MUNNEL_PROTO_MESSAGE_H
#define MUNNEL_PROTO_MESSAGE_H

#include "lib/base/error.h"
#include "lib/base/secret.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MESSAGE_PROTOCOL = 1,
    MESSAGE_NAME_MAX = 64,
    MESSAGE_INSTANCE_HEX = 33,
    MESSAGE_DESTINATIONS = 8,
    MESSAGE_PORTS = 8,
    MESSAGE_RELAY_ID = 32
};

enum message_kind { MESSAGE_KIND_CONTROL, MESSAGE_KIND_DATA };

struct message_hello { /* HELLO */
    json_t *json;
    enum message_kind kind;
    uint64_t protocol;
    const char *credential; /* name of the credential the proof is made with; "" with none (auth none or certificate) */
    const char *name;       /* what the agent calls itself */
    const char *group;      /* asked for; "" = all that the credential carries */
    const char *instance;   /* 32 hex digits */
    const char *session;    /* data: 32 hex digits of the session; else "" */
    uint8_t proof[SECRET_SIZE];
    bool has_proof;
};
int message_parse_hello(struct message_hello *hello, const char *text, size_t length, struct error *error);
void message_hello_done(struct message_hello *hello);
/* HELLO as JSON text without its proof, malloc'ed; message_add_proof appends it when the channel is known. */
char *message_format_hello(const struct message_hello *hello);
char *message_add_proof(const char *json, const uint8_t proof[SECRET_SIZE]); /* malloc'ed; also used for WELCOME */

struct message_welcome { /* WELCOME */
    json_t *json;
    const char *session; /* 32 hex digits; "" on data links */
    uint8_t session_key[SECRET_SIZE];
    const char *server; /* the server's instance */
    uint64_t ping_s, dead_after_s;
    uint8_t proof[SECRET_SIZE];
    bool has_proof;
};
int message_parse_welcome(struct message_welcome *welcome, const char *text, size_t length, struct error *error);
/* The WELCOME of a data link that shook hands by certificates: {"proof":...}, and it must be there. */
int message_parse_data_welcome(uint8_t proof[SECRET_SIZE], const char *text, size_t length, struct error *error);
void message_welcome_done(struct message_welcome *welcome);
char *message_format_welcome(const struct message_welcome *welcome); /* proof included if has_proof; malloc'ed */

/* MESSAGE_REJECT(name, code on the wire, final): final = before the agent was ever accepted it gives up (exit 3) */
#define MESSAGE_REJECTS(R)                                                                                             \
    R(PROTOCOL, "protocol", true)                                                                                      \
    R(CREDENTIAL, "credential", true)                                                                                  \
    R(GROUP, "group", true)                                                                                            \
    R(SESSION, "session", false)                                                                                       \
    R(BUSY, "busy", false)                                                                                             \
    R(STOPPING, "stopping", false)                                                                                     \
    R(MALFORMED, "malformed", true)
enum message_reject_code {
#define MESSAGE_REJECT_ENUM(name, code, final) MESSAGE_REJECT_##name,
    MESSAGE_REJECTS(MESSAGE_REJECT_ENUM)
#undef MESSAGE_REJECT_ENUM
};
struct message_reject { /* REJECT */
    json_t *json;
    enum message_reject_code code;
    const char *reason;
    uint64_t retry_after_s;
};
int message_parse_reject(struct message_reject *reject, const char *text, size_t length, struct error *error);
void message_reject_done(struct message_reject *reject);
char *message_format_reject(enum message_reject_code code, const char *reason, unsigned retry_after_s);
bool message_reject_is_final(enum message_reject_code code);

struct message_open { /* the JSON of OPEN, behind the relay's number */
    json_t *json;
    const char *id; /* relay id: server instance's first 8 digits, '-', a counter */
    const char *service;
    const char *to[MESSAGE_DESTINATIONS]; /* tried in order */
    int to_count;
    uint16_t ports[MESSAGE_PORTS]; /* where the service listens, so that an agent knows a loop; none from old servers */
    int port_count;
    const char *from;
    uint64_t timeout_ms;
};
int message_parse_open(struct message_open *open, const char *text, size_t length, struct error *error);
void message_open_done(struct message_open *open);
/* Can OPEN name all of these destinations? 0, or -1 with `error`; what passes fits, whatever the service's name. */
int message_check_destinations(char *const *to, size_t to_count, struct error *error);
/* The part that is the same for each client of a service, made once: `"service":"x","to":["a:1"],"ports":[2]`;
 * malloc'ed. Ports above MESSAGE_PORTS are left out. */
char *message_format_open_terms(const char *service, char *const *to, size_t to_count, const uint16_t *ports,
                                size_t port_count);
/* The whole JSON at `text`; `id` and `from` hold no character that JSON escapes. Returns its length, 0 if `size` is too
 * small. */
size_t message_format_open(char *text, size_t size, const char *terms, const char *id, const char *from,
                           unsigned timeout_ms);

/* REFUSED codes: MESSAGE_REFUSAL(name, code on the wire, counts against the agent) */
#define MESSAGE_REFUSALS(R)                                                                                            \
    R(REFUSED, "refused", true)                                                                                        \
    R(TIMEOUT, "timeout", true)                                                                                        \
    R(DNS, "dns", true)                                                                                                \
    R(DENIED, "denied", true)                                                                                          \
    R(BUSY, "busy", false)                                                                                             \
    R(DRAINING, "draining", false)
enum message_refusal {
#define MESSAGE_REFUSAL_ENUM(name, code, counts) MESSAGE_REFUSAL_##name,
    MESSAGE_REFUSALS(MESSAGE_REFUSAL_ENUM)
#undef MESSAGE_REFUSAL_ENUM
};
const char *message_refusal_name(enum message_refusal refusal);
bool message_refusal_counts(enum message_refusal refusal);

/* OPENED: {"address":…,"dial_ms":n}; REFUSED: {"code":…,"message":…}; RESET: {"reason":…}. Lengths, 0 if too small. */
size_t message_format_opened(char *text, size_t size, const char *address, unsigned dial_ms);
size_t message_format_refused(char *text, size_t size, enum message_refusal code, const char *words);
size_t message_format_reset(char *text, size_t size, const char *reason);
void message_parse_opened(const uint8_t *text, size_t length, char address[160], unsigned *dial_ms);
void message_parse_refused(const uint8_t *text, size_t length, enum message_refusal *code, char words[160]);
void message_parse_reset(const uint8_t *text, size_t length, char reason[160]);

/* CONTROL: {"op":…}. MESSAGE_OP(name, op on the wire) */
#define MESSAGE_OPS(O)                                                                                                 \
    O(LINKS, "links")     /* server: dial `count` more data links; the request is void after `expires_ms` */           \
    O(GOAWAY, "goaway")   /* server: open a new session beside this one */                                             \
    O(DRAIN, "drain")     /* agent: no more clients for me, please */                                                  \
    O(DRAINED, "drained") /* server: none will come any more */                                                        \
    O(BYE, "bye")         /* either: this session is over, with `reason` */                                            \
    O(ERROR, "error")     /* either: `reason` says what was not understood; never answered */                          \
    O(NOTICE, "notice")   /* server: `reason` is for whoever runs the agent, and goes to the agent's log */
enum message_op {
#define MESSAGE_OP_ENUM(name, op) MESSAGE_OP_##name,
    MESSAGE_OPS(MESSAGE_OP_ENUM)
#undef MESSAGE_OP_ENUM
        MESSAGE_OP_UNKNOWN
};
struct message_control {
    json_t *json;
    enum message_op op;
    uint64_t count, expires_ms;
    const char *reason; /* "" if none */
};
int message_parse_control(struct message_control *control, const char *text, size_t length, struct error *error);
void message_control_done(struct message_control *control);
char *message_format_control(enum message_op op, uint64_t count, uint64_t expires_ms,
                             const char *reason); /* malloc'ed */

#endif
