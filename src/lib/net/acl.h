/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * acl: lists of host, address and network patterns, with ports.
 *
 * "10.0.0.0/8", "10.1.2.3:22", "[fd00::]/8:8000-8099", "[fe80::1%eth0]", "db.example:5432", "*.example:*",
 * "unix:/run/x.sock", "unix:*", "*". Without a port: any port; without a zone: every interface.
 * Immutable once built: may be read on every thread at once. Owns: its patterns.
 */
#ifndef MUNNEL_LIB_NET_ACL_H
#define MUNNEL_LIB_NET_ACL_H

#include "lib/net/addr.h"

struct acl;
struct strlist;

struct acl *acl_new(void);
int acl_add(struct acl *rules, const char *pattern, struct error *error); /* 0, or -1 with what is wrong */
/* A new one of all these patterns; *rules stays NULL when there are none. 0 or -1, also then *rules is to be freed. */
int acl_read(struct acl **rules, const struct strlist *patterns, struct error *error);
void acl_free(struct acl *rules);
bool acl_empty(const struct acl *rules); /* also for NULL */

/* Does a pattern match this address, or for patterns with a name `host`, the name by which it was found (or NULL)? */
bool acl_match(const struct acl *rules, const struct addr *addr, const char *host);

/* Does a pattern spell out this very address, a network of at least /16 (IPv6 /32) around it, or, for a path, "unix:"?
 * "*" spells out nothing. */
bool acl_match_explicitly(const struct acl *rules, const struct addr *addr);

/* May an agent with these rules connect to this address, found by the name `host` (or NULL)? Without rules to any but
 * reserved ones and Unix sockets, which need a rule that spells them out. */
bool acl_permits(const struct acl *rules, const struct addr *addr, const char *host);
/* Could an address that the name `host` resolves to be permitted at this port? False: certainly none. */
bool acl_may_permit(const struct acl *rules, const char *host, uint16_t port);

/* Link-local, cloud metadata (169.254.0.0/16, fe80::/10, fd00:ec2::254 ...), multicast, unspecified. */
bool addr_is_reserved(const struct addr *addr);

#endif
