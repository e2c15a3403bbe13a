-- SPDX-License-Identifier: Apache-2.0
-- $1, $2 interests and their weights; $3, $4 longitude and latitude; $5.. as in posting_ask.sql.
-- PostGIS takes a radius of the earth that differs in the seventh digit, hence the metre; the exact distance follows.
SELECT id,
       ($13::int4 * (10000 * met / $11::int4) + $14::int4 * (10000 * ($12::int4 - metres) / $12::int4))
       / ($13::int4 + $14::int4) AS score,
       metres
FROM (SELECT id,
             (SELECT sum(w)::int4 FROM unnest($1::int4[], $2::int4[]) AS u (c, w) WHERE c = ANY (interests)) AS met,
             floor(2 * 6371008.8 * asin(sqrt((x - $8::float8) * (x - $8::float8) + (y - $9::float8) * (y - $9::float8)
                                             + (z - $10::float8) * (z - $10::float8)) / 2) + 0.5)::int4 AS metres
      FROM offer
      WHERE ST_DWithin(place, ST_SetSRID(ST_MakePoint($3::float8, $4::float8), 4326)::geography, $12::int4 + 1, false)
        AND interests && $1::int4[]
        AND ($5::int4 >> kind) & 1 = 1 AND levels & $6::int4 <> 0 AND cost <= $7::int4 AND seats > 0
      OFFSET 0) AS g
WHERE metres <= $12::int4
ORDER BY score DESC
LIMIT $15::int4
