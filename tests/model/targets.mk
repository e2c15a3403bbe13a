# SPDX-License-Identifier: Apache-2.0
# Seats under random writes, under crowds and under kill -9, on what is installed. The variables make the runs longer.
.PHONY: model replay kill-nine contention kill-rounds seats-long
MODEL_COMMANDS  ?= 3000
MODEL_SEED      ?= 1
KILL_CYCLES     ?= 5
KILL_SEED       ?= 1
CONTENTION_RUNS ?= 2
ROUND_KILLS     ?= 5

model: all $(PB_PY)
	$(PYTHON) tests/model/run.py --build $(BUILD) --commands $(MODEL_COMMANDS) --seed $(MODEL_SEED)

replay: all $(PB_PY)
	$(PYTHON) tests/model/replay.py --build $(BUILD) --commands $(MODEL_COMMANDS) --seed $(MODEL_SEED)

kill-nine: all $(PB_PY)
	$(PYTHON) tests/crash/kill_nine.py --build $(BUILD) --cycles $(KILL_CYCLES) --seed $(KILL_SEED)

contention: all $(PB_PY)
	$(PYTHON) tests/crash/contention.py --build $(BUILD) --runs $(CONTENTION_RUNS)

kill-rounds: all $(PB_PY)
	$(PYTHON) tests/crash/kill_rounds.py --build $(BUILD) --kills $(ROUND_KILLS) --seed $(KILL_SEED)

# The full runs; some five minutes.
seats-long:
	@$(MAKE) --no-print-directory model MODEL_COMMANDS=100000
	@$(MAKE) --no-print-directory replay MODEL_COMMANDS=20000
	@$(MAKE) --no-print-directory kill-nine KILL_CYCLES=300
	@$(MAKE) --no-print-directory contention CONTENTION_RUNS=200
