# SPDX-License-Identifier: Apache-2.0
# make bench: everything that is measured. BENCH: options of bench.py, as in make bench BENCH='--only match --quick'.
# BENCH_DIR: a folder on the disk that is measured. The contestants are in peers.mk.
.PHONY: bench bench-programs bench-check bench-reserves
BENCH         ?=
BENCH_SECONDS ?= 5
BENCH_DIR     ?= $(BUILD)/bench

bench:
	@config/install-packages.sh $(CHECK_PACKAGES) $(BENCH_PACKAGES)
	@$(MAKE) --no-print-directory -s -j$(JOBS) all bench-programs $(PB_PY)
	@$(PYTHON) tests/bench/bench.py --build $(BUILD) --dir $(BENCH_DIR) $(BENCH)

# ---- Programs
LOAD_PARTS := $(addprefix tests/bench/,traffic.c link.c frames.c writes.c verify.c histogram.c)
LOAD_CLI   := $(addprefix client/cli/,query.c query_json.c query_member.c seed_text.c base64url.c)
LOAD_OBJ   := $(call obj,$(LOAD_PARTS) $(LOAD_CLI))
BENCH_SRC  := $(LOAD_PARTS) $(addprefix tests/bench/,load.c bare_loader.c fsync_rate.c allocate.c)
C_SOURCES  += $(BENCH_SRC) tests/bench/test_pieces.c
C_HEADERS  += $(wildcard tests/bench/*.h)

bench-programs: $(addprefix $(BUILD)/,load bare_loader fsync_rate allocate unit/test_flood $(PEER_PROGRAMS))

$(BUILD)/load: $(call obj,tests/bench/load.c) $(LOAD_OBJ) $(PROTO_LIB) $(BASE_LIB)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) $^ -o $@ $(CLIENT_LIBS)

$(BUILD)/bare_loader: $(call obj,tests/bench/bare_loader.c)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) $^ -o $@ $(DAEMON_LIBS)

$(BUILD)/fsync_rate: $(call obj,tests/bench/fsync_rate.c)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) $^ -o $@

$(BUILD)/allocate: $(call obj,tests/bench/allocate.c $(wildcard daemon/cohort/*.c)) $(BASE_LIB)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) $^ -o $@ -lsodium

-include $(patsubst %.o,%.d,$(call obj,$(BENCH_SRC) tests/bench/test_pieces.c))

# ---- Tests of the bench itself: no measurement
$(BUILD)/bench_pieces: $(call obj,tests/bench/test_pieces.c) $(LOAD_OBJ) $(PROTO_LIB) $(BASE_LIB)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) $^ -o $@ -lcmocka $(CLIENT_LIBS)

bench-check: all $(BUILD)/load $(BUILD)/allocate $(BUILD)/bench_pieces $(PB_PY)
	$(BUILD)/bench_pieces
	$(PYTHON) tests/bench/test_bench.py $(BUILD)

# ---- Durable reserves per second alone, beside the raw rate of fdatasync
bench-reserves: all $(PB_PY) $(BUILD)/fsync_rate
	@mkdir -p $(BENCH_DIR)
	$(PYTHON) tests/bench/reserves.py --build $(BUILD) --sync-rate $(BUILD)/fsync_rate --seconds $(BENCH_SECONDS) \
	    --dir $(BENCH_DIR) --out build/bench/reserves.json
