# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Units for systemd. Installed only where ./configure --with-systemdsystemunitdir[=DIR] says, as a package does; then the
# entries for sysusers and tmpfiles go where they belong, seen from there (/usr/lib/systemd/system: /usr/lib/*.d).
systemd_made = contrib/systemd/munneld.service contrib/systemd/munnel-agent.service contrib/systemd/munnel-tmpfiles.conf \
	contrib/systemd/munnel-sysusers.conf
CLEANFILES += $(systemd_made)
EXTRA_DIST += \
	contrib/systemd/munnel-agent.service.in \
	contrib/systemd/munnel.sysusers \
	contrib/systemd/munnel.tmpfiles.in \
	contrib/systemd/munneld.service.in \
	contrib/systemd/try \
	contrib/systemd/try-inside

# Only make knows what $(bindir) is: configure leaves it as ${exec_prefix}/bin.
systemd_fill = mkdir -p contrib/systemd && \
	$(SED) -e 's|@bindir[@]|$(bindir)|g' -e 's|@sysconfdir[@]|$(sysconfdir)|g'
contrib/systemd/munneld.service: contrib/systemd/munneld.service.in
	$(AM_V_GEN)$(systemd_fill) $(srcdir)/contrib/systemd/munneld.service.in > $@
contrib/systemd/munnel-agent.service: contrib/systemd/munnel-agent.service.in
	$(AM_V_GEN)$(systemd_fill) $(srcdir)/contrib/systemd/munnel-agent.service.in > $@
contrib/systemd/munnel-tmpfiles.conf: contrib/systemd/munnel.tmpfiles.in
	$(AM_V_GEN)$(systemd_fill) $(srcdir)/contrib/systemd/munnel.tmpfiles.in > $@
contrib/systemd/munnel-sysusers.conf: contrib/systemd/munnel.sysusers
	$(AM_V_GEN)mkdir -p contrib/systemd && cat $(srcdir)/contrib/systemd/munnel.sysusers > $@

if SYSTEMD
systemdsystemunit_DATA = contrib/systemd/munneld.service contrib/systemd/munnel-agent.service
systemdsysusersdir = $(systemdsystemunitdir)/../../sysusers.d
systemdtmpfilesdir = $(systemdsystemunitdir)/../../tmpfiles.d
install-data-local: $(systemd_made)
	$(MKDIR_P) '$(DESTDIR)$(systemdsysusersdir)' '$(DESTDIR)$(systemdtmpfilesdir)'
	$(INSTALL_DATA) contrib/systemd/munnel-sysusers.conf '$(DESTDIR)$(systemdsysusersdir)/munnel.conf'
	$(INSTALL_DATA) contrib/systemd/munnel-tmpfiles.conf '$(DESTDIR)$(systemdtmpfilesdir)/munnel.conf'
uninstall-local:
	rm -f '$(DESTDIR)$(systemdsysusersdir)/munnel.conf' '$(DESTDIR)$(systemdtmpfilesdir)/munnel.conf'
endif
