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
