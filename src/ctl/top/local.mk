# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# munnel top, a part of libmunnel_ctl.a. Which terminal it draws on is chosen by configure.
libmunnel_ctl_a_SOURCES += \
	src/ctl/top/ask.c \
	src/ctl/top/ask.h \
	src/ctl/top/asker.c \
	src/ctl/top/asker.h \
	src/ctl/top/cells.c \
	src/ctl/top/cells.h \
	src/ctl/top/command.c \
	src/ctl/top/deeds.c \
	src/ctl/top/deeds.h \
	src/ctl/top/feed.c \
	src/ctl/top/feed.h \
	src/ctl/top/figure.c \
	src/ctl/top/figure.h \
	src/ctl/top/grid.c \
	src/ctl/top/grid.h \
	src/ctl/top/head.c \
	src/ctl/top/head.h \
	src/ctl/top/keys.c \
	src/ctl/top/keys.h \
	src/ctl/top/layout.c \
	src/ctl/top/layout.h \
	src/ctl/top/live.c \
	src/ctl/top/live.h \
	src/ctl/top/once.c \
	src/ctl/top/once.h \
	src/ctl/top/rows.c \
	src/ctl/top/rows.h \
	src/ctl/top/screen.h \
	src/ctl/top/state.c \
	src/ctl/top/state.h \
	src/ctl/top/tables.c \
	src/ctl/top/tables.h \
	src/ctl/top/text.c \
	src/ctl/top/text.h \
	src/ctl/top/top.c \
	src/ctl/top/top.h \
	src/ctl/top/view.c \
	src/ctl/top/view.h \
	src/ctl/top/view_agent.c \
	src/ctl/top/view_event.c \
	src/ctl/top/view_facts.c \
	src/ctl/top/view_head.c \
	src/ctl/top/view_help.c \
	src/ctl/top/view_of_agent.c \
	src/ctl/top/view_parts.h \
	src/ctl/top/view_problems.c \
	src/ctl/top/view_relay.c \
	src/ctl/top/view_service.c \
	src/ctl/top/view_table.c

if NCURSES
libmunnel_ctl_a_SOURCES += src/ctl/top/screen_curses.c
else
libmunnel_ctl_a_SOURCES += src/ctl/top/screen_none.c
endif
