# SPDX-License-Identifier: Apache-2.0
# The workload of `make bench` and its contestants beside the daemon. Nothing here is part of `make check`.
BENCH_PACKAGES := postgresql-15 postgresql-contrib postgresql-15-postgis-3 libpq-dev libsqlite3-dev util-linux
PEER_PROGRAMS  := workload limit peer_sqlite peer_postgres

bench_obj = $(patsubst %,$(BUILD)/obj/tests/bench/%.o,$(1))

WORKLOAD_OBJ := $(call bench_obj,workload workload_seeds workload_files workload_requests workload_options)
CONTEST_OBJ  := $(call bench_obj,contest top)
SLICED_OBJ   := $(call bench_obj,sliced_build sliced_ask)
CELLS_OBJ    := $(call bench_obj,cells)
POSTGRES_OBJ := $(call bench_obj,postgres_link postgres_form postgres_register crowd)
PEER_OBJ     := $(WORKLOAD_OBJ) $(CONTEST_OBJ) $(SLICED_OBJ) $(CELLS_OBJ) $(POSTGRES_OBJ) \
                $(call bench_obj,workload_main limit peer_sqlite peer_postgres)
PEER_LIBS     = $(shell pkg-config --libs libprotobuf-c libutf8proc) -lm

# The contestants are compiled for the machine at hand; the workload is not, as it must be the same everywhere.
$(filter-out $(WORKLOAD_OBJ),$(PEER_OBJ)): CFLAGS += -O3 -march=native -Wno-psabi
$(POSTGRES_OBJ) $(call bench_obj,peer_postgres): CPPFLAGS += $(shell pkg-config --cflags libpq)

$(BUILD)/workload: $(call bench_obj,workload_main) $(WORKLOAD_OBJ)
$(BUILD)/limit: $(call bench_obj,limit) $(SLICED_OBJ) $(CONTEST_OBJ) $(WORKLOAD_OBJ)
$(BUILD)/peer_sqlite: $(call bench_obj,peer_sqlite) $(CELLS_OBJ) $(CONTEST_OBJ) $(WORKLOAD_OBJ)
$(BUILD)/peer_sqlite: PEER_LIBS += $(shell pkg-config --libs sqlite3)
$(BUILD)/peer_postgres: $(call bench_obj,peer_postgres) $(POSTGRES_OBJ) $(CELLS_OBJ) $(CONTEST_OBJ) $(WORKLOAD_OBJ)
$(BUILD)/peer_postgres: PEER_LIBS += $(shell pkg-config --libs libpq)

$(PEER_PROGRAMS:%=$(BUILD)/%): $(PROTO_LIB) $(BASE_LIB)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) $(filter %.o,$^) $(PROTO_LIB) $(BASE_LIB) -o $@ $(PEER_LIBS)

-include $(PEER_OBJ:.o=.d)

# Linted like all others, but for what needs the headers of a database: of that the form alone.
PEER_DB_SRC := $(wildcard tests/bench/postgres_*.c tests/bench/peer_*.c)
C_SOURCES   += $(filter-out $(PEER_DB_SRC),$(PEER_OBJ:$(BUILD)/obj/%.o=%.c))
.PHONY: lint-format-peers
lint-format: lint-format-peers
lint-format-peers:
	@clang-format --dry-run --Werror $(PEER_DB_SRC) $(wildcard tests/bench/*.h)
