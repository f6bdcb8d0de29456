# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests mirror src: one program per file under test, in the folder of the same name. To add tests/unit/lib/net/test_addr.c,
# put into tests/unit/lib/local.mk (and likewise for the other folders):
#
#   unit_lib_tests += tests/unit/lib/net/test_addr
#   tests_unit_lib_net_test_addr_SOURCES = tests/unit/lib/net/test_addr.c
#   tests_unit_lib_net_test_addr_LDADD = $(LINK_UNIT_LIB)
#
# Run one alone:  make tests/unit/lib/net/test_addr && CK_FORK=no ./tests/unit/lib/net/test_addr
#
# A build for Windows has those of lib, proto, conf, relay and of services, where all is that differs by system, and
# "make check-unit" runs them by wine. What they use of POSIX is in unit_posix.c, or the whole test is left out there.
AM_CPPFLAGS += -I$(top_srcdir)/tests/unit

UNIT_SYSTEM_LIBS = $(CHECK_LIBS) $(SYSTEM_LIBS)
LINK_UNIT_LIB = libmunnel_unit.a $(LIB_LIBS) $(UNIT_SYSTEM_LIBS)
LINK_UNIT_PROTO = libmunnel_unit.a libmunnel_proto.a $(LIB_LIBS) $(UNIT_SYSTEM_LIBS)
LINK_UNIT_CONF = libmunnel_unit.a libmunnel_conf.a libmunnel_proto.a $(LIB_LIBS) $(UNIT_SYSTEM_LIBS)
LINK_UNIT_RELAY = libmunnel_unit.a libmunnel_relay.a libmunnel_proto.a $(LIB_LIBS) $(UNIT_SYSTEM_LIBS)
LINK_UNIT_ADMIN = libmunnel_unit.a libmunnel_admin.a libmunnel_relay.a libmunnel_proto.a $(LIB_LIBS) $(UNIT_SYSTEM_LIBS)
LINK_UNIT_SERVER = libmunnel_unit.a libmunnel_server.a libmunnel_page.a libmunnel_admin.a libmunnel_relay.a libmunnel_conf.a libmunnel_proto.a $(LIB_LIBS) $(UNIT_SYSTEM_LIBS)
LINK_UNIT_AGENT = libmunnel_unit.a libmunnel_agent.a libmunnel_admin.a libmunnel_relay.a libmunnel_conf.a libmunnel_proto.a $(LIB_LIBS) $(UNIT_SYSTEM_LIBS)
LINK_UNIT_CTL = libmunnel_unit.a libmunnel_ctl.a libmunnel_conf.a libmunnel_proto.a $(LIB_LIBS) $(NCURSES_LIBS) $(UNIT_SYSTEM_LIBS)

# What every unit test needs; built for "make check" only.
check_LIBRARIES = libmunnel_unit.a
libmunnel_unit_a_SOURCES = tests/unit/count_instructions.h tests/unit/count_instructions.c tests/unit/unit.h tests/unit/unit.c \
	tests/unit/unit_log.h tests/unit/unit_log.c tests/unit/unit_sockets.c tests/unit/unit_system.h
if WINDOWS
libmunnel_unit_a_SOURCES += tests/unit/unit_windows.c
else
libmunnel_unit_a_SOURCES += tests/unit/unit_posix.c
endif

# For tests of the administration.
admin_client = tests/unit/admin_client.c tests/unit/admin_client.h

# For tests of what happens without memory.
fail_malloc = tests/unit/fail_malloc.c tests/unit/fail_malloc.h
fail_malloc_flags = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=_mark_point

unit_tests =
include tests/unit/lib/local.mk
include tests/unit/proto/local.mk
include tests/unit/conf/local.mk
include tests/unit/relay/local.mk
include tests/unit/admin/local.mk
include tests/unit/server/local.mk
include tests/unit/agent/local.mk
include tests/unit/ctl/local.mk
include tests/unit/ctl/top/local.mk
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
