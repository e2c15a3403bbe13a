# SPDX-License-Identifier: Apache-2.0
# The libraries as others get them; included by the Makefile.
.PHONY: library-check
LIB_PREFIX := $(abspath $(BUILD)/library)

library-check: all libraries $(LIB_OUT)/kansenctl $(PB_PY)
	@rm -rf $(LIB_PREFIX)
	@$(MAKE) --no-print-directory -s install-library PREFIX=$(LIB_PREFIX)
	$(PYTHON) tests/library/test_library.py $(BUILD) $(LIB_PREFIX)
