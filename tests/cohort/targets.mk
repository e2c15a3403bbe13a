# SPDX-License-Identifier: Apache-2.0
# The engine of a round: the same bytes from every compiler, the same as a record written from its page alone, and the long run
# of its brute force.
.PHONY: cohort-check cohort-compilers cohort-engine cohort-long
COHORT_INSTANCES ?= 200000
COHORT_ROUNDS    ?= 1000
C_SOURCES += tests/cohort/bytes.c

cohort-check: cohort-compilers cohort-engine

cohort-compilers:
	@tests/cohort/compilers.sh build/cohort

cohort-engine:
	@mkdir -p build/cohort
	@$(CC) -shared -fPIC -std=gnu17 -D_GNU_SOURCE -O2 -Idaemon $(wildcard daemon/cohort/*.c) -lsodium -o build/cohort/engine.so
	$(PYTHON) tests/cohort/test_engine.py build/cohort/engine.so $(COHORT_ROUNDS)

cohort-long: $(BUILD)/unit/test_cohort_brute
	COHORT_INSTANCES=$(COHORT_INSTANCES) $(BUILD)/unit/test_cohort_brute
	@$(MAKE) --no-print-directory cohort-engine COHORT_ROUNDS=20000
