/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * fixture: see fixture.h.
 */
#include "config.h"

#include "ctl/top/fixture.h"

#include "ctl/top/feed.h"
#include "ctl/top/grid.h"
#include "ctl/top/keys.h"
#include "ctl/top/view.h"
#include "unit.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RATES(name, s1, s10, s60) "'" name "': {'s1': " #s1 ", 's10': " #s10 ", 's60': " #s60 "}"
#define TIMES(name, p50, p99)     "'" name "': {'p50_ms': " #p50 ", 'p99_ms': " #p99 "}"

static const char status_text[] =
    "{'state': 'degraded', 'program': 'munneld', 'version': '0.3.0', 'instance': '8c41f2aa', 'host': 'relay1', "
    "'started': '2026-11-17T11:00:00.000Z', 'now': '2026-11-29T11:04:20.500Z', 'stopping': false, 'role': 'admin', "
    "'problems': [{'severity': 'bad', 'kind': 'service', 'subject': 'ssh', 'since': '2026-11-29T10:42:17.000Z', "
    "'what': 'ssh is unreachable', 'why': 'no agent of its groups is connected and takes clients; 1 is known', "
    "'remedy': 'On the agent\\u0027s machine: systemctl status munnel-agent; it has to reach this server\\u0027s agent "
    "port'}, "
    "{'severity': 'warn', 'kind': 'agent', 'subject': 'web5', 'since': null, 'what': 'agent web5 does not answer', "
    "'why': 'its connection is there, but its process does not respond; clients go to other agents first', 'remedy': "
    "'Look at its machine: load, memory, and the log of munnel-agent'}], "
    "'services': {'count': 4, 'reachable': 1, 'limited': 1, 'unreachable': 1, 'paused': 1}, "
    "'agents': {'connected': 3, 'known': 4, 'draining': 1}, "
    "'relays': {'now': 411, 'peak': 688, 'total': 20931, 'suspended': 1}, 'waiting': 2, " //
    RATES("in_rate", 8000000, 7762500, 7500000) ", " RATES("out_rate", 40000000, 36437500,
                                                           35000000) ", " RATES("new_rate", 19, 18.4, 18.1) "}";

#define SERVICE(name, state, since, by, listen, group, to, able, known, relays, peak, waiting)                         \
    "{'name': '" name "', 'state': '" state "', 'since': " since ", 'paused_by': " by ", 'listen': ['" listen "'], "   \
    "'groups': ['" group "'], 'connect': ['" to "'], 'able': " #able ", 'known': " #known ", 'relays': " #relays       \
    ", 'peak': " #peak ", 'waiting': " #waiting ", 'origin': {'file': '/etc/munnel.json', 'is_managed': false}, "

static const char services_text[] = "[" SERVICE("web", "limited", "'2026-11-29T09:02:11.000Z'", "null", "0.0.0.0:443",
                                                "web", "127.0.0.1:8443", 2, 3, 402, 688, 0) "'refused': {}, " //
    RATES("new_rate", 19, 18.4, 18.1) ", " RATES("in_rate", 7900000, 7650000,
                                                 7400000) ", " RATES("out_rate", 39000000, 36425000, 34000000) ", " //
    TIMES("wait", 0.1, 0.4) ", " TIMES("dial", 0.4, 3.1) ", " TIMES("first_byte", 24.6, 71.3) "}, " SERVICE(
        "ssh", "unreachable", "'2026-11-29T10:42:17.000Z'", "null", "0.0.0.0:2222", "ops", "localhost:22", 0, 1, 0, 14,
        2) "'refused': {'no_agent': 12, 'limit': 1}, "                                             //
    RATES("new_rate", 0, 0, 0) ", " RATES("in_rate", 0, 0, 0) ", " RATES("out_rate", 0, 0, 0) ", " //
    TIMES("wait", null, null) ", " TIMES("dial", null, null) ", " TIMES("first_byte", null, null) "}, " SERVICE(
        "vnc-東京", "ok", "'2026-11-28T09:02:11.000Z'", "null", "0.0.0.0:5900", "desk", "localhost:5900", 2, 2, 9, 12,
        0) "'refused': {}, " //
    RATES("new_rate", 0, 0.04, 0.1) ", " RATES("in_rate", 100000, 112500, 100000) ", " RATES("out_rate", 1000000, 12500,
                                                                                             1000000) ", " //
    TIMES("wait", 0.1, 0.4) ", " TIMES("dial", 2.4, 3.1) ", " TIMES("first_byte", 38.2, 152) "}, " SERVICE(
        "build-cache", "paused", "'2026-11-29T08:00:00.000Z'", "'mira'", "0.0.0.0:9000", "web", "cache:9000", 2, 3, 0,
        40, 0) "'refused': {'paused': 3}, "                                                        //
    RATES("new_rate", 0, 0, 0) ", " RATES("in_rate", 0, 0, 0) ", " RATES("out_rate", 0, 0, 0) ", " //
    TIMES("wait", null, null) ", " TIMES("dial", null, null) ", " TIMES("first_byte", null, null) "}]";

#define AGENT(name, state, since, groups, address, rtt, shared, own, relays, failures, expires)                        \
    "{'name': '" name "', 'state': '" state "', 'since': " since ", 'credential': '" name "', 'groups': " groups       \
    ", 'address': " address ", 'version': '0.3.0', 'rtt_ms': " rtt ", 'links': {'shared': " #shared                    \
    ", 'exclusive': " #own "}, 'relays': " #relays ", 'failures': " #failures                                          \
    ", 'services': ['web'], 'expires': " expires ", 'can_undrain': false, "

static const char agents_text[] =
    "[" AGENT("bastion-1", "offline", "'2026-11-29T10:42:17.000Z'", "['ops']", "null", "null", 0, 0, 0, 0,
              "'2027-06-29T00:00:00Z'") "'in_rate': null, 'out_rate': null}, " //
    AGENT("web3", "connected", "'2026-11-29T09:02:11.000Z'", "['web']", "'192.0.2.13:40000'", "10.7", 2, 4, 385, 0,
          "null")
        RATES("in_rate", 7000000, 7650000, 7400000) ", " RATES("out_rate", 39000000, 36425000, 34000000) "}, " //
    AGENT("web4", "draining", "'2026-11-29T10:58:03.000Z'", "['web', 'db']", "'192.0.2.14:40000'", "10.8", 1, 1, 14, 0,
          "'2026-12-05T00:00:00Z'") RATES("in_rate", 0, 0, 0) ", " RATES("out_rate", 0, 0, 0) "}, " //
    AGENT("web5", "unhealthy", "'2026-11-29T09:02:11.000Z'", "['web']", "'192.0.2.15:40000'", "11.2", 1, 0, 3, 38,
          "'2027-10-13T00:00:00Z'") RATES("in_rate", 0, 0, 0) ", " RATES("out_rate", 0, 0, 0) "}]";

static const char events_text[] =
    "[{'id': 1, 'time': '2026-11-29T10:42:17.000Z', 'severity': 'bad', 'kind': 'agent', 'subject': 'bastion-1', "
    "'text': "
    "'offline: no answer for 30 s', 'count': 1}, "
    "{'id': 2, 'time': '2026-11-29T11:03:52.000Z', 'severity': 'warn', 'kind': 'agent', 'subject': 'web5', 'text': "
    "'could not reach 127.0.0.1:8443: connection refused', 'count': 38}, "
    "{'id': 3, 'time': '2026-11-29T11:04:01.000Z', 'severity': 'info', 'kind': 'server', 'subject': 'server', 'text': "
    "'\\u001b[31mred\\u202e', 'count': 1}]";

/* ---- of an agent ---- */

static const char own_status_text[] =
    "{'program': 'munnel-agent', 'state': 'degraded', 'version': '0.3.0', 'instance': '77aa', 'host': 'gate', 'name': "
    "'web3', 'started': '2026-11-17T11:00:00.000Z', 'now': '2026-11-29T11:04:20.500Z', 'stopping': false, 'role': "
    "'admin', 'problems': [{'severity': 'bad', 'kind': 'server', 'subject': 'b.example:10001', 'since': "
    "'2026-11-29T10:42:17.000Z', 'what': 'b.example:10001 is not connected', 'why': 'connection refused', 'remedy': "
    "null}], 'services': {'count': 3, 'permitted': 2, 'refused': 1, 'unreachable': 1}, 'relays': {'now': 12, 'total': "
    "99, 'suspended': 0}, 'links': {'control': 1, 'shared': 2, 'exclusive': 4}, "
    "'servers': [{'address': 'a.example:10001', 'state': 'connected', 'since': '2026-11-29T09:02:11.000Z', 'peer': "
    "'192.0.2.1:10001', 'instance': '8c41f2aa', 'credential': 'web3', 'verified_by': '1 pinned key', 'rtt_ms': 10.7, "
    "'links': {'shared': 2, 'exclusive': 4}, 'services': {'permitted': 2, 'refused': 1}, 'failure': null}, "
    "{'address': 'b.example:10001', 'state': 'lost', 'since': '2026-11-29T10:42:17.000Z', 'peer': null, 'instance': "
    "null, 'credential': 'web3', 'verified_by': '1 pinned key', 'rtt_ms': null, 'links': {'shared': 0, 'exclusive': "
    "0}, 'services': {'permitted': 0, 'refused': 0}, 'failure': {'detail': 'connection refused', 'remedy': 'Is munneld "
    "running there?', 'at': '2026-11-29T11:04:11.000Z'}}], " //
    RATES("in_rate", 8000000, 7762500, 7500000) ", " RATES("out_rate", 40000000, 36437500,
                                                           35000000) ", " RATES("new_rate", 1, 2, 3) "}";

static const char own_services_text[] =
    "[{'name': 'web', 'state': 'ok', 'server': 'a.example:10001', 'connect': ['127.0.0.1:8443'], "
    "'proxy_protocol': 'v2', 'answer': 'permits', "
    "'because': null, 'destination': {'connected': '2026-11-29T11:04:18.000Z', 'failed': null, 'reason': null}}, "
    "{'name': 'web', 'state': 'unreachable', 'server': 'c.example:10001', 'connect': ['127.0.0.1:9'], 'answer': "
    "'permits', 'because': null, 'destination': {'connected': null, 'failed': '2026-11-29T11:03:18.000Z', 'reason': "
    "'refused'}}, "
    "{'name': 'ssh', 'state': 'refused', 'server': 'a.example:10001', 'connect': ['localhost:22'], 'answer': "
    "'refuses', 'because': 'localhost:22 is not in its allow list', 'destination': {'connected': null, 'failed': null, "
    "'reason': null}}]";

static const char *const list_texts[TABLE_COUNT] = {services_text, agents_text, NULL, events_text};

json_t *fixture_json(const char *text) {
    char *quoted = strdup(text);
    json_error_t error;

    for (char *at = quoted; *at; at++)
        if (*at == '\'')
            *at = '"';
    json_t *json = json_loads(quoted, 0, &error);
    ck_assert_msg(json, "%s at %d: %.60s", error.text, error.position, quoted + error.position);
    free(quoted);
    return json;
}

json_t *fixture_relays(unsigned first, unsigned count, unsigned without) {
    json_t *list = json_array();

    for (unsigned i = first; i < first + count; i++) {
        char text[1024];
        snprintf(text, sizeof text,
                 "{'id': '8c41f2aa-%u', 'service': 'web', 'agent': 'web3', 'client': '198.51.100.%u:5%04u', "
                 "'destination': '127.0.0.1:8443', 'address': '127.0.0.1:8443', 'state': '%s', 'carrier': 'shared', "
                 "'accepted': '2026-11-29T10:49:31.208Z', 'wait_ms': 0.2, 'dial_ms': 11.2, 'first_byte_ms': 33.4, "
                 "'in_bytes': 18400000, 'out_bytes': %u, 'in_rate': 12500, 'out_rate': %u, 'progress': "
                 "'2026-11-29T11:04:19.208Z', 'suspended': %s, 'ended': null, 'reason': null, 'by': null, 'detail': "
                 "null}",
                 i, i % 250 + 1, i, i == 3 ? "suspended" : "open", 1920000000 / i, 5225000 / i,
                 i == 3 ? "'2026-11-29T11:04:17.000Z'" : "null");
        if (i != without)
            json_array_append_new(list, fixture_json(text));
    }
    return list;
}

static void put_answer(struct ask_round *round, enum ask_kind kind, json_t *json) {
    for (unsigned i = 0; i < round->count; i++)
        if (round->asks[i].kind == kind) {
            round->asks[i].status = 200;
            json_decref(round->asks[i].json);
            round->asks[i].json = json_incref(json);
        }
    json_decref(json);
}

void fixture_answer_with(struct top *top, json_t *list, size_t total) {
    struct ask_round round = feed_wanted(top, 0);
    json_t *answer = json_pack("{s:o,s:I}", top->tabs[top->tab].table->name, list, "total", (json_int_t)total);
    json_t *status = fixture_json(top_is_agent(top) ? own_status_text : status_text);

    for (unsigned i = 0; i < round.count; i++) /* a detail that no test gives is over */
        round.asks[i].status = 404;
    put_answer(&round, ASK_STATUS, status);
    put_answer(&round, ASK_LIST, answer);
    feed_apply(top, &round, 1796000000);
}

void fixture_answer(struct top *top) {
    bool is_relays = top->tab == TABLE_RELAYS;
    const char *text = top_is_agent(top) && top->tab == TABLE_SERVICES ? own_services_text : list_texts[top->tab];
    json_t *list = is_relays ? fixture_relays(1, 40, 0) : fixture_json(text);

    fixture_answer_with(top, list, is_relays ? 411 : json_array_size(list));
}

void fixture_begin(struct top *top) {
    ck_assert(setlocale(LC_CTYPE, "C.UTF-8"));
    setenv("TZ", "UTC", 1);
    tzset();
    top_begin(top, false);
    top->height = 24;
    fixture_answer(top); /* the status, then the list */
    fixture_answer(top);
}

void fixture_begin_agent(struct top *top) {
    fixture_begin(top);
    json_decref(top->status);
    top->status = fixture_json(own_status_text);
    top_use(top, tables_of_agent);
    fixture_answer(top);
}

void fixture_end(struct top *top) {
    top_done(top);
}

void fixture_press(struct top *top, const char *keys) {
    for (; *keys; keys++)
        (void)keys_press(top, (unsigned char)*keys);
}

char *fixture_draw(struct top *top, unsigned width, unsigned height) {
    struct grid grid;

    top->width = width;
    top->height = height;
    ck_assert(grid_make(&grid, width, height, top->is_ascii));
    view_draw(top, &grid);
    char *text = grid_text(&grid);
    grid_done(&grid);
    return text;
}

void fixture_expect(struct top *top, unsigned width, unsigned height, const char *lines) {
    char *text = fixture_draw(top, width, height);
    size_t length = strlen(lines);

    if (strncmp(text, lines, length) == 0 && strspn(text + length, "\n") == strlen(text + length)) {
        free(text);
        return;
    }
    for (char *at = text; *at; at += strcspn(at, "\n") + 1) /* as it would be written in a test */
        fprintf(stderr, "    \"%.*s\\n\"\n", (int)strcspn(at, "\n"), at);
    ck_abort_msg("the picture is another one");
}
