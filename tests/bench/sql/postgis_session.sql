-- SPDX-License-Identifier: Apache-2.0
-- The planner sees each query's own values, as the better of the two indexes depends on them.
SET plan_cache_mode = force_custom_plan;
