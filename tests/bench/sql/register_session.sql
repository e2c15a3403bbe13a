-- SPDX-License-Identifier: Apache-2.0
-- Every commit is on disk before it is told.
SET synchronous_commit = on;
