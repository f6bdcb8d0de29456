/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * proxy: a proxy through which an agent reaches its servers, as a URL names it: http://[USER[:PASSWORD]@]HOST[:PORT]
 * for HTTP CONNECT, socks5:// or socks5h:// for SOCKS5. Both kinds are given the server's name and resolve it
 * themselves. Runs on: any thread; it does not change once it is complete. Owns: nothing. Wipe it, since it holds a
 * password.
 */
#ifndef MUNNEL_PROTO_PROXY_H
#define MUNNEL_PROTO_PROXY_H

#include "lib/net/addr.h"

enum { PROXY_USER_SIZE = 256, PROXY_TEXT = ENDPOINT_HOST + 32 }; /* RFC 1929: a length is one byte */

enum proxy_kind { PROXY_HTTP, PROXY_SOCKS5 };

struct proxy {
    enum proxy_kind kind;
    struct endpoint endpoint;
    char text[PROXY_TEXT]; /* "http://10.0.0.1:3128": as people may see it, without user and password */
    bool has_user, has_password;
    unsigned password_changes;                             /* how often proxy_set_password has set one */
    char user[PROXY_USER_SIZE], password[PROXY_USER_SIZE]; /* "": none */
};

/*
 * Without a scheme it is http://, without a port 80, or 1080 for SOCKS5. %XX in user and password is decoded. 0, or -1
 * with `error`, which quotes neither user nor password.
 */
int proxy_parse(struct proxy *proxy, const char *url, struct error *error);
/* What a file holds: its first line. 0, or -1 with `error`: it is empty, too long, or holds control characters. */
int proxy_set_password(struct proxy *proxy, const char *text, struct error *error);
const char *proxy_where(const struct proxy *proxy); /* "10.0.0.1:3128" */

/* Why a proxy led nowhere: F(NAME, label, is it a person's to mend?, what to do about it) */
#define PROXY_FAULTS(F)                                                                                                \
    F(UNREACHABLE, "unreachable", false,                                                                               \
      "Check the proxy's address (--proxy, https_proxy), that the proxy runs, and that no firewall drops it")          \
    F(SILENT, "silent", false,                                                                                         \
      "Write http:// in place of socks5:// if it is an HTTP proxy; if it is not, look at the proxy: it may hang")      \
    F(CANNOT_CONNECT, "cannot_connect", false,                                                                         \
      "The proxy answers, but does not reach the server: check the server's name and port, and that munneld runs "     \
      "there")                                                                                                         \
    F(FORBIDDEN, "forbidden", true,                                                                                    \
      "Let the proxy's owner permit CONNECT to the server's host and port; many proxies permit port 443 alone")        \
    F(AUTHENTICATION, "authentication", true,                                                                          \
      "Look at user and password: the user stands in --proxy (http://USER@HOST:PORT), the password in the file of "    \
      "--proxy-password-file")                                                                                         \
    F(MALFORMED, "malformed", true,                                                                                    \
      "Check that this is the address of a proxy, and of the kind that its URL names: http:// or socks5://")
enum proxy_fault {
    PROXY_FAULT_NONE, /* it is not the proxy's */
#define PROXY_FAULT_ENUM(name, label, lasts, remedy) PROXY_FAULT_##name,
    PROXY_FAULTS(PROXY_FAULT_ENUM)
#undef PROXY_FAULT_ENUM
        PROXY_FAULT_COUNT
};
const char *proxy_fault_label(enum proxy_fault fault);  /* "opened" for NONE */
bool proxy_fault_lasts(enum proxy_fault fault);         /* until a person does something about it */
const char *proxy_fault_remedy(enum proxy_fault fault); /* NULL for NONE */

#endif
