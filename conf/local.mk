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

# For Prometheus and Grafana: docs/metrics.md.
grafanadir = $(examplesdir)/grafana
dist_grafana_DATA = contrib/grafana/munnel.json
prometheusdir = $(examplesdir)/prometheus
dist_prometheus_DATA = contrib/prometheus/alerts.yml contrib/prometheus/alerts_test.yml contrib/prometheus/prometheus.yml
