# SPDX-License-Identifier: Apache-2.0
# A Debian of its own: included by the Makefile. Both need root and a Debian mirror; neither is part of `make check`.

SYSTEM_PACKAGES := debootstrap systemd-container
SYSTEM_ROOT     := build/system/root

.PHONY: system-test fresh-test
system-test: deb
	@config/install-packages.sh $(SYSTEM_PACKAGES)
	tests/system/make_root.sh $(SYSTEM_ROOT) $(DEB_ROOT)
	tests/system/boot.sh $(SYSTEM_ROOT) $(DEB_ROOT)

fresh-test:
	@config/install-packages.sh $(SYSTEM_PACKAGES)
	tests/system/fresh.sh
