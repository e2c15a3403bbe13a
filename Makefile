# SPDX-License-Identifier: Apache-2.0
# Everything is built under build/. `make` builds; `make demo` and `make check` install what is missing first.
# Variants: DEBUG=1 (no optimisation), SANITIZE=address,undefined or SANITIZE=thread, CC=clang; each has a folder of
# its own under build/.

CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
PYTHON  ?= /usr/bin/python3
PREFIX  ?= /usr/local
JOBS    ?= $(shell nproc)

.PHONY: all help clean
all:

help:
	@echo 'make              build kansend, kansenctl and kansen-verify under build/'
	@echo 'make demo         install what is missing, build, and show matches on the demo alliance'
	@echo 'make check        install what is missing, build, and run the tests'
	@echo 'make check-long   the same with all random stores and queries, and a long model check'
	@echo 'make crash        kill -9, power cuts, disk and memory faults, clock jumps: all of it, about half an hour'
	@echo 'make fuzz         every parser and every request under a fuzzer, FUZZ_SECONDS=60 each'
	@echo 'make bench        what is measured, beside what it is measured against'
	@echo 'make libraries    libkansen and libkansen-event, shared and static, under build/lib'
	@echo 'make unit|library-check|integration|oracle|asan|tsan   parts of the tests, on what is installed'
	@echo 'make install      with DESTDIR and PREFIX; make deb builds the Debian packages under build/deb/'
	@echo 'make system-test  the packages in a Debian of their own, under systemd (as root)'
	@echo 'make fresh-test   make demo and make check in a Debian with nothing but git and make (as root)'
	@echo 'make lint         compilers, formatting, static checks, protocol, layers, manuals'
	@echo 'make clean        remove build/'
	@echo 'Variants: DEBUG=1, SANITIZE=address,undefined, SANITIZE=thread, CC=clang'

# ---- Variant -------------------------------------------------------------------------------------------------------
comma   := ,
VARIANT := $(CC)$(if $(DEBUG),-debug)$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))
BUILD   := build$(if $(filter-out gcc,$(VARIANT)),/$(VARIANT))

WARN     := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith -Wundef
# Messages for people are cut to their buffers on purpose.
WARN     += $(if $(filter gcc%,$(CC)),-Wno-format-truncation)
# Vectors are passed between inlined functions only.
WARN     += -Wno-psabi
CFLAGS   ?= $(if $(DEBUG),-O0,-O2) -g
CFLAGS   += -std=gnu17 $(WARN) -fno-omit-frame-pointer -fstack-protector-strong -MMD -MP -pthread
CFLAGS   += $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all)
LDFLAGS  += -pthread $(if $(SANITIZE),-fsanitize=$(SANITIZE))
CPPFLAGS += -D_GNU_SOURCE $(if $(SANITIZE)$(DEBUG),,-D_FORTIFY_SOURCE=2) -I. -Idaemon -Iclient/lib -Iclient/event -I$(BUILD)/gen
CPPFLAGS += -DKANSEN_DATADIR='"$(PREFIX)/share/kansen"'

# ---- Libraries and the packages that bring them ----------------------------------------------------------------------
DAEMON_LIBS = $(shell pkg-config --libs libevent_core libevent_extra libprotobuf-c lmdb libxxhash libconfuse \
                                        libutf8proc libsystemd libsodium libseccomp libssl libcrypto) -lm
EVENT_LIBS  = $(shell pkg-config --libs libevent_core libevent_extra)
CLIENT_LIBS = $(shell pkg-config --libs libprotobuf-c smartcols jansson libutf8proc libssl libcrypto libsodium) -lm

PACKAGES       := gcc libc6-dev make pkg-config protobuf-compiler protobuf-c-compiler libevent-dev libprotobuf-c-dev \
                  liblmdb-dev libxxhash-dev libconfuse-dev libutf8proc-dev libsodium-dev libsystemd-dev libseccomp-dev libsmartcols-dev libjansson-dev \
                  libssl-dev
CHECK_PACKAGES := $(PACKAGES) clang libclang-rt-14-dev libcmocka-dev python3 python3-protobuf openssl zsh
LINT_PACKAGES  := $(CHECK_PACKAGES) clang-format clang-tidy cppcheck shellcheck mandoc

# ---- Sources -------------------------------------------------------------------------------------------------------
PROTOS      := $(wildcard proto/kansen/v1/*.proto)
PB_C        := $(PROTOS:proto/%.proto=$(BUILD)/gen/%.pb-c.c)
PB_H        := $(PB_C:.c=.h)
PB_PY       := $(PROTOS:proto/%.proto=build/gen-py/%_pb2.py)
PROTO_SRC   := $(wildcard proto/*.c)
BASE_SRC    := $(wildcard daemon/base/*.c)
DAEMON_SRC  := $(filter-out $(BASE_SRC),$(wildcard daemon/*/*.c))
LIB_SRC     := $(wildcard client/lib/*.c)
EVENT_SRC   := $(wildcard client/event/*.c)
CLI_SRC     := $(wildcard client/cli/*.c)
UNIT_SRC    := $(wildcard tests/unit/test_*.c)
C_SOURCES   := $(PROTO_SRC) $(BASE_SRC) $(DAEMON_SRC) daemon/main.c $(LIB_SRC) $(EVENT_SRC) $(CLI_SRC) $(UNIT_SRC)
C_HEADERS   := $(wildcard proto/*.h daemon/*/*.h client/*/*.h tests/unit/*.h)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
PB_OBJ := $(PB_C:$(BUILD)/gen/%.c=$(BUILD)/obj/gen/%.o)

# In the order in which they lean on each other.
DAEMON_LIB := $(BUILD)/libkansend.a
EVENT_LIB  := $(BUILD)/libkansen-event.a
CLIENT_LIB := $(BUILD)/libkansen.a
PROTO_LIB  := $(BUILD)/libkansenproto.a
BASE_LIB   := $(BUILD)/libkansenbase.a
UNIT_BIN   := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)
PROMTOOL   := build/promtool/promtool

# Commands are shown in short; V=1 shows them whole.
Q = $(if $(V),,@printf '  %-6s %s\n' '$(1)' '$(2)';)

.DELETE_ON_ERROR:
.SECONDARY:

all: $(BUILD)/kansend $(BUILD)/kansenctl

$(BUILD)/gen/%.pb-c.c $(BUILD)/gen/%.pb-c.h: proto/%.proto
	@mkdir -p $(BUILD)/gen
	$(call Q,GEN,$@)protoc-c --c_out=$(BUILD)/gen -I proto $<

$(PB_PY) &: $(PROTOS)
	@mkdir -p build/gen-py
	$(call Q,GEN,build/gen-py)protoc --python_out=build/gen-py -I proto $(PROTOS)

# What checks metrics and alert rules.
$(PROMTOOL):
	@config/fetch-promtool.sh $(@D)

# Loops over arrays that are worth vector instructions.
$(BUILD)/obj/daemon/match/reach.o: CFLAGS += $(if $(DEBUG),,-O3 -fno-math-errno -fno-trapping-math)

# The generated headers come first; after that the dependency files know who includes what.
$(BUILD)/obj/%.o: %.c | $(PB_H)
	@mkdir -p $(@D)
	$(call Q,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c | $(PB_H)
	@mkdir -p $(@D)
	$(call Q,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(DAEMON_LIB): $(call obj,$(DAEMON_SRC))
$(CLIENT_LIB): $(call obj,$(LIB_SRC))
$(EVENT_LIB): $(call obj,$(EVENT_SRC))
$(PROTO_LIB): $(PB_OBJ) $(call obj,$(PROTO_SRC))
$(BASE_LIB): $(call obj,$(BASE_SRC))
%.a:
	@rm -f $@
	$(call Q,AR,$@)ar rcs $@ $^

$(BUILD)/kansend: $(call obj,daemon/main.c) $(DAEMON_LIB) $(PROTO_LIB) $(BASE_LIB)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) $^ -o $@ $(DAEMON_LIBS)

$(BUILD)/kansenctl: $(call obj,$(CLI_SRC)) $(CLIENT_LIB) $(PROTO_LIB) $(BASE_LIB)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) $^ -o $@ $(CLIENT_LIBS)

$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(DAEMON_LIB) $(EVENT_LIB) $(CLIENT_LIB) $(PROTO_LIB) $(BASE_LIB)
	@mkdir -p $(@D)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) $^ -o $@ -lcmocka $(DAEMON_LIBS) $(CLIENT_LIBS)

# ---- The two commands ----------------------------------------------------------------------------------------------
.PHONY: demo check check-long crash crash-short
demo:
	@config/install-packages.sh $(PACKAGES)
	@$(MAKE) --no-print-directory -s -j$(JOBS) all
	@seeds/demo/demo.sh $(BUILD)

check:
	@config/install-packages.sh $(CHECK_PACKAGES)
	@$(MAKE) --no-print-directory -j$(JOBS) all units libraries build/gen-py/kansen/v1/protocol_pb2.py
	@$(MAKE) --no-print-directory seeds-check layers unit cohort-check verify-check library-check integration oracle bench-check
	@$(MAKE) --no-print-directory crash-short
	@$(MAKE) --no-print-directory fuzz-short
	@$(MAKE) --no-print-directory asan tsan
	@$(MAKE) --no-print-directory system-check
	@echo 'make check: all passed'

check-long: check
	@$(MAKE) --no-print-directory oracle ORACLE_STORES=200 ORACLE_QUERIES=200
	@$(MAKE) --no-print-directory model MODEL_COMMANDS=100000
	@$(MAKE) --no-print-directory cohort-long

# Faults, all of them; a slice of each is in `make check`.
crash:
	@config/install-packages.sh $(CHECK_PACKAGES)
	@$(MAKE) --no-print-directory -s -j$(JOBS) all
	@$(MAKE) --no-print-directory seats-long power-cut disk-faults forgetting
	@$(MAKE) --no-print-directory kill-rounds ROUND_KILLS=50
	@echo 'make crash: all passed'

crash-short:
	@$(MAKE) --no-print-directory model replay kill-nine contention kill-rounds
	@$(MAKE) --no-print-directory power-cut POWER_CUT_COMMITS=150 POWER_CUT_CUTS=300
	@$(MAKE) --no-print-directory disk-faults forgetting

# ---- Tests, on what is installed -------------------------------------------------------------------------------------
.PHONY: units unit integration oracle seeds-check layers asan tsan
ORACLE_STORES  ?= 12
ORACLE_QUERIES ?= 60
INTEGRATION    := $(PYTHON) tests/integration/run.py --build $(BUILD)

units: $(UNIT_BIN)

unit: $(UNIT_BIN)
	@set -e; for test in $(sort $(UNIT_BIN)); do timeout 120 $$test; done

integration: all $(BUILD)/rolling $(PB_PY) $(PROMTOOL)
	$(INTEGRATION)

oracle: all $(PB_PY)
	$(PYTHON) tests/oracle/test_matcher.py
	$(PYTHON) tests/oracle/compare.py --build $(BUILD) --stores $(ORACLE_STORES) --queries $(ORACLE_QUERIES)

seeds-check:
	$(PYTHON) seeds/check-seeds.py

layers:
	$(PYTHON) tests/lint/layers.py

include tests/crash/targets.mk tests/fuzz/targets.mk tests/model/targets.mk tests/bench/peers.mk tests/bench/targets.mk
include tests/cohort/targets.mk client/verify/targets.mk tests/verify/targets.mk
include config/install.mk client/libraries.mk tests/library/targets.mk tests/rolling/targets.mk tests/system/targets.mk

# The other compiler and the sanitizers: everything under ASan and UBSan, the threaded parts under TSan.
asan: export UBSAN_OPTIONS = print_stacktrace=1
asan:
	@$(MAKE) --no-print-directory -j$(JOBS) CC=clang SANITIZE=address,undefined all units
	@$(MAKE) --no-print-directory CC=clang SANITIZE=address,undefined unit verify-check integration
	@$(MAKE) --no-print-directory CC=clang SANITIZE=address,undefined oracle ORACLE_STORES=3 ORACLE_QUERIES=40

tsan:
	@$(MAKE) --no-print-directory -j$(JOBS) SANITIZE=thread all units
	@$(MAKE) --no-print-directory SANITIZE=thread integration

# ---- Lint ------------------------------------------------------------------------------------------------------------
.PHONY: lint lint-compilers lint-format lint-tidy lint-cppcheck lint-shell lint-proto lint-manuals
LINTED  := $(filter-out $(UNIT_SRC),$(C_SOURCES))
MANUALS := $(wildcard daemon/*.[1-8] config/*.[1-8] client/*/*.[1-8] proto/*.[1-8])
SCRIPTS := .ci/run config/install-packages.sh config/fetch-promtool.sh $(wildcard seeds/demo/*.sh tests/*/*.sh client/cli/*.bash config/*.bash config/debian/kansend.config config/debian/kansend.p*)
BUF     := build/lint/node_modules/.bin/buf

lint:
	@config/install-packages.sh $(LINT_PACKAGES)
	@command -v npm >/dev/null || config/install-packages.sh npm
	@$(MAKE) --no-print-directory lint-compilers lint-format layers lint-shell lint-proto lint-manuals
	@$(MAKE) --no-print-directory -j$(JOBS) lint-cppcheck lint-tidy
	@echo 'make lint: clean'

lint-compilers:
	@$(MAKE) --no-print-directory -s -j$(JOBS) all units
	@$(MAKE) --no-print-directory -s -j$(JOBS) CC=clang all units

lint-format:
	@echo "clang-format"; clang-format --dry-run --Werror $(C_SOURCES) $(C_HEADERS)

lint-cppcheck: $(PB_H)
	@echo cppcheck; cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr \
	    --suppress='*:$(BUILD)/gen/*' -D__GNUC__ -I. -Idaemon -I$(BUILD)/gen $(LINTED)

lint-tidy: $(LINTED:%=lint-tidy/%)
lint-tidy/%: % | $(PB_H)
	@clang-tidy --quiet $< -- $(filter-out -Werror,$(CPPFLAGS)) -std=gnu17 2>/dev/null || { echo "clang-tidy: $<"; exit 1; }

lint-shell:
	shellcheck $(SCRIPTS)

lint-proto:
	@[ -x $(BUF) ] || npm install --silent --no-fund --no-audit --prefix build/lint @bufbuild/buf@1.75.0 >/dev/null
	cd proto && ../$(BUF) lint && ../$(BUF) format --diff --exit-code

# Whether a manual that is referred to is installed depends on the machine; everything else is a fault.
lint-manuals:
	@echo mandoc; if mandoc -T lint $(MANUALS) 2>&1 | grep -v -e 'referenced manual not found' -e 'outdated mandoc.db lacks'; \
	then exit 1; fi

clean:
	rm -rf build

-include $(patsubst %.o,%.d,$(PB_OBJ) $(call obj,$(C_SOURCES)))
