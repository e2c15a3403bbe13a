# SPDX-License-Identifier: Apache-2.0
# kansen-verify held against records that another program writes; included by the Makefile.
.PHONY: verify-check
C_SOURCES += tests/verify/flips.c tests/verify/shortage.c

$(BUILD)/verify_flips: $(call obj,tests/verify/flips.c) $(VERIFY_LIB)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) $^ -o $@ $(VERIFY_LIBS)

$(BUILD)/verify_shortage: $(call obj,tests/verify/shortage.c) $(VERIFY_LIB)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc $^ -o $@ $(VERIFY_LIBS)

# Without the daemon's libraries, whose names it may share.
$(BUILD)/fuzz_verify: $(BUILD)/obj/tests/fuzz/fuzz_verify.o $(VERIFY_LIB)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) -fsanitize=fuzzer $^ -o $@ $(VERIFY_LIBS)

verify-check: $(BUILD)/kansen-verify $(BUILD)/verify_flips $(BUILD)/verify_shortage
	$(PYTHON) tests/verify/run.py --build $(BUILD)

-include $(patsubst %.o,%.d,$(call obj,tests/verify/flips.c tests/verify/shortage.c))
