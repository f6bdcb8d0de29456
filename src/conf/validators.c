/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * validators: addresses, names, rules and pins as people write them, with an answer to the usual slips.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "conf/validators.h"
#include "lib/base/path.h"
#include "lib/net/acl.h"
#include "lib/net/addr.h"
#include "lib/net/local_name.h"
#include "lib/net/port_range.h"
#include "proto/auth_proof.h"
#include "proto/proxy.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { INTERFACE_LONGEST = 15 /* Linux's IFNAMSIZ, without NUL */ };
#define BALANCER_UNIX "unix:*" /* who may connect to a Unix socket is its mode's matter */

static bool only_digits(const char *text) {
    return text[0] && strspn(text, "0123456789") == strlen(text);
}

static bool is_unix(const char *text) {
    return strncmp(text, "unix:", 5) == 0;
}

struct usual { /* what completes half an address */
    const char *lacks, *host, *port, *hint;
};

/*
 * The slips that endpoint_parse cannot name because it does not know what the address is for: a bare port, host or
 * path. Nothing is proposed that would be refused again. 0, or -1 with `error`: it is one of them.
 */
static int check_slips(const char *text, const struct usual *usual, struct error *error) {
    struct endpoint endpoint;
    char whole[ENDPOINT_HOST + 16];
    if (text[0] == '/' || path_is_absolute(text))
        return error_set(error, "\"%.80s\" is a path; write \"unix:%.80s\"", text, text);
    if (!text[0] || strpbrk(text, ":[]/") || strlen(text) >= ENDPOINT_HOST)
        return 0;
    size_t length = strcspn(text, " \t");
    const char *rest = text + length + strspn(text + length, " \t");
    if (only_digits(text))
        snprintf(whole, sizeof whole, "%s:%s", usual->host, text);
    else
        snprintf(whole, sizeof whole, "%.*s:%s", (int)length, text, *rest ? rest : usual->port);
    if (endpoint_parse(&endpoint, whole, error))
        return -1;
    if (only_digits(text))
        return error_set(error, "\"%s\" has no %s; write \"%s\"", text, usual->lacks, whole);
    return *rest ? error_set(error, "\"%s\" has a space for the colon; write \"%s\"", text, whole)
                 : error_set(error, "\"%s\" has no port; write \"%s\"%s", text, whole, usual->hint);
}

int validate_listen_ports(const char *text, struct error *error) {
    static const struct usual usual = {"address", "0.0.0.0", "5900", ", say"};
    struct port_range range;
    if (check_slips(text, &usual, error) || port_range_parse(&range, text, error))
        return -1;
    const char *zone = endpoint_missing_zone(&range.endpoint);
    return zone ? error_set(error, "\"%s\": this machine has no interface \"%s\"", text, zone) : 0;
}

int validate_listen(const char *text, struct error *error) {
    struct port_range range;
    if (validate_listen_ports(text, error))
        return -1;
    return port_range_parse(&range, text, error) || port_range_count(&range) == 1
               ? 0
               : error_set(error, "\"%s\" is a range of ports; write one port", text);
}

int validate_host(const char *text, struct error *error) {
    char whole[ENDPOINT_HOST + 8];
    struct endpoint endpoint;
    int length = snprintf(whole, sizeof whole, "%s:1", text);
    if (*text && length < (int)sizeof whole && endpoint_parse(&endpoint, whole, NULL) == 0 && !endpoint.is_unix &&
        endpoint.port == 1)
        return 0;
    return error_set(error, "\"%.80s\" is no host without a port, like \"relay.example.org\", \"0.0.0.0\" or \"[::]\"",
                     text);
}

int validate_interface(const char *text, struct error *error) {
    size_t length = strlen(text);
    if (length > 0 && length <= INTERFACE_LONGEST && !strpbrk(text, " /:\t\r\n"))
        return 0;
    return error_set(error, "\"%.40s\" is no interface's name; write 1 to %d characters without blanks, / and :", text,
                     INTERFACE_LONGEST);
}

/* Tokens would cross the network unencrypted. */
int validate_loopback(const char *text, struct error *error) {
    static const struct usual usual = {"address", "localhost", "10002", ""};
    struct endpoint endpoint;
    struct addr addr;
    if (check_slips(text, &usual, error) || endpoint_parse(&endpoint, text, error))
        return -1;
    if (!endpoint.is_unix && (strcasecmp(endpoint.host, "localhost") == 0 ||
                              (addr_from_endpoint(&addr, &endpoint) && addr_is_loopback(&addr))))
        return 0;
    return error_set(error,
                     "%.80s is not a loopback address, and tokens would go over the network unencrypted; write "
                     "127.0.0.1:%u and reach it through ssh -L",
                     text, endpoint.port ? endpoint.port : 10002u);
}

/* On the agent's system, which may be another than the server's: "/run/x.sock", "C:\\x.sock". */
static bool is_absolute_somewhere(const char *path) {
    bool has_drive = isalpha((unsigned char)path[0]) && path[1] == ':' && (path[2] == '/' || path[2] == '\\');
    return path[0] == '/' || has_drive || path_is_absolute(path);
}

int validate_destination(const char *text, struct error *error) {
    static const struct usual usual = {"host", "localhost", "5900", ", say"};
    struct endpoint endpoint;
    uint16_t farthest = strstr(text, ":-") ? UINT16_MAX : 1; /* from which each offset that makes sense makes a port */
    if (check_slips(text, &usual, error) || relative_endpoint_parse(&endpoint, text, farthest, error))
        return -1;
    if (endpoint.is_unix && !is_absolute_somewhere(endpoint.host))
        return error_set(error, "\"%s\" is relative, but the agent has no folder of yours; write \"unix:/...\"", text);
    if (!endpoint.host[0])
        return error_set(error, "\"%s\" has no host; write \"localhost:%u\"", text, endpoint.port);
    return 0;
}

int validate_server(const char *text, struct error *error) {
    static const struct usual usual = {"host", "HOST", "10001", ""};
    struct endpoint endpoint;
    if (is_unix(text) || text[0] == '/' || path_is_absolute(text))
        return error_set(error, "\"%.80s\" is a socket of this machine; write the server as \"HOST:PORT\"", text);
    if (!text[0])
        return error_set(error, "\"\" is no server; write \"HOST:PORT\"");
    if (check_slips(text, &usual, error) || endpoint_parse(&endpoint, text, error))
        return -1;
    if (!endpoint.host[0])
        return error_set(error, "\"%s\" has no host; write \"HOST:%u\"", text, endpoint.port);
    return 0;
}

int validate_name(const char *text, struct error *error) {
    if (auth_proof_name_is_valid(text))
        return 0;
    return error_set(error, "\"%s\" is not a name; write " AUTH_PROOF_NAME_WANTED, text);
}

int validate_group(const char *text, struct error *error) {
    if (strcmp(text, "*") == 0)
        return error_set(error, "\"*\" is no group; leave it out to take every agent");
    return validate_name(text, error);
}

int validate_visitors(const char *text, struct error *error) {
    return strcmp(text, "*") == 0 ? 0 : validate_name(text, error);
}

static int check_rule(const char *text, struct error *error) {
    struct acl *rules = acl_new();
    int failed = rules ? acl_add(rules, text, error) : error_set(error, "out of memory");
    acl_free(rules);
    return failed;
}

char *validate_resolve_source(const char *text, const char *beside) {
    (void)beside; /* no path */
    const char *slash = strchr(text, '/');
    int length = (int)(slash ? slash - text : (long)strlen(text));
    size_t size = strlen(text) + sizeof "[]";
    bool is_bare_ipv6 = strchr(text, ':') && text[0] != '[' && strcmp(text, BALANCER_UNIX) != 0;
    char *pattern = malloc(size);
    if (pattern)
        snprintf(pattern, size, is_bare_ipv6 ? "[%.*s]%s" : "%.*s%s", length, text, slash ? slash : "");
    return pattern;
}

int validate_source(const char *text, struct error *error) {
    /* Clients are known by address alone: no name, and their port is arbitrary. */
    const char *letters = strchr(text, ':') ? "0123456789abcdefABCDEF.:/[]" : "0123456789./";
    bool is_address = strcmp(text, "*") == 0 || strspn(text, letters) == strlen(text);
    bool has_port =
        text[0] == '[' ? !!strstr(text, "]:") : strchr(text, '.') && strchr(text, ':') && !strstr(text, "::");
    if (!strpbrk(text, ".:*") || !is_address || has_port)
        return error_set(error, "\"%s\" is no address of clients; write \"10.1.2.3\" or \"10.0.0.0/8\"", text);
    char *pattern = validate_resolve_source(text, NULL);
    int failed = pattern ? check_rule(pattern, error) : error_set(error, "out of memory");
    free(pattern);
    return failed;
}

/* Every client could then claim to be another, past allow, limits and bans. */
static bool is_everybody(const char *text) {
    const char *slash = strchr(text, '/');
    return strcmp(text, "*") == 0 || (slash && strspn(slash + 1, "0") == strlen(slash + 1));
}

int validate_balancer(const char *text, struct error *error) {
    if (strcmp(text, BALANCER_UNIX) == 0)
        return 0;
    if (validate_source(text, error))
        return -1;
    return is_everybody(text) ? error_set(error,
                                          "with \"%s\" every client may claim any address; write those of the "
                                          "balancers, like \"10.0.0.7\"",
                                          text)
                              : 0;
}

int validate_mode(const char *text, struct error *error) {
    size_t length = strlen(text);

    if ((length == 3 || (length == 4 && text[0] == '0')) && strspn(text, "01234567") == length &&
        strspn(text, "0") < length)
        return 0;
    return error_set(error, "\"%s\" is no mode; write octal digits like \"0660\": owner and group may connect", text);
}

int validate_rule(const char *text, struct error *error) {
    return check_rule(text, error);
}

int validate_socket(const char *text, struct error *error) {
    return text[0] ? local_name_check(text, error) : 0;
}

/* An argument can be read by everybody on the machine, and a configuration is shown to those who administrate. */
int validate_proxy(const char *text, struct error *error) {
    struct proxy proxy;
    if (strcmp(text, "none") == 0)
        return 0;
    int failed = proxy_parse(&proxy, text, error);
    if (!failed && proxy.has_password)
        failed =
            error_set(error, "a password is not written into the URL, where others can read it; put it into a file "
                             "for --proxy-password-file (proxy_password_file), and write http://USER@HOST:PORT");
    secret_wipe(&proxy, sizeof proxy);
    return failed;
}

int validate_pin(const char *text, struct error *error) {
    static const char prefix[] = "sha256:";
    uint8_t digest[SECRET_SIZE];
    if (strncmp(text, prefix, sizeof prefix - 1) == 0 &&
        secret_from_hex(digest, sizeof digest, text + sizeof prefix - 1))
        return 0;
    return error_set(error, "\"%s\" is no pin; write \"sha256:\" and 64 hexadecimal digits, as munnel init prints it",
                     text);
}

/* RFC 7301 has any bytes; those that are registered are printable, and none has a comma, which HAProxy writes between
 * them. */
int validate_alpn(const char *text, struct error *error) {
    size_t length = strlen(text);
    if (strchr(text, ','))
        return error_set(error, "\"%.80s\" is several protocols in one; write a list: [\"h2\", \"http/1.1\"]", text);
    for (const char *at = text; *at; at++)
        if (*at <= ' ' || *at > '~')
            length = 0;
    if (length == 0 || length > 255)
        return error_set(error, "\"%.80s\" is no protocol's name in ALPN; write one like \"h2\" or \"http/1.1\"", text);
    return 0;
}
