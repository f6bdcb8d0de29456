# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# What helps to try and to check Munnel; not installed.
EXTRA_DIST += contrib/fail2ban/README.md contrib/fail2ban/munnel-jail.conf contrib/fail2ban/munnel.conf
EXTRA_DIST += contrib/packages.sh contrib/boot.sh contrib/quickstart contrib/check contrib/deb contrib/fresh contrib/portable .ci/run \
	contrib/pictures/bench.svg \
	contrib/pictures/connection.svg \
	contrib/pictures/page-overview-dark.png \
	contrib/pictures/page-overview-light.png \
	contrib/pictures/page-service-dark.png

# Static programs: what contrib/windows and contrib/linux share.
EXTRA_DIST += \
	contrib/static/build.sh \
	contrib/static/dependencies.sh \
	contrib/static/openssl-no-config.patch \
	contrib/static/pack.sh \
	contrib/static/sbom \
	contrib/static/sources

# Static programs for Linux.
EXTRA_DIST += \
	contrib/linux/README.md \
	contrib/linux/architecture.sh \
	contrib/linux/build \
	contrib/linux/dependencies \
	contrib/linux/gcc \
	contrib/linux/libevent-unix-client.patch \
	contrib/linux/musl.specs \
	contrib/linux/pack \
	contrib/linux/try \
	contrib/linux/wanted

# The Debian packages, which contrib/deb builds.
EXTRA_DIST += \
	debian/changelog \
	debian/control \
	debian/copyright \
	debian/munnel-agent.README.Debian \
	debian/munnel-agent.examples \
	debian/munnel-agent.install \
	debian/munnel-agent.postrm \
	debian/munnel-agent.prerm \
	debian/munnel-server.README.Debian \
	debian/munnel-server.install \
	debian/munnel-server.postrm \
	debian/munnel.docs \
	debian/munnel.install \
	debian/rules \
	debian/source/format \
	debian/source/lintian-overrides \
	debian/tests/control \
	debian/tests/relay \
	debian/tests/service

# Scripts for OpenRC, packages for other distributions, and an image without a distribution.
EXTRA_DIST += \
	contrib/alpine/APKBUILD \
	contrib/alpine/munnel.pre-install \
	contrib/container/build \
	contrib/container/try-inside \
	contrib/openrc/munnel-agent.initd \
	contrib/openrc/munneld.initd \
	contrib/openrc/try \
	contrib/openrc/try-inside \
	contrib/rpm/munnel.spec \
	contrib/rpm/try
