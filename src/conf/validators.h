/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * validators: what the texts of a configuration must look like; the `check` functions of the option tables.
 *
 * Each returns 0, or -1 with what is wrong and what would be right. Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_CONF_VALIDATORS_H
#define MUNNEL_CONF_VALIDATORS_H

#include "lib/base/error.h"

int validate_listen(const char *text, struct error *error);       /* "0.0.0.0:80", ":80", "[::]:80", "unix:PATH" */
int validate_listen_ports(const char *text, struct error *error); /* the same, and "0.0.0.0:20000-20099" */
int validate_host(const char *text, struct error *error);         /* "relay.example.org", "0.0.0.0", "[::]": no port */
int validate_interface(const char *text, struct error *error);   /* "eth0": of a network interface, here or elsewhere */
int validate_loopback(const char *text, struct error *error);    /* "127.0.0.1:80", "[::1]:80", "localhost:80" */
int validate_destination(const char *text, struct error *error); /* "HOST:PORT", "HOST:+N" or "unix:/PATH" */
int validate_server(const char *text, struct error *error);      /* "HOST:PORT" of an agent port */
int validate_name(const char *text, struct error *error);        /* of a service, an agent, a group */
int validate_group(const char *text, struct error *error);
int validate_visitors(const char *text, struct error *error); /* a group, or "*" */
int validate_source(const char *text, struct error *error);   /* "10.0.0.0/8": addresses of clients */
int validate_balancer(const char *text, struct error *error); /* the same, or "unix:*" */
int validate_mode(const char *text, struct error *error);     /* "0660": of a file, in octal */
int validate_socket(const char *text, struct error *error);   /* "/run/munneld.sock", "\\.\pipe\munneld"; "": none */
int validate_rule(const char *text, struct error *error);     /* "db.example:5432": where an agent may connect */
int validate_proxy(const char *text, struct error *error);    /* "http://10.0.0.1:3128", without a password; "none" */
int validate_pin(const char *text, struct error *error);      /* "sha256:" and 64 hexadecimal digits */
int validate_alpn(const char *text, struct error *error);     /* "http/1.1": a protocol's name in ALPN */

/* An option's `resolve` for sources: IPv6 without brackets gets them, as lib/net/acl.h wants it. malloc'ed. */
char *validate_resolve_source(const char *text, const char *beside);

#endif
