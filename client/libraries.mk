# SPDX-License-Identifier: Apache-2.0
# libkansen and libkansen-event as others link them, under build/lib: shared with a map of symbols, and static; and
# kansenctl on the shared one, as it is installed. Included by the Makefile, behind install.mk.
#
# The soname changes with what breaks a program that was built before: a public function, a struct in the headers. The
# messages (kansen__v1__*) have a version of their own, which changes with their layout.
SOVERSION  := 0
LIB_OUT    := $(BUILD)/lib
LIB_MAP    := client/lib/libkansen.map
EVENT_MAP  := client/event/libkansen-event.map
LIB_HEADERS := client/lib/kansen.h client/lib/kansen_session.h client/event/kansen_event.h
pic        = $(patsubst %.c,$(BUILD)/pic/%.o,$(1))
LIB_PIC    := $(call pic,$(LIB_SRC) proto/frame.c daemon/base/buf.c) $(PB_C:$(BUILD)/gen/%.c=$(BUILD)/pic/gen/%.o)
EVENT_PIC  := $(call pic,$(EVENT_SRC) client/lib/kansen_address.c)

.PHONY: libraries
libraries: $(addprefix $(LIB_OUT)/,libkansen.so libkansen-event.so libkansen.a libkansen-event.a)

$(BUILD)/pic/%.o: %.c | $(PB_H)
	@mkdir -p $(@D)
	$(call Q,CC,$< (pic))$(CC) $(CPPFLAGS) $(CFLAGS) -fPIC -c $< -o $@

$(BUILD)/pic/gen/%.o: $(BUILD)/gen/%.c | $(PB_H)
	@mkdir -p $(@D)
	$(call Q,CC,$< (pic))$(CC) $(CPPFLAGS) $(CFLAGS) -fPIC -c $< -o $@

LINK_SHARED = $(CC) $(LDFLAGS) -shared -Wl,-soname,$(@F) -Wl,--version-script=$(filter %.map,$^) -Wl,-z,defs \
              $(filter-out %.map,$^) -o $@

$(LIB_OUT)/libkansen.so.$(SOVERSION): $(LIB_PIC) $(LIB_MAP)
	@mkdir -p $(@D)
	$(call Q,LINK,$@)$(LINK_SHARED) $(shell pkg-config --libs libprotobuf-c libssl libcrypto)

$(LIB_OUT)/libkansen-event.so.$(SOVERSION): $(EVENT_PIC) $(LIB_OUT)/libkansen.so.$(SOVERSION) $(EVENT_MAP)
	$(call Q,LINK,$@)$(LINK_SHARED) $(EVENT_LIBS)

$(LIB_OUT)/%.so: $(LIB_OUT)/%.so.$(SOVERSION)
	@ln -sf $(<F) $@

# One object, in which only the names of the map are left for others to see.
$(LIB_OUT)/libkansen.o: $(LIB_PIC) | $(LIB_MAP)
$(LIB_OUT)/libkansen-event.o: $(EVENT_PIC) | $(EVENT_MAP)
$(LIB_OUT)/%.o:
	@mkdir -p $(@D)
	$(call Q,LINK,$@)$(LD) -r $^ -o $@
	@sed -n 's/^ *\(kansen[a-z0-9_*]*\);$$/\1/p' $| >$@.names
	@objcopy --wildcard --keep-global-symbols=$@.names $@

$(LIB_OUT)/%.a: $(LIB_OUT)/%.o
	@rm -f $@
	$(call Q,AR,$@)ar rcs $@ $<

# Messages come from the library too, as it stands before the archives. Where the library goes to no place of the
# system, the program is told where it is.
$(LIB_OUT)/kansenctl: $(call obj,$(CLI_SRC)) $(LIB_OUT)/libkansen.so.$(SOVERSION) $(PROTO_LIB) $(BASE_LIB) $(LIB_OUT)/libdir
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) $(filter-out %/libdir,$^) -o $@ -Wl,--as-needed $(CLIENT_LIBS) \
	    $(if $(filter /usr,$(PREFIX)),,-Wl$(comma)-rpath$(comma)$(LIBDIR))

$(LIB_OUT)/libdir: FORCE
	@mkdir -p $(@D)
	@echo '$(LIBDIR)' | cmp -s - $@ || echo '$(LIBDIR)' >$@

-include $(patsubst %.o,%.d,$(LIB_PIC) $(EVENT_PIC))

# Every allocation of the library fails once.
$(BUILD)/unit/test_kansen_memory: LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray,--wrap=strdup
