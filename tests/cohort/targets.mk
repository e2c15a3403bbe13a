# SPDX-License-Identifier: Apache-2.0
# The engine of a round: the same bytes from every compiler, and the long run of its brute force.
.PHONY: cohort-compilers cohort-long
COHORT_INSTANCES ?= 200000
C_SOURCES += tests/cohort/bytes.c

cohort-compilers:
	@tests/cohort/compilers.sh build/cohort

cohort-long: $(BUILD)/unit/test_cohort_brute
	COHORT_INSTANCES=$(COHORT_INSTANCES) $(BUILD)/unit/test_cohort_brute
