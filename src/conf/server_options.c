/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_option_table: every option of munnel.json, its type, range, default, check and help, once.
 * Immutable. An option added here must be named in munnel.json(5) and in conf/munnel.json: a test looks.
 */
#include "config.h"

#include "conf/admin_places.h"
#include "conf/server_config.h"
#include "conf/validators.h"
#include "proto/host_name.h"

#include <limits.h>

#define AT(member)         offsetof(struct server_config, member)
#define IN_SERVICE(member) offsetof(struct service_config, member)
#define BALANCERS_WANTED   "addresses like \"10.0.0.0/8\", or \"unix:*\""
#define PEM_WANTED         "a PEM file's path, or a list of them"
#define LISTEN_WANTED      "an address like \"0.0.0.0:5900\", or a list of them"

enum { DAY = 86400, MONTH = 30 * DAY, MILLION = 1000000 };

_Static_assert(sizeof(enum config_balance) == sizeof(unsigned) && sizeof(enum health_check_type) == sizeof(unsigned) &&
                   sizeof(enum log_level) == sizeof(unsigned),
               "OPTION_CHOICE stores an unsigned");

static const char *const protocols[] = {"tcp", "udp", NULL}; /* enum service_protocol */
static const char *const balances[] = {"round-robin", "least-connections", "source", NULL};
static const char *const proxy_versions[] = {"off", "v1", "v2", NULL}; /* enum proxy_version */
static const char *const connect_froms[] = {"any", "loopback", NULL};  /* enum connect_from */
static const char *const no_agents[] = {"wait", "refuse", "close", NULL};

static const char *const checks[] = {
#define CHECK_WORD(name, word) word,
    HEALTH_CHECKS(CHECK_WORD)
#undef CHECK_WORD
        NULL};
static const char *const tls_versions[] = {"1.3", "1.2", NULL};
static const char *const client_auths[] = {"none", "request", "require", NULL};

static const struct option_spec service_specs[] = {
    {"name", OPTION_TEXT, IN_SERVICE(name), NULL, .check = validate_name, .wanted = "a name like \"WinVNC\"",
     .help = "its name in logs and statistics"},
    {"group", OPTION_TEXTS, IN_SERVICE(groups), "null", .check = validate_group,
     .wanted = "a group's name, or a list of them", .help = "whose agents serve it; left out: any agent"},
    {"protocol", OPTION_CHOICE, IN_SERVICE(protocol), "\"tcp\"", .words = protocols,
     .help = "whether it relays connections, or datagrams"},
    {"listen", OPTION_TEXTS, IN_SERVICE(listen), "null", .check = validate_listen_ports,
     .resolve = option_resolve_listen, .wanted = LISTEN_WANTED,
     .help = "where clients connect; left out: only by way of visitors"},
    {"visitors", OPTION_TEXTS, IN_SERVICE(visitors), "null", .check = validate_visitors,
     .wanted = "a group's name, a list of them, or \"*\"", .help = "whose agents may open it on their own side"},
    {"end_to_end", OPTION_FLAG, IN_SERVICE(end_to_end), "false",
     .help = "true: TLS between the visitor's agent and the one that serves, of which the server sees no byte"},
    {"hosts", OPTION_TEXTS, IN_SERVICE(hosts), "null", .check = host_name_check,
     .wanted = "names like \"web.example.org\" or \"*.example.org\"",
     .help = "the names of TLS and HTTP by which it shares its ports with other services"},
    {"interface", OPTION_TEXT, IN_SERVICE(interface), "null", .check = validate_interface,
     .wanted = "an interface's name like \"eth0\"", .help = "the interface by which alone clients come in; null: any"},
    {"freebind", OPTION_FLAG, IN_SERVICE(freebind), "false",
     .help = "true: listens also on addresses that this machine does not have yet"},
    {"backlog", OPTION_NUMBER, IN_SERVICE(backlog), "4096", 1, CONF_BACKLOG_MAX,
     .help = "connections that may wait until they are accepted"},
    {"keepalive_idle", OPTION_NUMBER, IN_SERVICE(keepalive_idle_s), "60", 0, CONF_KEEPALIVE_MAX,
     .help = "seconds without a byte after which a client's TCP is asked whether it is there; 0: never"},
    {"keepalive_interval", OPTION_NUMBER, IN_SERVICE(keepalive_interval_s), "10", 1, CONF_KEEPALIVE_MAX,
     .help = "seconds between two such questions"},
    {"keepalive_probes", OPTION_NUMBER, IN_SERVICE(keepalive_probes), "6", 1, CONF_KEEPALIVE_PROBES_MAX,
     .help = "questions without an answer after which the client is gone"},
    {"socket_mode", OPTION_TEXT, IN_SERVICE(socket_mode), "\"0660\"", .check = validate_mode,
     .wanted = "a mode like \"0660\"", .help = "who may connect to its Unix sockets"},
    {"socket_owner", OPTION_TEXT, IN_SERVICE(socket_owner), "null", .wanted = "\"USER\", \"USER:GROUP\" or \":GROUP\"",
     .help = "whose its Unix sockets are"},
    {"connect", OPTION_TEXTS, IN_SERVICE(connect), NULL, .check = validate_destination,
     .wanted = "a destination like \"localhost:5900\", or a list of them",
     .help = "where the agent connects to; of a list the first that answers; \"HOST:+0\": at the client's port"},
    {"proxy_protocol", OPTION_CHOICE, IN_SERVICE(proxy_protocol), "\"off\"", .words = proxy_versions,
     .help = "the header with the client's address that the destination gets first"},
    {"connect_from", OPTION_CHOICE, IN_SERVICE(connect_from), "\"any\"", .words = connect_froms,
     .help = "\"loopback\": the agent connects from an address of 127.64.0.0/10 for each client"},
    {"agent_bans", OPTION_FLAG, IN_SERVICE(agent_bans), "false",
     .help = "true: its agents may have clients refused for a time (munnel ban)"},
    {"balance", OPTION_CHOICE, IN_SERVICE(balance), "\"round-robin\"", .words = balances,
     .help = "how an agent is picked"},
    {"no_agent", OPTION_CHOICE, IN_SERVICE(no_agent), "\"wait\"", .words = no_agents,
     .help = "what clients meet while no agent can serve"},
    {"pending_timeout", OPTION_NUMBER, IN_SERVICE(pending_timeout_s), "10", 1, 3600,
     .help = "seconds a client may wait for an agent"},
    {"connect_timeout", OPTION_NUMBER, IN_SERVICE(connect_timeout_s), "10", 1, 600,
     .help = "seconds for all attempts to reach the destination"},
    {"idle_timeout", OPTION_NUMBER, IN_SERVICE(idle_timeout_s), "0", 0, MONTH,
     .help = "seconds without a byte after which a relay ends; 0: never; of UDP 60"},
    {"answer_timeout", OPTION_NUMBER, IN_SERVICE(answer_timeout_s), "0", 0, 3600,
     .help = "of UDP: seconds after the last answer, if each datagram has got one; 0: as others"},
    {"reply_factor", OPTION_NUMBER, IN_SERVICE(reply_factor), "0", 0, CONF_REPLY_FACTOR_MAX,
     .help = "of UDP: how many times the bytes of an address it gets at most; 0: no limit"},
    {"half_close_timeout", OPTION_NUMBER, IN_SERVICE(half_close_timeout_s), "300", 1, MONTH,
     .help = "seconds without progress once one side has finished"},
    {"max_clients", OPTION_NUMBER, IN_SERVICE(max_clients), "0", 0, MILLION,
     .help = "clients at once; 0: no limit, of UDP 4096"},
    {"max_per_source", OPTION_NUMBER, IN_SERVICE(max_per_source), "0", 0, MILLION,
     .help = "clients at once from one address (IPv6: one /64); 0: no limit"},
    {"max_rate", OPTION_NUMBER, IN_SERVICE(max_rate), "0", 0, MILLION,
     .help = "new clients per second from one address (IPv6: one /64); 0: no limit"},
    {"bandwidth_in", OPTION_SIZE, IN_SERVICE(bandwidth.in), "0", 0, UINT_MAX,
     .help = "bytes per second from all clients to destinations; 0: no limit"},
    {"bandwidth_out", OPTION_SIZE, IN_SERVICE(bandwidth.out), "0", 0, UINT_MAX,
     .help = "bytes per second back to all clients; 0: no limit"},
    {"bandwidth_per_source_in", OPTION_SIZE, IN_SERVICE(source_bandwidth.in), "0", 0, UINT_MAX,
     .help = "the same from the clients of one address (IPv6: one /64); 0: no limit"},
    {"bandwidth_per_source_out", OPTION_SIZE, IN_SERVICE(source_bandwidth.out), "0", 0, UINT_MAX,
     .help = "the same to the clients of one address (IPv6: one /64); 0: no limit"},
    {"bandwidth_burst", OPTION_SIZE, IN_SERVICE(bandwidth.burst), "0", 0, UINT_MAX,
     .help = "bytes that each of these limits lets pass at once after a pause; 0: those of 0.1 s"},
    {"allow", OPTION_TEXTS, IN_SERVICE(allow), "null", .check = validate_source, .resolve = validate_resolve_source,
     .wanted = "addresses like \"10.0.0.0/8\"", .help = "the only clients that are served"},
    {"deny", OPTION_TEXTS, IN_SERVICE(deny), "null", .check = validate_source, .resolve = validate_resolve_source,
     .wanted = "addresses like \"10.0.0.0/8\"", .help = "clients that are not served, whatever allow says"},
    {"accept_proxy", OPTION_TEXTS, IN_SERVICE(accept_proxy), "null", .check = validate_balancer,
     .resolve = validate_resolve_source, .wanted = BALANCERS_WANTED,
     .help = "balancers whose connections, and no others, begin with a PROXY header"},
    {"check.type", OPTION_CHOICE, IN_SERVICE(check.type), "\"none\"", .words = checks,
     .help = "how agents check the destination"},
    {"check.path", OPTION_TEXT, IN_SERVICE(check.path), "\"/\"", .check = health_path_check,
     .wanted = "a path like \"/health\"", .help = "what a check by HTTP asks for"},
    {"check.host", OPTION_TEXT, IN_SERVICE(check.host), "null", .check = health_host_check, .wanted = "a host's name",
     .help = "the Host of HTTP, or the name that TLS asks for; null: the destination's"},
    {"check.status", OPTION_TEXT, IN_SERVICE(check.status), "\"200-399\"", .check = health_status_check,
     .wanted = "status codes like \"200-399\"", .help = "what HTTP may answer"},
    {"check.interval", OPTION_NUMBER, IN_SERVICE(check.interval_s), "10", 1, HEALTH_INTERVAL_MAX_S,
     .help = "seconds from one check to the next"},
    {"check.timeout", OPTION_NUMBER, IN_SERVICE(check.timeout_s), "5", 1, HEALTH_TIMEOUT_MAX_S,
     .help = "seconds for the whole of a check"},
    {"check.rise", OPTION_NUMBER, IN_SERVICE(check.rise), "2", 1, HEALTH_IN_A_ROW_MAX,
     .help = "successes in a row after which an unhealthy destination is used again"},
    {"check.fall", OPTION_NUMBER, IN_SERVICE(check.fall), "3", 1, HEALTH_IN_A_ROW_MAX,
     .help = "failures in a row after which a destination is not used"},
    {"tls.cert", OPTION_TEXTS, IN_SERVICE(tls.certificates), "null", .resolve = option_resolve_path,
     .wanted = PEM_WANTED, .help = "its certificate chain: its clients' TLS ends here"},
    {"tls.key", OPTION_TEXTS, IN_SERVICE(tls.keys), "null", .resolve = option_resolve_path, .wanted = PEM_WANTED,
     .help = "the private key, which others may not read"},
    {"tls.client_ca", OPTION_TEXT, IN_SERVICE(tls.client_ca), "null", .resolve = option_resolve_path,
     .wanted = "a PEM file's path", .help = "who signs its clients' certificates, for client_auth"},
    {"tls.crl", OPTION_TEXT, IN_SERVICE(tls.crl), "null", .resolve = option_resolve_path, .wanted = "a PEM file's path",
     .help = "clients' certificates that client_ca has revoked"},
    {"tls.client_auth", OPTION_CHOICE, IN_SERVICE(tls.client_auth), "\"none\"", .words = client_auths,
     .help = "whether a client shows a certificate"},
    {"tls.min_version", OPTION_CHOICE, IN_SERVICE(tls.min_version), "\"1.2\"", .words = tls_versions,
     .help = "the oldest TLS that clients may speak"},
    {"tls.alpn", OPTION_TEXTS, IN_SERVICE(tls.alpn), "null", .check = validate_alpn,
     .wanted = "a protocol like \"http/1.1\", or a list of them",
     .help = "the protocols of its destination, the best first"},
};

const struct option_table service_option_table = {service_specs, sizeof service_specs / sizeof *service_specs,
                                                  sizeof(struct service_config)};

static const char *const requires[] = {"token", "certificate", "both", "either", NULL};
static const char *const nones[] = {"none", NULL};
static const char *const log_formats[] = {"auto", "text", "json", NULL};
static const char *const log_levels[] = {"error", "warning", "info", "debug", NULL};

static const struct option_spec server_specs[] = {
    {"agents.listen", OPTION_TEXTS, AT(agents.listen), "\"0.0.0.0:10001\"", .check = validate_listen,
     .resolve = option_resolve_listen, .wanted = "an address like \"0.0.0.0:10001\", or a list of them",
     .flag = "listen", .argument = "ADDR:PORT", .help = "where agents connect [0.0.0.0:10001]"},
    {"agents.interface", OPTION_TEXT, AT(agents.interface), "null", .check = validate_interface,
     .wanted = "an interface's name like \"eth0\"", .help = "the interface by which alone agents come in; null: any"},
    {"agents.freebind", OPTION_FLAG, AT(agents.freebind), "false",
     .help = "true: listens also on addresses that this machine does not have yet"},
    {"agents.accept_proxy", OPTION_TEXTS, AT(agents.accept_proxy), "null", .check = validate_balancer,
     .resolve = validate_resolve_source, .wanted = BALANCERS_WANTED,
     .help = "balancers whose connections, and no others, begin with a PROXY header"},
    {"agents.tls.cert", OPTION_TEXT, AT(agents.certificate), "\"server.pem\"", .resolve = option_resolve_path,
     .wanted = "a PEM file's path", .help = "the server's certificate chain"},
    {"agents.tls.key", OPTION_TEXT, AT(agents.key), "\"server.key\"", .resolve = option_resolve_path,
     .wanted = "a PEM file's path", .help = "its private key, which others may not read"},
    {"agents.tls.client_ca", OPTION_TEXT, AT(agents.client_ca), "null", .resolve = option_resolve_path,
     .wanted = "a PEM file's path", .help = "who signs the agents' certificates, for auth.require"},
    {"agents.tls.crl", OPTION_TEXT, AT(agents.crl), "null", .resolve = option_resolve_path,
     .wanted = "a PEM file's path", .help = "certificates that client_ca has revoked"},
    {"agents.tls.min_version", OPTION_CHOICE, AT(agents.min_version), "\"1.3\"", .words = tls_versions,
     .help = "the oldest TLS that agents may speak"},
    {"agents.auth", OPTION_WORD, AT(agents.auth_none), "null", .words = nones,
     .wanted = "{ \"tokens\": \"agents.json\" } or \"none\"", .help = "how agents prove who they are"},
    {"agents.auth.tokens", OPTION_TEXT, AT(agents.tokens), "\"agents.json\"", .resolve = option_resolve_path,
     .wanted = "a JSON file's path", .help = "the agents file: names, keys of tokens, certificates, groups"},
    {"agents.auth.require", OPTION_CHOICE, AT(agents.require), "\"token\"", .words = requires,
     .help = "what an agent must have of its entry in there"},
    {"agents.ping", OPTION_NUMBER, AT(agents.ping_s), "10", 1, 3600, .help = "seconds between two pings of an agent"},
    {"agents.dead_after", OPTION_NUMBER, AT(agents.dead_after_s), "30", 2, DAY,
     .help = "seconds without an answer after which an agent is gone"},
    {"agents.resume", OPTION_NUMBER, AT(agents.resume_s), "30", 0, 3600,
     .help = "seconds for which relays wait for a lost agent; 0: they are reset with their link"},
    {"agents.bandwidth_in", OPTION_SIZE, AT(agents.bandwidth.in), "0", 0, UINT_MAX,
     .help = "bytes per second by way of each agent to destinations; 0: no limit"},
    {"agents.bandwidth_out", OPTION_SIZE, AT(agents.bandwidth.out), "0", 0, UINT_MAX,
     .help = "bytes per second back by way of each agent; 0: no limit"},
    {"agents.bandwidth_burst", OPTION_SIZE, AT(agents.bandwidth.burst), "0", 0, UINT_MAX,
     .help = "bytes that each of these limits lets pass at once after a pause; 0: those of 0.1 s"},
    {"agents.unauthenticated.max", OPTION_NUMBER, AT(agents.unauthenticated_max), "256", 1, CONF_UNAUTHENTICATED_MAX,
     .help = "connections to the agent port that have not proved themselves yet"},
    {"agents.unauthenticated.per_source", OPTION_NUMBER, AT(agents.unauthenticated_per_source), "64", 1,
     CONF_UNAUTHENTICATED_MAX, .help = "the same from one address (IPv6: one /64)"},
    {"agents.unauthenticated.deadline", OPTION_NUMBER, AT(agents.unauthenticated_deadline_s), "5", 1, 60,
     .help = "seconds for TCP, TLS and HELLO together"},
    {"agents.unauthenticated.penalty", OPTION_NUMBER, AT(agents.unauthenticated_penalty_s), "600", 0, DAY,
     .help = "most seconds that an address is turned away for failed attempts; 0: none is"},
    {"publish.listen", OPTION_TEXTS, AT(publish.listen), "\"0.0.0.0\"", .check = validate_host,
     .wanted = "an address without a port, like \"0.0.0.0\" or \"[::]\"",
     .help = "where the ports of services that agents offer are opened"},
    {"publish.hosts_listen", OPTION_TEXTS, AT(publish.hosts_listen), "null", .check = validate_listen,
     .resolve = option_resolve_listen, .wanted = "an address like \"0.0.0.0:443\", or a list of them",
     .help = "the ports that those with a host share; they may be shared with other services and agents"},
    {"publish.address", OPTION_TEXT, AT(publish.address), "null", .check = validate_host,
     .wanted = "a host like \"relay.example.org\"",
     .help = "the host by which people reach their ports; null: as in join codes"},
    {"publish.tls.cert", OPTION_TEXTS, AT(publish.certificates), "null", .resolve = option_resolve_path,
     .wanted = PEM_WANTED, .help = "the certificate chain of those with a host: TLS ends here"},
    {"publish.tls.key", OPTION_TEXTS, AT(publish.keys), "null", .resolve = option_resolve_path, .wanted = PEM_WANTED,
     .help = "its private key, which others may not read"},
    {"publish.max", OPTION_NUMBER, AT(publish.max), "16", 1, 1000, .help = "services that an agent may offer"},
    {"publish.linger", OPTION_NUMBER, AT(publish.linger_s), "60", 0, DAY,
     .help = "seconds for which they stay when their agent has gone"},
    {"services", OPTION_TABLES, AT(services), "[]", .elements = &service_option_table,
     .count_offset = AT(service_count), .wanted = "a list [{...}, {...}]", .help = "the services"},
    {"include", OPTION_TEXTS, AT(include), "null", .resolve = option_resolve_path,
     .wanted = "files like \"services.d/*.json\", or a list of them", .help = "files with more services"},
    {"threads", OPTION_NUMBER, AT(threads), "0", 0, CONF_THREADS_MAX, .needs_restart = true, .flag = "threads",
     .argument = "N", .help = "relay threads [0: one for two cores]"},
    {"admin.socket", OPTION_TEXT, AT(admin_socket), ADMIN_SERVER_QUOTED, .check = validate_socket,
     .resolve = option_resolve_socket, .nullable = true, .wanted = "a path",
     .help = "the socket on which it answers munnel; null or \"\": none"},
    {"admin.http", OPTION_TEXT, AT(admin_http), "null", .check = validate_loopback, .resolve = option_resolve_loopback,
     .wanted = "a loopback address like \"127.0.0.1:10002\"", .help = "where it answers over HTTP; null: nowhere"},
    {"admin.tokens", OPTION_TEXT, AT(admin_tokens), "null", .resolve = option_resolve_path, .wanted = "a file's path",
     .help = "who may ask there: a role, a name and a token on each line"},
    {"log.format", OPTION_CHOICE, AT(log.format), "\"auto\"", .words = log_formats, .flag = "log-format",
     .argument = "auto|text|json", .help = "how log lines look [auto]"},
    {"log.level", OPTION_CHOICE, AT(log.level), "\"info\"", .words = log_levels, .help = "the least that is logged"},
    {"log.to", OPTION_TEXT, AT(log.to), "\"stderr\"", .resolve = option_resolve_log,
     .wanted = "\"stderr\", \"stdout\", \"syslog\", \"journal\" or a path", .help = "where the log goes"},
    {"user", OPTION_TEXT, AT(user), "null", .wanted = "a user's name", .needs_restart = true,
     .help = "whom the process becomes once its ports are open"},
    {"group", OPTION_TEXT, AT(group), "null", .wanted = "a group's name", .needs_restart = true,
     .help = "the same; null: the user's own group"},
    {"state", OPTION_TEXT, AT(state), "null", .resolve = option_resolve_path, .wanted = "a folder's path",
     .needs_restart = true, .help = "the state folder; null: the service manager's, or the usual one"},
};

const struct option_table server_option_table = {server_specs, sizeof server_specs / sizeof *server_specs,
                                                 sizeof(struct server_config)};
