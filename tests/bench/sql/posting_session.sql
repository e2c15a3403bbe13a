-- SPDX-License-Identifier: Apache-2.0
-- How many rows a range has is not known when the plan is made; these keep the plan that is best for many.
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_sort = off;
