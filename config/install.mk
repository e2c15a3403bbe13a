# SPDX-License-Identifier: Apache-2.0
# `make install` and `make deb`; included by the Makefile. DESTDIR and PREFIX are as everywhere; the configuration goes
# to /etc, where kansend looks for it. A configuration that is there already stays.

DESTDIR    ?=
SYSCONFDIR ?= /etc
LIBDIR     ?= $(PREFIX)/lib
UNITDIR    ?= $(PREFIX)/lib/systemd/system
MANDIR     ?= $(PREFIX)/share/man
DATADIR    := $(PREFIX)/share/kansen
BASHDIR    ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR     ?= $(PREFIX)/share/zsh/site-functions
VERSION    := $(shell sed -n 's/^.define KANSEN_VERSION *"\(.*\)"/\1/p' daemon/base/version.h)
PROMETHEUS := $(addprefix config/prometheus/,alerts.yml scrape.yml)
UNITS      := $(wildcard config/systemd/*.service config/systemd/*.socket config/systemd/*.timer)

DEB_PACKAGES := $(PACKAGES) build-essential debhelper dpkg-dev fakeroot lintian po-debconf
DEB_ROOT     := build/deb
DEB_TREE     := $(DEB_ROOT)/kansen-$(VERSION)

.PHONY: install install-programs install-library install-manuals install-completion install-config deb
install: install-programs install-library install-manuals install-completion install-config

# The place of the seeds is compiled in: another PREFIX needs that file again.
$(BUILD)/obj/daemon/work/seed.o: $(BUILD)/prefix
.PHONY: FORCE
$(BUILD)/prefix: FORCE
	@mkdir -p $(@D)
	@echo '$(PREFIX)' | cmp -s - $@ || echo '$(PREFIX)' >$@

install-programs: all $(BUILD)/lib/kansenctl
	install -D -m 755 $(BUILD)/kansend $(DESTDIR)$(PREFIX)/sbin/kansend
	install -D -m 755 $(BUILD)/kansen-verify $(DESTDIR)$(PREFIX)/bin/kansen-verify
	install -D -m 755 $(BUILD)/lib/kansenctl $(DESTDIR)$(PREFIX)/bin/kansenctl
	install -D -m 644 -t $(DESTDIR)$(DATADIR)/seeds seeds/regions.csv seeds/interests.csv

install-library: libraries $(PB_H)
	install -D -m 644 -t $(DESTDIR)$(LIBDIR) $(LIB_OUT)/libkansen.a $(LIB_OUT)/libkansen-event.a \
	    $(LIB_OUT)/libkansen.so.$(SOVERSION) $(LIB_OUT)/libkansen-event.so.$(SOVERSION)
	ln -sf libkansen.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/libkansen.so
	ln -sf libkansen-event.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/libkansen-event.so
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/include $(LIB_HEADERS)
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/include/kansen/v1 $(PB_H)
	install -D -m 644 -t $(DESTDIR)$(DATADIR)/proto/kansen/v1 $(PROTOS)
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig
	for file in client/lib/libkansen.pc client/event/libkansen-event.pc; do \
	    sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' $$file.in \
	        >$(DESTDIR)$(LIBDIR)/pkgconfig/$${file##*/}; done

install-manuals:
	for page in $(MANUALS); do \
	    install -D -m 644 -t $(DESTDIR)$(MANDIR)/man$${page##*.} $$page; done

install-completion:
	install -D -m 644 client/cli/kansenctl.bash $(DESTDIR)$(BASHDIR)/kansenctl
	install -D -m 644 config/kansend.bash $(DESTDIR)$(BASHDIR)/kansend
	install -D -m 644 -t $(DESTDIR)$(ZSHDIR) client/cli/_kansenctl config/_kansend

install-config:
	test -e $(DESTDIR)$(SYSCONFDIR)/kansen/kansend.conf || \
	    install -D -m 644 -t $(DESTDIR)$(SYSCONFDIR)/kansen config/kansend.conf
	install -d -m 700 $(DESTDIR)$(SYSCONFDIR)/kansen/tls
	install -D -m 644 config/systemd/kansen.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/kansen.conf
	install -D -m 644 -t $(DESTDIR)$(DATADIR)/prometheus $(PROMETHEUS)
	sed -i 's|/usr/share/kansen|$(DATADIR)|' $(DESTDIR)$(DATADIR)/prometheus/scrape.yml
	install -D -m 644 -t $(DESTDIR)$(DATADIR)/grafana config/grafana/kansen.json
	install -d $(DESTDIR)$(UNITDIR)
	for unit in $(UNITS); do \
	    sed -e 's|/usr/sbin/kansend|$(PREFIX)/sbin/kansend|' -e 's|/usr/bin/kansenctl|$(PREFIX)/bin/kansenctl|' $$unit >$(DESTDIR)$(UNITDIR)/$${unit##*/}; done

# In a copy, as Debian wants its folder at the top. Tests are those of `make check`.
deb:
	@config/install-packages.sh $(DEB_PACKAGES)
	@rm -rf $(DEB_ROOT)
	@mkdir -p $(DEB_TREE)
	@tar -c --exclude=./build --exclude='./.git*' --exclude=./kansen-data --exclude=__pycache__ . | tar -x -C $(DEB_TREE)
	@cp -r config/debian $(DEB_TREE)/debian
	cd $(DEB_TREE) && DEB_BUILD_OPTIONS='nocheck parallel=$(JOBS)' DEB_BUILD_PROFILES=nocheck env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS \
	    dpkg-buildpackage --build=binary --unsigned-changes
	lintian --allow-root --fail-on error,warning $(DEB_ROOT)/*.changes
	@echo; ls -l $(DEB_ROOT)/*.deb
