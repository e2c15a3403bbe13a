-- SPDX-License-Identifier: Apache-2.0
-- A row for each interest of an offer. levels: 65535 where the offer is for all.
CREATE TABLE posting (code int4, cell int4, id int4, cost int4, kind int2, levels int4, seats int2,
                      x float8, y float8, z float8);
