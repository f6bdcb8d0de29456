/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * client_detail: see client_detail.h.
 */
#include "config.h"

#include "server/service/client_detail.h"

#include "lib/base/strbuf.h"
#include "server/service/service_priv.h"

enum { DETAIL_MOST = 96 /* characters of an agent's detail, so that the groups still fit after it */ };

/* " of the group a or b", or nothing; a list that is too long just ends. */
static void name_groups(const struct service *service, struct strbuf *text) {
    const struct strlist *groups = &service->conf->groups;

    for (size_t i = 0; i < groups->count; i++) {
        strbuf_add(text, i ? " or " : " of the group ");
        strbuf_add(text, groups->items[i]);
    }
}

/* Of the first of them. */
static void add_unhealthy(const struct service *service, struct strbuf *text) {
    const struct balance_member *member = &service->balance->members[0];

    strbuf_add(text, " has a healthy destination; of ");
    strbuf_add(text, session_label(member->session));
    strbuf_add(text, ": ");
    strbuf_add(text, member->health_detail ? member->health_detail : "unhealthy");
}

void client_detail_set_no_agent(struct client *client) {
    const struct service *service = client->service;
    struct strbuf text = strbuf_begin(client->detail, sizeof client->detail);

    strbuf_add(&text, "no agent");
    name_groups(service, &text);
    if (service->balance->count && !balance_usable(service->balance))
        add_unhealthy(service, &text);
    else if (service->balance->count)
        strbuf_add(&text, " could take it in time");
    else if (service->asked)
        strbuf_add(&text, " has answered in time whether it permits the service");
    else
        strbuf_add(&text, service->conf->groups.count ? " is connected; start munnel-agent for it"
                                                      : " is connected; start munnel-agent");
}

void client_detail_add_attempts(struct client *client) {
    char detail[DETAIL_MOST];

    strbuf_copy(detail, sizeof detail, client->detail);
    struct strbuf text = strbuf_begin(client->detail, sizeof client->detail);
    strbuf_add(&text, detail);
    strbuf_add(&text, *detail ? "; no other agent" : "no other agent");
    name_groups(client->service, &text);
    strbuf_add(&text, " could serve");
}

void client_detail_set_refusal(struct client *client) {
    const struct service_refusal *refusal = &client->service->refusing[0];
    struct strbuf text = strbuf_begin(client->detail, sizeof client->detail);

    strbuf_copy(client->agent, sizeof client->agent, session_label(refusal->session));
    strbuf_add(&text, "agent ");
    strbuf_add(&text, client->agent);
    strbuf_add(&text, " does not permit it: ");
    strbuf_add(&text, refusal->reason);
}
