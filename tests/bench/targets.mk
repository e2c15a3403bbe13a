# SPDX-License-Identifier: Apache-2.0
# Durable reserves per second beside the raw rate of fdatasync. BENCH_DIR: a folder on the disk that is measured.
.PHONY: bench-reserves
BENCH_SECONDS ?= 5
BENCH_DIR     ?= $(BUILD)/bench

$(BUILD)/fsync_rate: tests/bench/fsync_rate.c
	@mkdir -p $(@D)
	$(call Q,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $< -o $@

bench-reserves: all $(PB_PY) $(BUILD)/fsync_rate
	@mkdir -p $(BENCH_DIR)
	$(PYTHON) tests/bench/reserves.py --build $(BUILD) --sync-rate $(BUILD)/fsync_rate --seconds $(BENCH_SECONDS) \
	    --dir $(BENCH_DIR) --out build/bench/reserves.json

# ---- Programs of the bench
LOAD_SRC   := $(addprefix tests/bench/,load.c traffic.c frames.c writes.c verify.c histogram.c)
LOAD_CLI   := $(addprefix client/cli/,query.c query_json.c query_member.c seed_text.c base64url.c)
BENCH_SRC  := $(LOAD_SRC) tests/bench/bare_loader.c
BENCH_BIN  := $(BUILD)/load $(BUILD)/bare_loader
C_SOURCES  += $(BENCH_SRC)
C_HEADERS  += $(wildcard tests/bench/*.h)

$(BUILD)/load: $(call obj,$(LOAD_SRC) $(LOAD_CLI)) $(PROTO_LIB) $(BASE_LIB)
	@mkdir -p $(@D)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) $^ -o $@ $(CLIENT_LIBS)

$(BUILD)/bare_loader: $(call obj,tests/bench/bare_loader.c)
	@mkdir -p $(@D)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) $^ -o $@ $(DAEMON_LIBS)

-include $(patsubst %.o,%.d,$(call obj,$(BENCH_SRC)))
