# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# The sample configurations, which a test parses and holds against the option tables; and what else is to be copied.
examplesdir = $(docdir)/examples
dist_examples_DATA = \
	conf/munnel-agent.json \
	conf/munnel.json \
	contrib/logrotate/munnel-agent \
	contrib/logrotate/munnel-server
if SYSTEMD
dist_examples_DATA += contrib/systemd/munneld.socket
endif
