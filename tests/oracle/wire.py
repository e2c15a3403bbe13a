# SPDX-License-Identifier: Apache-2.0
"""Between the dicts of matcher.py and the messages of the protocol."""
import generate
from harness import command_pb2, common_pb2, match_pb2, offer_pb2, partner_pb2, taxonomy_pb2


def enum(kind, prefix, word):
    """The number of an enum's value from its word; 0 for ""."""
    return kind.Value(f"{prefix}_{word.upper()}") if word else 0


def enums(kind, prefix, words):
    return [enum(kind, prefix, word) for word in words]


def word(kind, prefix, value):
    return kind.Name(value)[len(prefix) + 1:].lower()


def point(lat, lon):
    return common_pb2.Point(lat_e6=round(lat * 1e6), lon_e6=round(lon * 1e6))


def place(row):
    """The fields region and position of a partner or an offer."""
    fields = {"region": row["region"]}
    if row["lat"] is not None:
        fields["position"] = point(row["lat"], row["lon"])
    return fields


def partner(row, number=0, version=0):
    return partner_pb2.Partner(
        id=number, version=version, external_id=row["external_id"], name=row["name"], website=row["website"],
        kind=enum(common_pb2.PartnerKind, "PARTNER_KIND", row["kind"]), **place(row),
        status=enum(common_pb2.PartnerStatus, "PARTNER_STATUS", row["status"]),
        identifiers=[partner_pb2.Identifier(scheme=scheme, value=value) for scheme, value in row["identifiers"].items()],
        accreditations=[partner_pb2.Accreditation(**held) for held in row["accreditations"]])


def offer(row, partner_id, number=0, version=0):
    """partner_id 0: the partner is named by its external id."""
    same = {name: row[name] for name in (
        "external_id", "title", "description", "url", "address", "remote", "interests", "seats", "reserved_seats",
        "reserved_until", "cost_cents", "funds", "start", "end", "hours_per_week", "allowance_cents", "deadline",
        "languages", "waiting_list")}
    given = {name: row[name] for name in ("min_age", "max_age", "direct_placement") if row[name] is not None}
    return offer_pb2.Offer(
        id=number, version=version, partner_id=partner_id, partner_external_id="" if partner_id else row["partner"],
        kind=enum(common_pb2.OfferKind, "OFFER_KIND", row["kind"]), **place(row), **same, **given,
        levels=enums(common_pb2.Level, "LEVEL", row["levels"]),
        transitions=enums(common_pb2.Transition, "TRANSITION", row["transitions"]),
        weekdays=enums(common_pb2.Weekday, "WEEKDAY", row["weekdays"]),
        needs=enums(common_pb2.Need, "NEED", row["needs"]),
        track=enum(common_pb2.Track, "TRACK", row["track"]),
        status=enum(common_pb2.OfferStatus, "OFFER_STATUS", row["status"]))


def region(row):
    return taxonomy_pb2.Region(
        code=row["code"], type=enum(common_pb2.RegionType, "REGION_TYPE", row["type"]),
        parents=row["parents"], name=row["name"], centroid=point(row["lat"], row["lon"]), successor=row["successor"])


def postcode(row):
    return taxonomy_pb2.Postcode(postcode=int(row["postcode"]), centroid=point(row["lat"], row["lon"]),
                                 municipality=row["municipality"])


def write(source, **operation):
    return command_pb2.Write(source=source, **operation)


def query(fields, cursor=b""):
    """A query of `match --batch` as a message. A weight of 10 and a limit of 20 may as well be left out."""
    same = {name: fields[name] for name in (
        "postcode", "radius_m", "region", "age", "qualification", "from_date", "to_date", "max_cost_cents", "funds",
        "languages", "referred", "limit", "max_per_partner", "as_of", "want_total", "facets", "discover") if name in fields}
    message = match_pb2.Query(
        **same, cursor=cursor, tie_seed=int(fields.get("tie_seed", 0)),
        interests=[match_pb2.WantedInterest(code=code, weight=0 if weight == 10 and fields.get("age", 0) % 2 else weight)
                   for code, weight in fields.get("interests", {}).items()],
        kinds=enums(common_pb2.OfferKind, "OFFER_KIND", fields.get("kinds", [])),
        partner_kinds=enums(common_pb2.PartnerKind, "PARTNER_KIND", fields.get("partner_kinds", [])),
        levels=enums(common_pb2.Level, "LEVEL", fields.get("levels", [])),
        transition=enum(common_pb2.Transition, "TRANSITION", fields.get("transition", "")),
        weekdays=enums(common_pb2.Weekday, "WEEKDAY", fields.get("weekdays", [])),
        needs=enums(common_pb2.Need, "NEED", fields.get("needs", [])))
    if "at" in fields:
        message.at.CopyFrom(point(*fields["at"]))
    if "from" in fields:
        message.from_region = fields["from"]
    if "weights" in fields:
        interest, proximity, transition = fields["weights"]
        message.weights.CopyFrom(match_pb2.Weights(interest=interest, proximity=proximity, transition=transition))
    return message


def match(message):
    """A match as matcher.match_of has it."""
    parts = message.parts
    has_position = message.HasField("position")
    return {
        "offer": message.offer_id, "external_id": message.external_id, "title": message.title,
        "kind": word(common_pb2.OfferKind, "OFFER_KIND", message.kind),
        "partner": message.partner_id, "partner_name": message.partner_name,
        "municipality": message.municipality, "place": message.place, "remote": message.remote,
        "position": (message.position.lat_e6 / 1e6, message.position.lon_e6 / 1e6) if has_position else None,
        "start": message.start, "end": message.end,
        "weekdays": in_week_order(word(common_pb2.Weekday, "WEEKDAY", day) for day in message.weekdays),
        "cost_cents": message.cost_cents, "url": message.url,
        "distance_m": message.distance_m if message.WhichOneof("distance") else None,
        "score": parts.score, "interest": parts.interest, "proximity": parts.proximity, "transition": parts.transition,
        "interest_matches": [(met.wanted, met.offered, met.similarity) for met in parts.interest_matches],
        "seats_free": message.seats_free,
    }


def facets(messages):
    """Facet name -> value -> count. The order of values is part of the contract."""
    found = {name: {} for name in ("kind", "partner_kind", "interest", "municipality", "province")}
    for facet in messages:
        values = [count.value for count in facet.counts]
        assert values == sorted(set(values)), f"facet {facet.name} is not in byte order: {values}"
        found[facet.name] = {count.value: count.count for count in facet.counts}
    return found


def reason(value):
    """The word of a reason, None for none."""
    return match_pb2.Reason.Name(value)[len("REASON_"):] if value else None


def in_week_order(days):
    return sorted(days, key=generate.WEEKDAYS.index)
