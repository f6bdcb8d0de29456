# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Programs for Windows: their resources. README.md there tells how they are built.
windows_resources = \
	contrib/windows/messages.mc \
	contrib/windows/munnel.ico \
	contrib/windows/munnel.manifest \
	contrib/windows/resources
EXTRA_DIST += $(windows_resources) \
	contrib/windows/README.md \
	contrib/windows/build \
	contrib/windows/dependencies \
	contrib/windows/icon \
	contrib/windows/installer \
	contrib/windows/libevent-wepoll.patch \
	contrib/windows/pack \
	contrib/windows/prefix \
	contrib/windows/run \
	contrib/windows/try \
	contrib/windows/wanted \
	contrib/windows/wepoll_backend.c

if WINDOWS
windows_objects = munneld.res.o munnel-agent.res.o munnel.res.o
munneld_LDADD += munneld.res.o
munnel_agent_LDADD += munnel-agent.res.o
munnel_LDADD += munnel.res.o
CLEANFILES += $(windows_objects) $(windows_objects:.res.o=.rc) messages_MSG00409.bin messages.rc messages.h

messages_MSG00409.bin: contrib/windows/messages.mc
	$(AM_V_GEN)$(WINDMC) -b -r . -h . $(top_srcdir)/contrib/windows/messages.mc

$(windows_objects): $(windows_resources) messages_MSG00409.bin Makefile
	$(AM_V_GEN)name=`echo $@ | sed 's/\.res\.o$$//'` && \
	$(SHELL) $(top_srcdir)/contrib/windows/resources $$name $(VERSION) >$$name.rc && \
	$(WINDRES) -I $(top_srcdir)/contrib/windows $$name.rc $@
endif
