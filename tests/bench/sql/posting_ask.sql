-- SPDX-License-Identifier: Apache-2.0
-- $1..$4 ranges: interest, its weight, first and last cell; $5 kinds, $6 levels, $7 most cost; $8..$10 origin;
-- $11 sum of weights, $12 radius, $13, $14 weights of interest and proximity, $15 how many.
-- The ranges hug the circle, so its rim is cut off last, when few rows are left.
SELECT id,
       ($13::int4 * (10000 * met / $11::int4) + $14::int4 * (10000 * ($12::int4 - metres) / $12::int4))
       / ($13::int4 + $14::int4) AS score,
       metres
FROM (SELECT p.id,
             sum(r.weight)::int4 AS met,
             floor(2 * 6371008.8 * asin(sqrt(min((p.x - $8::float8) * (p.x - $8::float8)
                                                 + (p.y - $9::float8) * (p.y - $9::float8)
                                                 + (p.z - $10::float8) * (p.z - $10::float8))) / 2) + 0.5)::int4 AS metres
      FROM unnest($1::int4[], $2::int4[], $3::int4[], $4::int4[]) AS r (code, weight, first, last)
      JOIN posting AS p ON p.code = r.code AND p.cell BETWEEN r.first AND r.last
      WHERE ($5::int4 >> p.kind) & 1 = 1 AND p.levels & $6::int4 <> 0 AND p.cost <= $7::int4 AND p.seats > 0
      GROUP BY p.id) AS g
WHERE metres <= $12::int4
ORDER BY score DESC
LIMIT $15::int4
