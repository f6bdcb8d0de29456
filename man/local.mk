# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# The manuals, in mdoc; tests/unit/conf/test_documents.c holds them against the option tables.
dist_man_MANS += \
	man/munnel-agent.8 \
	man/munnel.8 \
	man/munnel.json.5 \
	man/munneld.8
