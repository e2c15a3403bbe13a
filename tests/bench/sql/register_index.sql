-- SPDX-License-Identifier: Apache-2.0
-- An offer for each that has postings.
INSERT INTO offer (id, external_id, partner, kind, title, description, levels, seats, cost, interests)
SELECT id, 'o' || id, id / 25 + 1, min(kind), 'Aanbod ' || id, repeat('Kennismaken, meedoen en leren. ', 3), min(levels),
       min(seats), min(cost), array_agg(code)
FROM posting
GROUP BY id;
SELECT setval(pg_get_serial_sequence('offer', 'id'), (SELECT max(id) FROM offer));
