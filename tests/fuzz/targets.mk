# SPDX-License-Identifier: Apache-2.0
# Fuzzing with libFuzzer under ASan and UBSan, under build/fuzz. A target is a file fuzz_NAME.c and its name here.
# `make fuzz` replays what is committed, then fuzzes each target for FUZZ_SECONDS; FUZZ='dispatch session' names some.
.PHONY: fuzz fuzz-short fuzz-merge fuzz-programs
FUZZ_TARGETS := frame wire dispatch session csv json config text answer client damage erasures verify cohort

FUZZ_SECONDS ?= 60
FUZZ_SHORT   ?= 20
FUZZ         ?= $(FUZZ_TARGETS)
FUZZ_JOBS    ?= 2
FUZZ_BUILD   := build/fuzz
FUZZ_MAKE    := $(MAKE) --no-print-directory -j$(JOBS) BUILD=$(FUZZ_BUILD) CC=clang \
                SANITIZE=fuzzer-no-link,address,undefined
FUZZ_RUN     := $(PYTHON) tests/fuzz/run.py --build $(FUZZ_BUILD) --jobs $(FUZZ_JOBS)
FUZZ_PARTS   := $(filter-out tests/fuzz/fuzz_%.c,$(wildcard tests/fuzz/*.c))
FUZZ_LIB     := $(BUILD)/libfuzz.a
FUZZ_SRC     := $(FUZZ_TARGETS:%=tests/fuzz/fuzz_%.c)
C_SOURCES    += $(FUZZ_PARTS) $(FUZZ_SRC)
C_HEADERS    += $(wildcard tests/fuzz/*.h)

fuzz:
	@config/install-packages.sh $(CHECK_PACKAGES)
	@$(FUZZ_MAKE) fuzz-programs
	@$(FUZZ_RUN) --seconds $(FUZZ_SECONDS) $(FUZZ)

# The slice of `make check`: four minutes on two cores, by a seed, so that it says the same of the same code.
FUZZ_SEED    ?= 1
fuzz-short:
	@$(FUZZ_MAKE) fuzz-programs
	@$(FUZZ_RUN) --seconds $(FUZZ_SHORT) --seed $(FUZZ_SEED) $(FUZZ)

# Puts what the runs found into tests/fuzz/corpus, as few files as have the same coverage.
fuzz-merge:
	@$(FUZZ_MAKE) fuzz-programs
	@$(FUZZ_RUN) --merge $(FUZZ)

# ---- Inside FUZZ_MAKE
fuzz-programs: $(FUZZ_TARGETS:%=$(BUILD)/fuzz_%)

$(FUZZ_LIB): $(call obj,$(FUZZ_PARTS) $(filter-out client/cli/main.c,$(CLI_SRC)))

# Time and chance are those of chance.c; more functions that a target has in its own way.
$(BUILD)/fuzz_answer: FUZZ_WRAP := $(comma)--wrap=poll$(comma)--wrap=kansen_address_connect
$(BUILD)/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(FUZZ_LIB) $(DAEMON_LIB) $(CLIENT_LIB) $(PROTO_LIB) $(BASE_LIB)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) -fsanitize=fuzzer -Wl,--wrap=clock_wall_us,--wrap=clock_today$(FUZZ_WRAP) $^ -o $@ \
	    $(DAEMON_LIBS) $(CLIENT_LIBS)

-include $(patsubst %.o,%.d,$(call obj,$(FUZZ_PARTS) $(FUZZ_SRC)))
