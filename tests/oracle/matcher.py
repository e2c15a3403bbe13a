# SPDX-License-Identifier: Apache-2.0
"""A brute-force matcher: what a match means, in plain Python, by one scan over every offer.

It is written only from the page that defines a match and shares nothing with the daemon, so that the two can be held
against each other. It is slow on purpose: no index, no bound, no early stop.

Data are lists of dicts that carry the names of the CSV columns:
  regions    code, type, parents (list), name, lat, lon, successor ("" = none)
  interests  code
  postcodes  postcode ("3111"), lat, lon, municipality
  partners   id, external_id, kind, name, region ("" = none), lat and lon (None = none), status,
             accreditations (list of dicts: crebo, first_day, last_day; "" = open)
  offers     id, external_id, partner (external id of its partner), and the other columns; lists are lists, dates are ISO
             strings with "" for none, numbers that may be absent are None. seats_taken and reserved_taken may be left
             out (0).
A query is a dict with the names of `kansenctl match --batch`: at, from, postcode, region, radius_m, ...
Degrees are floats that stand for whole millionths. ISO dates compare as strings.
"""
import math

EARTH_RADIUS_M = 6_371_008.8
DEFAULT_RADIUS_M = 25_000
PROXIMITY_RADIUS_M = 50_000  # stands in for a radius of 0 in the proximity part
REMOTE_PROXIMITY = 5_000
DEFAULT_INTEREST_WEIGHT = 10
DEFAULT_LIMIT = 20
DEFAULT_WEIGHTS = (60, 30, 10)
FIRST_DAY, LAST_DAY = "0000-00-00", "9999-99-99"  # stand in for an open end of a period

# In the order in which they are looked at.
REASONS = (
    "OFFER_NOT_OPEN", "DEADLINE_PASSED", "ENDED", "NO_SEAT", "KIND", "PARTNER_KIND", "LEVEL", "ACCREDITATION", "AGE",
    "PERIOD", "WEEKDAYS", "COST", "NEEDS", "LANGUAGE", "REGION", "DISTANCE", "INTEREST",
)


def distance_m(a, b):
    """Whole metres between two (lat, lon) in degrees."""
    lat1, lon1, lat2, lon2 = (math.radians(x) for x in (*a, *b))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return math.floor(2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h))) + 0.5)


def mix(x, s):
    """The tie order: a number that looks random but is the same everywhere."""
    mask = 2**64 - 1
    z = (x * 0x9E3779B97F4A7C15 + s) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return z ^ (z >> 31)


# Interests --------------------------------------------------------------------------------------------------------


def root(code):
    return code.split(".")[0]


def parent(code):
    """The parent's code; "" for a root."""
    return code.rpartition(".")[0]


def lies_below(low, high):
    return low.startswith(high + ".")


def similarity(wanted, offered):
    """In percent."""
    if offered == wanted or lies_below(offered, wanted):
        return 100
    if lies_below(wanted, offered):
        return 60
    if parent(wanted) and parent(wanted) == parent(offered):
        return 30
    return 0


def interest_matches(wanted_codes, offered_codes):
    """(wanted, offered, similarity) of each wanted interest that is met, by the most similar offered one, the first of
    equals."""
    met = []
    for wanted in wanted_codes:
        best = max(offered_codes, key=lambda offered: similarity(wanted, offered))  # max() keeps the first of equals
        if similarity(wanted, best) > 0:
            met.append((wanted, best, similarity(wanted, best)))
    return met


# Regions ----------------------------------------------------------------------------------------------------------


class Regions:
    """Regions, with codes that were merged away standing for the region that took their place."""

    def __init__(self, rows):
        self.rows = {row["code"]: row for row in rows}
        self.municipalities = sorted(
            code for code, row in self.rows.items() if row["type"] == "municipality" and not row["successor"])

    def region(self, code):
        """The region that a code stands for, through any chain of successors."""
        row = self.rows[code]
        while row["successor"]:
            row = self.rows[row["successor"]]
        return row

    def centroid(self, code):
        row = self.region(code)
        return row["lat"], row["lon"]

    def municipality(self, code):
        """Code of the municipality that a municipality or a place stands for."""
        row = self.region(code)
        while row["type"] == "place":
            row = self.region(row["parents"][0])
        assert row["type"] == "municipality", code
        return row["code"]

    def above(self, code):
        """Codes of all regions above a region, at any height."""
        found, todo = set(), [code]
        while todo:
            for up in self.region(todo.pop())["parents"]:
                up = self.region(up)["code"]
                if up not in found:
                    found.add(up)
                    todo.append(up)
        return found

    def closure(self, code):
        """Codes of the municipalities below a region; a municipality is below itself, a place stands for its own."""
        row = self.region(code)
        if row["type"] in ("municipality", "place"):
            return {self.municipality(code)}
        return {m for m in self.municipalities if row["code"] in self.above(m)}

    def provinces(self, municipality):
        return {up for up in self.above(municipality) if self.rows[up]["type"] == "province"}

    def nearest_municipality(self, position):
        return min(self.municipalities, key=lambda code: (distance_m(position, self.centroid(code)), code))

    def place_of(self, row, otherwise=(None, None)):
        """(position, region code) of a partner or an offer; `otherwise` when it has neither of its own."""
        position = None if row["lat"] is None else (row["lat"], row["lon"])
        code = row["region"]
        if position is None and not code:
            return otherwise
        if position is None:
            position = self.centroid(code)
        if not code:
            code = self.nearest_municipality(position)
        return position, code


# Data -------------------------------------------------------------------------------------------------------------


class World:
    """All data of a store, with the place of each offer found."""

    def __init__(self, partners, offers, regions, interests, postcodes):
        self.regions = Regions(regions)
        self.interests = {row["code"] for row in interests}
        self.postcodes = {row["postcode"]: (row["lat"], row["lon"]) for row in postcodes}
        self.partners = {row["external_id"]: row for row in partners}
        partner_places = {row["external_id"]: self.regions.place_of(row) for row in partners}
        self.offers = [Offer(row, self.partners[row["partner"]], partner_places[row["partner"]], self.regions)
                       for row in offers]
        self.by_id = {offer.id: offer for offer in self.offers}


class Offer:
    """An offer as matched."""

    def __init__(self, row, partner, partner_place, regions):
        self.id = row["id"]
        self.row = row
        self.partner = partner
        self.position, region = regions.place_of(row, otherwise=partner_place)
        # A remote offer of a partner without a place is nowhere.
        self.municipality = regions.municipality(region) if region else ""
        self.place = regions.region(region)["name"] if region else ""
        self.provinces = regions.provinces(self.municipality) if region else set()
        self.roots = {root(code) for code in row["interests"]}

    def seats_free(self, query):
        taken, reserved_taken = self.row.get("seats_taken", 0), self.row.get("reserved_taken", 0)
        free = self.row["seats"] - taken
        reserve_open = bool(self.row["reserved_until"]) and query.as_of > self.row["reserved_until"]
        if query.referred or reserve_open:
            return free
        return max(0, free - max(0, self.row["reserved_seats"] - reserved_taken))

    def accredited(self, qualification, day):
        return any(
            a["crebo"] == qualification and (a["first_day"] or FIRST_DAY) <= day <= (a["last_day"] or LAST_DAY)
            for a in self.partner["accreditations"])


class Query:
    """A query with its defaults filled in. `today` is the date that counts where the query has no as_of."""

    def __init__(self, world, fields, today):
        get = fields.get
        self.region = get("region")
        self.origin = self.find_origin(world, fields)
        no_origin = not any(get(name) for name in ("at", "from", "postcode"))
        self.radius_m = get("radius_m")
        if self.radius_m is None:
            self.radius_m = 0 if no_origin else DEFAULT_RADIUS_M
        self.closure = world.regions.closure(self.region) if self.region else None
        self.kinds = set(get("kinds") or ())
        self.partner_kinds = set(get("partner_kinds") or ())
        self.interests = {code: weight or DEFAULT_INTEREST_WEIGHT for code, weight in (get("interests") or {}).items()}
        assert set(self.interests) <= world.interests
        self.levels = set(get("levels") or ())
        self.transition = get("transition")
        self.age = get("age")
        self.qualification = get("qualification")
        self.from_date = get("from_date") or FIRST_DAY
        self.to_date = get("to_date") or LAST_DAY
        self.weekdays = set(get("weekdays") or ())
        self.max_cost_cents = get("max_cost_cents")
        self.funds = set(get("funds") or ())
        self.needs = set(get("needs") or ())
        self.languages = set(get("languages") or ())
        self.referred = get("referred", False)
        self.limit = get("limit") or DEFAULT_LIMIT
        self.max_per_partner = get("max_per_partner") or 0
        self.tie_seed = int(get("tie_seed") or 0)
        self.weights = tuple(get("weights") or DEFAULT_WEIGHTS)
        self.as_of = get("as_of") or today
        self.discover = get("discover") or 0

    @staticmethod
    def find_origin(world, fields):
        if fields.get("at"):
            return tuple(fields["at"])
        if fields.get("postcode"):
            return world.postcodes[fields["postcode"]]
        return world.regions.centroid(fields.get("from") or fields["region"])


# Eligibility ------------------------------------------------------------------------------------------------------


def first_failing(query, offer):
    """The first reason why the offer does not match, or None if it does."""
    row, partner = offer.row, offer.partner
    if row["status"] != "open" or partner["status"] != "active":
        return "OFFER_NOT_OPEN"
    if row["deadline"] and row["deadline"] < query.as_of:
        return "DEADLINE_PASSED"
    if row["end"] and row["end"] < query.as_of:
        return "ENDED"
    if offer.seats_free(query) <= 0:
        return "NO_SEAT"
    if query.kinds and row["kind"] not in query.kinds:
        return "KIND"
    if query.partner_kinds and partner["kind"] not in query.partner_kinds:
        return "PARTNER_KIND"
    if query.levels and row["levels"] and not query.levels & set(row["levels"]):
        return "LEVEL"
    if query.qualification and row["kind"] == "internship" and not offer.accredited(query.qualification, query.as_of):
        return "ACCREDITATION"
    if query.age is not None and not age_fits(query.age, row):
        return "AGE"
    if (row["start"] or FIRST_DAY) > query.to_date or (row["end"] or LAST_DAY) < query.from_date:
        return "PERIOD"
    if query.weekdays and row["weekdays"] and not query.weekdays & set(row["weekdays"]):
        return "WEEKDAYS"
    too_dear = query.max_cost_cents is not None and row["cost_cents"] > query.max_cost_cents
    if too_dear and not query.funds & set(row["funds"]):
        return "COST"
    if not query.needs <= set(row["needs"]):
        return "NEEDS"
    if query.languages and not query.languages & set(row["languages"] or ["nl"]):
        return "LANGUAGE"
    if query.closure is not None and offer.municipality not in query.closure:
        return "REGION"
    if not row["remote"] and query.radius_m > 0 and distance_m(query.origin, offer.position) > query.radius_m:
        return "DISTANCE"
    if query.interests and interest_part(query, offer) == 0:
        return "INTEREST"
    return None


def age_fits(age, row):
    return (row["min_age"] is None or row["min_age"] <= age) and (row["max_age"] is None or age <= row["max_age"])


# Score ------------------------------------------------------------------------------------------------------------


def interest_part(query, offer):
    if not query.interests:
        return 0
    met = interest_matches(query.interests, offer.row["interests"])
    return 100 * sum(query.interests[wanted] * percent for wanted, _, percent in met) // sum(query.interests.values())


def proximity_part(query, offer):
    if offer.row["remote"]:
        return REMOTE_PROXIMITY
    radius = query.radius_m or PROXIMITY_RADIUS_M
    d = distance_m(query.origin, offer.position)
    return 0 if d > radius else 10_000 * (radius - d) // radius


def transition_part(query, offer):
    if not query.transition:
        return 0
    if not offer.row["transitions"]:
        return 5_000
    return 10_000 if query.transition in offer.row["transitions"] else 0


def score(query, interest, proximity, transition, count_interest=True):
    wi, wp, wt = query.weights
    if not query.interests or not count_interest:
        wi = 0
    if not query.transition:
        wt = 0
    if wi + wp + wt == 0:
        return 0
    return (wi * interest + wp * proximity + wt * transition) // (wi + wp + wt)


# Answers ----------------------------------------------------------------------------------------------------------


def match_of(query, offer, count_interest=True):
    """What is answered about one offer."""
    row, partner = offer.row, offer.partner
    parts = (interest_part(query, offer), proximity_part(query, offer), transition_part(query, offer))
    return {
        "offer": offer.id, "external_id": row["external_id"], "title": row["title"], "kind": row["kind"],
        "partner": partner["id"], "partner_name": partner["name"],
        "municipality": offer.municipality, "place": offer.place, "remote": row["remote"],
        "position": None if row["remote"] else offer.position,
        "start": row["start"], "end": row["end"], "weekdays": row["weekdays"],
        "cost_cents": row["cost_cents"], "url": row["url"],
        "distance_m": None if row["remote"] else distance_m(query.origin, offer.position),
        "score": score(query, *parts, count_interest),
        "interest": parts[0], "proximity": parts[1], "transition": parts[2],
        "interest_matches": interest_matches(query.interests, row["interests"]),
        "seats_free": offer.seats_free(query),
    }


def in_order(query, matches):
    return sorted(matches, key=lambda m: (-m["score"], mix(m["offer"], query.tie_seed), m["offer"]))


def page_from(query, order, start):
    """(the page of the order that starts at an index, index behind the last offer that was examined)."""
    page, per_partner, at = [], {}, start
    while at < len(order) and len(page) < query.limit:
        partner = order[at]["partner"]
        if not query.max_per_partner or per_partner.get(partner, 0) < query.max_per_partner:
            page.append(order[at])
            per_partner[partner] = per_partner.get(partner, 0) + 1
        at += 1
    return page, at


def pages_of(query, order):
    """All pages that a walk by cursor gives; a cursor follows while an offer follows the last that was examined."""
    pages, at = [], 0
    while True:
        page, at = page_from(query, order, at)
        pages.append(page)
        if at >= len(order):
            return pages


def discoveries_of(query, offers):
    """offers: those that fail only INTEREST."""
    student_roots = {root(code) for code in query.interests}
    strange = [match_of(query, o, count_interest=False) for o in offers if not o.roots & student_roots]
    first_root = {o.id: root(o.row["interests"][0]) for o in offers}
    found, roots = [], set()
    for match in in_order(query, strange):
        if len(found) < query.discover and first_root[match["offer"]] not in roots:
            roots.add(first_root[match["offer"]])
            found.append(match)
    return found


def facets_of(offers):
    """Facet name -> value -> number of eligible offers."""
    facets = {"kind": {}, "partner_kind": {}, "interest": {}, "municipality": {}, "province": {}}

    def count(name, values):
        for value in values:
            facets[name][value] = facets[name].get(value, 0) + 1

    for offer in offers:
        count("kind", [offer.row["kind"]])
        count("partner_kind", [offer.partner["kind"]])
        count("interest", offer.roots)
        count("municipality", [offer.municipality] if offer.municipality else [])
        count("province", offer.provinces)
    return facets


def answer(world, fields, today):
    """The whole answer to a query: `order` (every match, best first), `pages` (lists of matches), `total`, `facets`,
    `discoveries`, and `reasons` (offer id -> first failing reason or None)."""
    query = Query(world, fields, today)
    reasons = {offer.id: first_failing(query, offer) for offer in world.offers}
    eligible = [offer for offer in world.offers if reasons[offer.id] is None]
    only_interest = [offer for offer in world.offers if reasons[offer.id] == "INTEREST"]
    order = in_order(query, [match_of(query, offer) for offer in eligible])
    return {
        "order": order,
        "pages": pages_of(query, order),
        "total": len(eligible),
        "facets": facets_of(eligible),
        "discoveries": discoveries_of(query, only_interest),
        "reasons": reasons,
    }


def explain(world, fields, offer_id, today):
    """(first failing reason or None, the match whether eligible or not)."""
    query = Query(world, fields, today)
    offer = world.by_id[offer_id]
    return first_failing(query, offer), match_of(query, offer)
