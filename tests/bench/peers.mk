# SPDX-License-Identifier: Apache-2.0
# The workload of the benchmark. What is built here is never part of `make check`.
WORKLOAD_SRC := $(addprefix tests/bench/,workload.c workload_seeds.c workload_files.c workload_requests.c \
                                         workload_options.c)
WORKLOAD_OBJ := $(WORKLOAD_SRC:%.c=$(BUILD)/obj/%.o)

$(BUILD)/workload: $(BUILD)/obj/tests/bench/workload_main.o $(WORKLOAD_OBJ) $(PROTO_LIB) $(BASE_LIB)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) $^ -o $@ $(CLIENT_LIBS)

-include $(WORKLOAD_OBJ:.o=.d) $(BUILD)/obj/tests/bench/workload_main.d

# The contestants. The yardstick is compiled for the machine at hand.
CONTEST_OBJ   := $(addprefix $(BUILD)/obj/tests/bench/,contest.o top.o)
YARDSTICK_OBJ := $(addprefix $(BUILD)/obj/tests/bench/,limit.o sliced_build.o sliced_ask.o)
$(YARDSTICK_OBJ) $(CONTEST_OBJ): CFLAGS += -O3 -march=native -Wno-psabi

$(BUILD)/limit: $(YARDSTICK_OBJ) $(CONTEST_OBJ) $(WORKLOAD_OBJ) $(PROTO_LIB) $(BASE_LIB)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) $^ -o $@ $(CLIENT_LIBS)

-include $(CONTEST_OBJ:.o=.d) $(YARDSTICK_OBJ:.o=.d)

PEER_OBJ    := $(BUILD)/obj/tests/bench/cells.o
SQLITE_LIBS  = $(shell pkg-config --libs sqlite3)
$(PEER_OBJ) $(BUILD)/obj/tests/bench/peer_sqlite.o: CFLAGS += -O3 -march=native

$(BUILD)/peer_sqlite: $(BUILD)/obj/tests/bench/peer_sqlite.o $(PEER_OBJ) $(CONTEST_OBJ) $(WORKLOAD_OBJ) $(PROTO_LIB) \
                      $(BASE_LIB)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) $^ -o $@ $(SQLITE_LIBS) $(CLIENT_LIBS)

-include $(PEER_OBJ:.o=.d) $(BUILD)/obj/tests/bench/peer_sqlite.d
