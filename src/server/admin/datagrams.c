/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * datagrams: what the answers have of a UDP service's datagrams, and when those that are dropped are a problem.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "server/admin/admin_priv.h"
#include "server/admin/values.h"

#include <inttypes.h>
#include <stdio.h>

/* A problem is what has lost one of a hundred in the last minutes, and a few in the last minute still. */
enum { DROPS_SHARE = 100, DROPS_FEWEST = 30, DROPS_WINDOW_S = 60 };

static json_t *dropped_json(const uint64_t dropped[DATAGRAM_DROP_COUNT]) {
    json_t *json = json_object();

    for (unsigned drop = 0; drop < DATAGRAM_DROP_COUNT; drop++)
        if (dropped[drop])
            json_object_set_new(json, datagram_drop_label((enum datagram_drop)drop),
                                json_integer((json_int_t)dropped[drop]));
    return json;
}

json_t *admin_datagrams(const struct service *service, const struct history *history) {
    struct service_sum sum;

    if (service_config(service)->protocol != SERVICE_UDP)
        return json_null();
    service_counts_sum(service_counts(service), &sum);
    return json_pack("{s:I,s:I,s:o,s:o,s:o,s:o}", "in", (json_int_t)sum.datagrams[DATAGRAM_IN], "out",
                     (json_int_t)sum.datagrams[DATAGRAM_OUT], "rate", value_rates(history, HISTORY_DATAGRAMS, 1),
                     "dropped_rate", value_rates(history, HISTORY_DROPPED, 1), "dropped_in",
                     dropped_json(sum.dropped[DATAGRAM_IN]), "dropped_out", dropped_json(sum.dropped[DATAGRAM_OUT]));
}

/* ---- problems ---- */

/* NULL: it is no problem of the server. Refused clients are as the operator wants it, and counted as such; whose
 * client or session has gone loses what was on its way. */
struct drop_words {
    const char *why, *remedy;
};
static const struct drop_words drop_words[DATAGRAM_DROP_COUNT] = {
    [DATAGRAM_DROP_QUEUE] = {"more came than the links to its agents, or the clients, take",
                             "Look at the way to its agents: munnel agent list; or limit what each client sends: "
                             "bandwidth_per_source_in"},
    [DATAGRAM_DROP_STALE] = {"they had waited for too long: a link to its agents was full, or lost",
                             "Look at the way to its agents: munnel agent list"},
    [DATAGRAM_DROP_MEMORY] = {"the server is out of memory", "Look at its memory, and who else needs it"},
    [DATAGRAM_DROP_TOO_LARGE] = {"they are larger than the network takes",
                                 "Have the program behind it send smaller ones: of DNS servers 1,232 bytes are usual"},
    [DATAGRAM_DROP_SOCKET] =
        {"the kernel had no room for them: the server was late to read, or the network to take them",
         "Look at this machine's processors and network; net.core.rmem_max limits the room"},
    [DATAGRAM_DROP_UNDECIDED] = {"more new clients came at once than are looked at, or their addresses are forged",
                                 "If it is no crowd, let a firewall in front limit them, or permit known ones alone: "
                                 "allow"},
    [DATAGRAM_DROP_BANDWIDTH] = {"a limit of bandwidth of the service, a client's address or an agent holds",
                                 "If clients are to get more: bandwidth_in, bandwidth_out"},
    [DATAGRAM_DROP_REPLY_LIMIT] = {"answers are larger than reply_factor permits, as they are when addresses are "
                                   "forged to flood others",
                                   "If its clients miss answers, give the service a larger reply_factor"},
};

static enum datagram_drop most_dropped(const struct statistics_datagrams *sum, uint64_t *all) {
    enum datagram_drop most = 0;
    uint64_t count = 0;

    *all = 0;
    for (unsigned drop = 0; drop < DATAGRAM_DROP_COUNT; drop++) {
        if (!drop_words[drop].why)
            continue;
        *all += sum->dropped[drop];
        if (sum->dropped[drop] > count) {
            most = (enum datagram_drop)drop;
            count = sum->dropped[drop];
        }
    }
    return most;
}

bool admin_explain_drops(const struct admin *admin, const char *service, struct problem *to) {
    const struct history *history = statistics_service(admin->options.statistics, service);
    struct statistics_datagrams sum;
    uint64_t all;

    if (!history || history_rate(history, HISTORY_DROPPED, DROPS_WINDOW_S) * DROPS_WINDOW_S < DROPS_FEWEST ||
        !statistics_datagrams(admin->options.statistics, service, &sum))
        return false;
    enum datagram_drop most = most_dropped(&sum, &all);
    if (all < DROPS_FEWEST || all * DROPS_SHARE < sum.count)
        return false;
    snprintf(to->what, sizeof to->what, "%s drops %.1f %% of its datagrams", service,
             100 * (double)all / (double)sum.count);
    snprintf(to->why, sizeof to->why, "%" PRIu64 " of %" PRIu64 " in the last minutes, most of them because %s", all,
             sum.count, drop_words[most].why);
    snprintf(to->remedy, sizeof to->remedy, "%s", drop_words[most].remedy);
    return true;
}
