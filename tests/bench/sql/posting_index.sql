-- SPDX-License-Identifier: Apache-2.0
-- Holds all that a query reads, so that it never looks into the table.
CREATE INDEX posting_by_code ON posting (code, cell) INCLUDE (id, cost, kind, levels, seats, x, y, z);
