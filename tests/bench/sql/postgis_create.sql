-- SPDX-License-Identifier: Apache-2.0
-- A row for each offer. levels: 65535 where it is for all.
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS intarray;
CREATE TABLE offer (id int4 PRIMARY KEY, cost int4, kind int2, levels int4, seats int2, interests int4[],
                    x float8, y float8, z float8, place geography (Point, 4326));
