# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_admin.a: what the administration of server and agent has in common.
# Add each new .c and .h below, one a line, in the commit that adds the file.
noinst_LIBRARIES += libmunnel_admin.a
libmunnel_admin_a_SOURCES = \
	src/admin/ban_requests.c \
	src/admin/ban_requests.h \
	src/admin/event_feed.c \
	src/admin/event_feed.h \
	src/admin/http_metrics.c \
	src/admin/http_metrics.h \
	src/admin/log_level.c \
	src/admin/log_level.h \
	src/admin/operations.c \
	src/admin/operations.h \
	src/admin/plane_metrics.c \
	src/admin/plane_metrics.h \
	src/admin/problem_list.c \
	src/admin/problem_list.h \
	src/admin/process_watch.c \
	src/admin/process_watch.h \
	src/admin/recent_events.c \
	src/admin/recent_events.h \
	src/admin/relay_requests.c \
	src/admin/relay_requests.h \
	src/admin/shared.c \
	src/admin/shared.h \
	src/admin/values.c \
	src/admin/values.h
