# SPDX-License-Identifier: Apache-2.0
# Tests of what breaks: the power, the disk, memory, the clock. Included by the Makefile; each target runs on what is
# installed. The counts are those of the full run; `make check` gives smaller ones.

POWER_CUT_COMMITS ?= 2000
POWER_CUT_CUTS    ?= 0
DISK_FAULTS       ?=

CRASH_DIR    := tests/crash/powercut
REPLAY_SRC   := $(addprefix $(CRASH_DIR)/,replay.c disk.c trace.c verdict.c)
RECORD_LIB   := $(BUILD)/crash/record.so
REPLAY_BIN   := $(BUILD)/crash/replay
C_SOURCES    += $(REPLAY_SRC)

$(BUILD)/crash/%.so: $(CRASH_DIR)/%.c $(CRASH_DIR)/log.h
	@mkdir -p $(@D)
	$(call Q,CC,$<)$(CC) $(filter-out -D_FORTIFY_SOURCE=2,$(CPPFLAGS)) $(filter-out -MMD -MP,$(CFLAGS)) -fPIC -shared $< -o $@ -ldl

$(REPLAY_BIN): $(call obj,$(REPLAY_SRC)) $(DAEMON_LIB) $(PROTO_LIB) $(BASE_LIB)
	@mkdir -p $(@D)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) $^ -o $@ $(DAEMON_LIBS)

-include $(patsubst %.o,%.d,$(call obj,$(REPLAY_SRC)))

.PHONY: power-cut disk-faults forgetting
power-cut: all $(RECORD_LIB) $(REPLAY_BIN) $(PB_PY)
	$(PYTHON) tests/crash/power_cut.py --build $(BUILD) --commits $(POWER_CUT_COMMITS) --cuts $(POWER_CUT_CUTS)

disk-faults: all $(BUILD)/crash/inject.so $(PB_PY)
	$(PYTHON) tests/crash/disk_faults.py --build $(BUILD) $(DISK_FAULTS)

forgetting: all $(BUILD)/crash/inject.so $(PB_PY)
	$(PYTHON) tests/crash/forgetting.py --build $(BUILD)
