# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_page.a: the management page, compiled in. Add each new file to page_files, one a line.
page_files = \
	src/page/index.html \
	src/page/page.css \
	src/page/icon.svg \
	src/page/main.js \
	src/page/agents.js \
	src/page/api.js \
	src/page/charts.js \
	src/page/configure.js \
	src/page/flow.js \
	src/page/format.js \
	src/page/forms.js \
	src/page/joining.js \
	src/page/overview.js \
	src/page/parts.js \
	src/page/relays.js \
	src/page/results.js \
	src/page/service.js \
	src/page/sheets.js \
	src/page/store.js \
	src/page/vendor/htm-preact.js \
	src/page/vendor/uplot.css \
	src/page/vendor/uplot.js

noinst_LIBRARIES += libmunnel_page.a
libmunnel_page_a_SOURCES = src/page/page.h
nodist_libmunnel_page_a_SOURCES = page_assets.c
EXTRA_DIST += $(page_files) \
	src/page/embed.sh \
	src/page/vendor/README \
	src/page/vendor/htm.LICENSE \
	src/page/vendor/preact.LICENSE \
	src/page/vendor/uplot.LICENSE
CLEANFILES += page_assets.c page_assets.c.tmp

# At the top, where no rule for sources looks for it when the build is in the tree.
page_assets.c: $(page_files) src/page/embed.sh
	$(AM_V_GEN)$(SHELL) $(top_srcdir)/src/page/embed.sh $(top_srcdir) $(page_files) >$@.tmp && mv $@.tmp $@
