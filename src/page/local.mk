# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_page.a: the management page, compiled in. Add each new file to page_files, one a line; scripts and styles are
# joined in this order, so one that others import comes before them.
page_files = \
	src/page/index.html \
	src/page/icon.svg \
	src/page/vendor/uplot.css \
	src/page/page.css \
	src/page/vendor/uplot.iife.js \
	src/page/vendor/htm-preact.js \
	src/page/format.js \
	src/page/results.js \
	src/page/api.js \
	src/page/store.js \
	src/page/parts.js \
	src/page/forms.js \
	src/page/charts.js \
	src/page/relays.js \
	src/page/agents.js \
	src/page/overview.js \
	src/page/flow.js \
	src/page/service.js \
	src/page/joining.js \
	src/page/configure.js \
	src/page/sheets.js \
	src/page/main.js

noinst_LIBRARIES += libmunnel_page.a
libmunnel_page_a_SOURCES = src/page/page.h
nodist_libmunnel_page_a_SOURCES = page_assets.c
EXTRA_DIST += $(page_files) \
	src/page/embed.sh \
	src/page/join.awk \
	src/page/vendor/README \
	src/page/vendor/htm.LICENSE \
	src/page/vendor/preact.LICENSE \
	src/page/vendor/uplot.LICENSE
CLEANFILES += page_assets.c page_assets.c.[0-9]*

# At the top, where no rule for sources looks for it when the build is in the tree. "make all TEST" has two makes that
# run this at a time, so each has a temporary file of its own.
page_assets.c: $(page_files) src/page/embed.sh src/page/join.awk
	$(AM_V_GEN)$(SHELL) $(top_srcdir)/src/page/embed.sh $(top_srcdir) $(page_files) >$@.$$$$ && mv $@.$$$$ $@
