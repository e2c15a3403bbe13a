# SPDX-License-Identifier: Apache-2.0
# The workload of the benchmark. What is built here is never part of `make check`.
WORKLOAD_SRC := $(addprefix tests/bench/,workload.c workload_seeds.c workload_files.c workload_requests.c \
                                         workload_options.c)
WORKLOAD_OBJ := $(WORKLOAD_SRC:%.c=$(BUILD)/obj/%.o)

$(BUILD)/workload: $(BUILD)/obj/tests/bench/workload_main.o $(WORKLOAD_OBJ) $(PROTO_LIB) $(BASE_LIB)
	$(call Q,LINK,$@)$(CC) $(LDFLAGS) $^ -o $@ $(CLIENT_LIBS)

-include $(WORKLOAD_OBJ:.o=.d) $(BUILD)/obj/tests/bench/workload_main.d
