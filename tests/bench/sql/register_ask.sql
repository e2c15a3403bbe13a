-- SPDX-License-Identifier: Apache-2.0
-- One statement, so one round trip and one transaction. $1 external id, $2 partner, $3 kind, $4 title, $5 description,
-- $6, $7 position, $8 levels, $9 seats, $10 cost, $11 interests, $12 cell, $13..$15 unit vector.
WITH made AS (
    INSERT INTO offer (external_id, partner, kind, title, description, lat_e6, lon_e6, levels, seats, cost, interests)
    VALUES ($1::text, $2::int4, $3::int4, $4::text, $5::text, $6::int4, $7::int4, $8::int4, $9::int4, $10::int4,
            $11::int4[])
    RETURNING id)
INSERT INTO posting (code, cell, id, cost, kind, levels, seats, x, y, z)
SELECT code, $12::int4, made.id, $10::int4, $3::int4, $8::int4, $9::int4, $13::float8, $14::float8, $15::float8
FROM made, unnest($11::int4[]) AS code
