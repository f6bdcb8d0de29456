# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Units for systemd, in the folder that ./configure chose or --with-systemdsystemunitdir names. The entries for sysusers
# and tmpfiles go where they belong, seen from there (/usr/lib/systemd/system: /usr/lib/*.d).
systemd_units = contrib/systemd/munneld.service contrib/systemd/munnel-agent.service contrib/systemd/munnel-agent@.service
systemd_others = contrib/systemd/sysusers/munneld.conf contrib/systemd/sysusers/munnel-agent.conf \
	contrib/systemd/tmpfiles/munneld.conf contrib/systemd/tmpfiles/munnel-agent.conf
systemd_made = $(systemd_units) $(systemd_others)
CLEANFILES += $(systemd_made)
EXTRA_DIST += \
	contrib/systemd/munnel-agent.service.in \
	contrib/systemd/munnel-agent.sysusers \
	contrib/systemd/munnel-agent.tmpfiles.in \
	contrib/systemd/munneld.sysusers \
	contrib/systemd/munneld.tmpfiles.in \
	contrib/systemd/munneld.service.in \
	contrib/systemd/munneld.socket \
	contrib/systemd/try \
	contrib/systemd/try-inside

# Only make knows what $(bindir) is: configure leaves it as ${exec_prefix}/bin. The agent's two units are one file with
# other names in it; in its comments an instance is NAME.
systemd_fill = $(AM_V_GEN)mkdir -p $(@D) && $(SED) -e 's|@bindir[@]|$(bindir)|g' -e 's|@sysconfdir[@]|$(sysconfdir)|g'
contrib/systemd/munneld.service: contrib/systemd/munneld.service.in
	$(systemd_fill) $(srcdir)/contrib/systemd/munneld.service.in > $@
contrib/systemd/munnel-agent.service: contrib/systemd/munnel-agent.service.in
	$(systemd_fill) -e 's|@unit[@]|munnel-agent|g; s|@file[@]|munnel-agent|g; s|@folder[@]||g; s|@of[@]||g' \
		$(srcdir)/contrib/systemd/munnel-agent.service.in > $@
contrib/systemd/munnel-agent@.service: contrib/systemd/munnel-agent.service.in
	$(systemd_fill) -e 's|@unit[@]|munnel-agent@%i|g; s|@file[@]|%i|g; s|@folder[@]|/%i|g; s|@of[@]| %i|g; /^#/s|%i|NAME|g' \
		$(srcdir)/contrib/systemd/munnel-agent.service.in > $@
contrib/systemd/tmpfiles/munneld.conf: contrib/systemd/munneld.tmpfiles.in
	$(systemd_fill) $(srcdir)/contrib/systemd/munneld.tmpfiles.in > $@
contrib/systemd/tmpfiles/munnel-agent.conf: contrib/systemd/munnel-agent.tmpfiles.in
	$(systemd_fill) $(srcdir)/contrib/systemd/munnel-agent.tmpfiles.in > $@
contrib/systemd/sysusers/munneld.conf: contrib/systemd/munneld.sysusers
	$(systemd_fill) $(srcdir)/contrib/systemd/munneld.sysusers > $@
contrib/systemd/sysusers/munnel-agent.conf: contrib/systemd/munnel-agent.sysusers
	$(systemd_fill) $(srcdir)/contrib/systemd/munnel-agent.sysusers > $@

if SYSTEMD
systemdsystemunit_DATA = $(systemd_units)
systemdsysusersdir = $(systemdsystemunitdir)/../../sysusers.d
systemdsysusers_DATA = contrib/systemd/sysusers/munneld.conf contrib/systemd/sysusers/munnel-agent.conf
systemdtmpfilesdir = $(systemdsystemunitdir)/../../tmpfiles.d
systemdtmpfiles_DATA = contrib/systemd/tmpfiles/munneld.conf contrib/systemd/tmpfiles/munnel-agent.conf
endif
