# SPDX-License-Identifier: Apache-2.0
# A Debian of its own: included by the Makefile. Both need root and a Debian mirror. `make check` runs the first where that
# is to be had, and says so where it is not.

SYSTEM_PACKAGES := debootstrap systemd-container
SYSTEM_ROOT     := build/system/root

.PHONY: system-test system-check fresh-test
system-check:
	@if why=$$(tests/system/possible.sh); then $(MAKE) --no-print-directory system-test; \
	else echo "system test: skipped, as $$why"; fi

system-test: deb
	@config/install-packages.sh $(SYSTEM_PACKAGES)
	tests/system/make_root.sh $(SYSTEM_ROOT) $(DEB_ROOT)
	tests/system/boot.sh $(SYSTEM_ROOT) $(DEB_ROOT)

fresh-test:
	@config/install-packages.sh $(SYSTEM_PACKAGES)
	tests/system/fresh.sh
