# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# The sample configurations, which a test parses and holds against the option tables.
EXTRA_DIST += \
	conf/munnel-agent.json \
	conf/munnel.json
