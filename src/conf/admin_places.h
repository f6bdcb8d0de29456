/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * admin_places: where programs are asked by munnel unless admin.socket names another place: Unix sockets in folders of
 * service managers, or pipes of Windows, which have no folders.
 */
#ifndef MUNNEL_CONF_ADMIN_PLACES_H
#define MUNNEL_CONF_ADMIN_PLACES_H

/* Of an agent by the name of its configuration: for printf with length and name. Of all such agents: for glob(7). The
 * quoted ones are JSON. */
#ifdef _WIN32
#define ADMIN_SERVER_PLACE   "\\\\.\\pipe\\munneld"
#define ADMIN_AGENT_PLACE    "\\\\.\\pipe\\munnel-agent"
#define ADMIN_AGENT_PLACE_OF "\\\\.\\pipe\\munnel-agent-%.*s"
#define ADMIN_AGENT_PLACES   "\\\\.\\pipe\\munnel-agent-*"
#define ADMIN_SERVER_QUOTED  "\"\\\\\\\\.\\\\pipe\\\\munneld\""
#define ADMIN_AGENT_QUOTED   "\"\\\\\\\\.\\\\pipe\\\\munnel-agent\""
#else
#define ADMIN_SERVER_PLACE   "/run/munnel/munneld.sock"
#define ADMIN_AGENT_PLACE    "/run/munnel-agent/munnel-agent.sock"
#define ADMIN_AGENT_PLACE_OF "/run/munnel-agent/%.*s.sock"
#define ADMIN_AGENT_PLACES   "/run/munnel-agent/*.sock"
#define ADMIN_SERVER_QUOTED  "\"" ADMIN_SERVER_PLACE "\""
#define ADMIN_AGENT_QUOTED   "\"" ADMIN_AGENT_PLACE "\""
#endif

#endif
