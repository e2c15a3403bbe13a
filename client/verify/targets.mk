# SPDX-License-Identifier: Apache-2.0
# kansen-verify: no object of the daemon, the client or the protocol is in it; included by the Makefile.
VERIFY_SRC  := $(filter-out client/verify/main.c,$(wildcard client/verify/*.c))
VERIFY_LIB  := $(BUILD)/libkansenverify.a
VERIFY_LIBS  = $(shell pkg-config --libs libsodium)
C_SOURCES   += $(VERIFY_SRC) client/verify/main.c

all: $(BUILD)/kansen-verify

$(VERIFY_LIB): $(call obj,$(VERIFY_SRC))

$(BUILD)/kansen-verify: $(call obj,client/verify/main.c) $(VERIFY_LIB)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) $^ -o $@ $(VERIFY_LIBS)

-include $(patsubst %.o,%.d,$(call obj,$(VERIFY_SRC) client/verify/main.c))
