# SPDX-License-Identifier: Apache-2.0
# The load of a rolling restart, by libkansen-event; included by the Makefile. The second one is for the packages.
C_SOURCES += tests/rolling/rolling.c

$(BUILD)/rolling: $(call obj,tests/rolling/rolling.c) $(EVENT_LIB) $(CLIENT_LIB) $(PROTO_LIB) $(BASE_LIB)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) $^ -o $@ $(EVENT_LIBS) $(CLIENT_LIBS)

$(LIB_OUT)/rolling: $(call obj,tests/rolling/rolling.c) $(addprefix $(LIB_OUT)/,libkansen-event.so.$(SOVERSION) libkansen.so.$(SOVERSION))
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) $^ -o $@ $(shell pkg-config --libs libevent_core libprotobuf-c)

-include $(BUILD)/obj/tests/rolling/rolling.d
