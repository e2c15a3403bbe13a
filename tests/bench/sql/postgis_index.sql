-- SPDX-License-Identifier: Apache-2.0
CREATE INDEX offer_by_place ON offer USING gist (place);
CREATE INDEX offer_by_interest ON offer USING gin (interests gin__int_ops);
