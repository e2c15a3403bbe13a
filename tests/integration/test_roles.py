# SPDX-License-Identifier: Apache-2.0
"""Every role by every request and every operation, as the protocol's descriptors list them: what is allowed is done, what is
not is refused, and what is somebody else's gets the answer of what is not there, word for word. A request or an operation
that has no row here fails the test."""
import re
import unittest

import harness
import rounds
from harness import (ALREADY_EXISTS, FAILED_PRECONDITION, INVALID_ARGUMENT, NOT_FOUND, OK, PERMISSION_DENIED, UNAUTHENTICATED, Client, client_pb2,
                     command_pb2, protocol_pb2)

ROLES = ("operator", "portal", "partner", "registrar")
STAFF, INVOLVED, EVERYBODY = ("operator", "portal"), ("operator", "portal", "partner"), ROLES
REGISTRARS, OWNERS, NOBODY = ("operator", "registrar"), ("operator", "partner", "registrar"), ()
MISSING = 987654321
PARTNER = {"kind": "PARTNER_KIND_SPORT_CLUB", "name": "Club", "region": "GM0606"}
OFFER = {"kind": "OFFER_KIND_SPORT", "title": "Training", "interests": ["sport.voetbal"], "seats": 9}


class World:
    """A daemon with a caller of each role, somebody else of each role, and something of everybody's."""

    def __init__(self):
        self.daemon, self.serial, self.tokens, self.callers = harness.Daemon().start(), 0, {}, {}
        self.admin = self.daemon.client()
        self.club, self.other_club = self.admin.add_partner("club"), self.admin.add_partner("other-club")
        for role in ROLES:
            for name in (role, f"other-{role}"):
                bound = {"partner_id": self.club if name == role else self.other_club} if role == "partner" else {}
                self.admin.write(create_client={"client": {"name": f"the-{name}", "role": f"ROLE_{role.upper()}", **bound}})
                self.tokens[name] = harness.issue_token(self.admin, f"the-{name}")
                self.callers[name] = Client(self.daemon.tcp, token=self.tokens[name])
        self.other_offer = self.offer_of("other-partner")
        self.registered = {name: self.partner_of(name) for name in ("registrar", "other-registrar")}

    def end(self):
        for client in (self.admin, *self.callers.values()):
            client.close()
        self.daemon.stop()
        self.daemon.remove()

    def fresh(self, prefix="x"):
        self.serial += 1
        return f"{prefix}{self.serial}"

    # Something that is the caller's own

    def partner_of(self, name):
        if name.endswith("partner"):
            return self.other_club if name.startswith("other") else self.club
        return self.callers[name if name.endswith("registrar") else "operator"].add_partner(self.fresh())

    def offer_of(self, name):
        caller = self.callers[name if name.endswith(("partner", "registrar")) else "operator"]
        return caller.add_offer(self.fresh(), self.partner_of(name))

    def placement_of(self, name):
        """One that the caller may move: held for a portal, asked for at a partner."""
        at_partner = name.endswith("partner")
        offer = self.offer_of(name if at_partner else "operator")
        portal = self.callers[name if name.endswith(("portal", "operator")) else "portal"]
        placement = portal.write(reserve_placement={"offer_id": offer, "student": self.fresh("s")}).id
        if at_partner:  # of an offer that is no internship the partner is asked
            portal.write(move_placement={"id": placement, "move": "PLACEMENT_MOVE_REQUEST"})
        return placement

    def student_of(self, name):
        portal, student = self.callers[name if name.endswith(("portal", "operator")) else "portal"], self.fresh("s")
        portal.write(reserve_placement={"offer_id": self.offer_of("operator"), "student": student})
        return student

    def round(self, state="open", offers=None):
        """The name of a round with an offer, in a state."""
        name = self.fresh("round")
        made = rounds.Round(self.admin, name, secrets=rounds.secrets_of(name)[:1]).take(offers or [self.offer_of("operator")])
        if state != "created":
            made.step("open")
        if state in ("frozen", "computed"):
            made.freeze()
        if state == "computed":
            made.draw().compute()
        if state == "published":
            made.submit("one", [], issuer="school")
            made.freeze()
            made.draw().compute()
            made.publish()
        return made.name

    def listed(self, name):
        """(round, student) of a list that the caller submitted."""
        round_, student = self.round(), self.fresh("s")
        caller = self.callers[name if name.endswith(("portal", "operator")) else "portal"]
        caller.write(submit_round_list={"round": round_, "issuer": self.issuer(name), "student": student})
        return round_, student

    def computed_list(self, name):
        """The same of a round that is computed."""
        round_, student = self.listed(name)
        for step in ("freeze", "compute"):
            if step == "compute":
                self.admin.write(draw_round={"round": round_, "secrets": rounds.secrets_of(round_)[:1], "beacon_bytes": b"x"})
            self.admin.write(move_round={"round": round_, "step": rounds.STEPS[step]})
            rounds.wait(self.admin, round_)
        return round_, student

    def objection(self):
        """(round, id) of an open one to a published result."""
        name = self.round("published")
        return name, self.admin.write(object_to_round={"round": name, "issuer": "school", "student": "one", "kind": 1}).id

    def proposed(self):
        """The same, to which a correction is proposed."""
        name, objection = self.objection()
        self.admin.write(review_objection={"round": name, "id": objection, "correct": True, "reason": "r"})
        return name, objection

    @staticmethod
    def issuer(name):
        return "school" if name.endswith("operator") else ""

    def version(self, **get):
        answer = self.admin.ask(**get)
        return getattr(answer, answer.WhichOneof("body")).version if answer.status.code == OK else 1

    # The writes of a taxonomy, of clients and of tokens need something to write about

    def interest(self):
        code = self.fresh("sport.i")
        self.admin.write(upsert_interest={"interest": {"code": code, "label_nl": code, "label_en": code}})
        return code

    def region(self):
        code = self.fresh("AL")
        self.admin.write(upsert_region={"region": self.region_body(code)})
        return code

    def region_body(self, code):
        return {"code": code, "type": "REGION_TYPE_ALLIANCE_REGION", "parents": ["NL"], "name": code,
                "centroid": harness.point(52, 5)}

    def postcode(self):
        self.serial += 1
        number = 1000 + self.serial
        self.admin.write(upsert_postcode={"postcode": self.postcode_body(number)})
        return number

    def postcode_body(self, number):
        return {"postcode": number, "municipality": "GM0606", "centroid": harness.point(52, 5)}

    def client(self):
        name = self.fresh("c")
        self.admin.write(create_client={"client": {"name": name, "role": "ROLE_PORTAL"}})
        return name

    def token(self):
        return self.admin.write(issue_token={"client": self.client()}).id


class Row:
    """Who may ask; a body about something that is the caller's own; and, where there are such things, how to say it of a
    thing by its id, so that it can be said of somebody else's (others gives its id by role) and of none."""

    def __init__(self, allowed, body, others=None, missing=MISSING, codes=(OK,), check=None):
        self.allowed, self.body, self.others = allowed, body, others or {}
        self.missing, self.codes, self.check = missing, codes, check


def about(thing, body):
    """A body about a thing of the role's own."""
    return lambda w, role, thing_id=None: body(w, getattr(w, thing)(role) if thing_id is None else thing_id, role)



OTHER_PARTNERS = {"partner": lambda w: w.other_club, "registrar": lambda w: w.registered["other-registrar"]}
OTHER_OFFERS = {"partner": lambda w: w.other_offer, "registrar": lambda w: w.other_offer}
OTHER_PLACEMENTS = {"portal": lambda w: w.placement_of("other-portal"), "partner": lambda w: w.placement_of("other-partner")}


def new_partner(w, _role, _id=None):
    return {"partner": {**PARTNER, "external_id": w.fresh()}}


def offer_at(w, partner, _role):
    return {"offer": {**OFFER, "external_id": w.fresh(), "partner_id": partner}}


def offer_again(w, offer, role):
    answer = w.admin.ask(get_offer={"id": offer})
    partner = answer.get_offer.partner_id if answer.status.code == OK and role != "partner" else w.partner_of(role)
    return {"offer": {**OFFER, "id": offer, "version": w.version(get_offer={"id": offer}), "partner_id": partner}}


def list_of(w, listed, role):
    return {"round": listed[0], "issuer": w.issuer(role), "student": listed[1]}


def draw_body(w, _role, _id=None):
    name = w.round("frozen")
    return {"round": name, "secrets": rounds.secrets_of(name)[:1], "beacon_bytes": b"x"}


def create_round_body(w, _role, _id=None):
    name = w.fresh("round")
    return {"name": name, "plan": rounds.plan(name, rounds.secrets_of(name)[:1]), "single_party": True}


def move_of(role):
    return "PLACEMENT_MOVE_ACCEPT" if role == "partner" else "PLACEMENT_MOVE_WITHDRAW"


OPERATIONS = {
    "create_partner": Row(REGISTRARS, new_partner),
    "replace_partner": Row(OWNERS, about("partner_of", lambda w, i, _: {"partner": {
        **PARTNER, "id": i, "website": f"https://example.org/{w.fresh()}", "version": w.version(get_partner={"id": i})}}), OTHER_PARTNERS),
    "upsert_partner": Row(REGISTRARS, new_partner),
    "set_partner_status": Row(("operator",), about("partner_of", lambda w, i, _: {"id": i, "status": "PARTNER_STATUS_ACTIVE"})),
    "remove_partner": Row(REGISTRARS, about("partner_of", lambda w, i, _: {"id": i}), OTHER_PARTNERS),
    "create_offer": Row(OWNERS, about("partner_of", offer_at), OTHER_PARTNERS),
    "replace_offer": Row(OWNERS, about("offer_of", offer_again), OTHER_OFFERS),
    "upsert_offer": Row(OWNERS, about("partner_of", offer_at), OTHER_PARTNERS),
    "set_offer_status": Row(OWNERS, about("offer_of", lambda w, i, _: {"id": i, "status": "OFFER_STATUS_PAUSED"}), OTHER_OFFERS),
    "remove_offer": Row(OWNERS, about("offer_of", lambda w, i, _: {"id": i}), OTHER_OFFERS),
    "reserve_placement": Row(STAFF, about("offer_of", lambda w, i, _: {"offer_id": i, "student": w.fresh("s")})),
    "move_placement": Row(INVOLVED, about("placement_of", lambda w, i, role: {"id": i, "move": move_of(role)}), OTHER_PLACEMENTS),
    "forget_student": Row(STAFF, about("student_of", lambda w, i, _: {"student": i}),
                          {"portal": lambda w: w.student_of("other-portal")}, missing="nobody"),
    "tick": Row(NOBODY, lambda w, role, _=None: {}),
    "upsert_interest": Row(("operator",), lambda w, role, _=None: {"interest": {
        "code": w.fresh("sport.i"), "label_nl": "a", "label_en": "b"}}),
    "remove_interest": Row(("operator",), lambda w, role, _=None: {"code": w.interest()}),
    "upsert_region": Row(("operator",), lambda w, role, _=None: {"region": w.region_body(w.fresh("AL"))}),
    "remove_region": Row(("operator",), lambda w, role, _=None: {"code": w.region()}),
    "upsert_postcode": Row(("operator",), lambda w, role, _=None: {"postcode": w.postcode_body(9999)}),
    "remove_postcode": Row(("operator",), lambda w, role, _=None: {"postcode": w.postcode()}),
    "create_client": Row(("operator",), lambda w, role, _=None: {"client": {"name": w.fresh("c"), "role": "ROLE_PORTAL"}}),
    "set_client_status": Row(("operator",), lambda w, role, _=None: {"name": w.client(), "status": "CLIENT_STATUS_SUSPENDED"}),
    "set_client_certificate": Row(("operator",), lambda w, role, _=None: {"name": w.client(), "certificate_login": True}),
    "issue_token": Row(("operator",), lambda w, role, _=None: {"client": w.client()}),
    "create_round": Row(("operator",), create_round_body),
    "take_round_offers": Row(("operator",), lambda w, role, _=None: {"round": w.round("created"), "all": True}),
    "move_round": Row(("operator",), lambda w, role, _=None: {"round": w.round(), "step": "ROUND_STEP_CANCEL", "reason": "r"}),
    "draw_round": Row(("operator",), draw_body),
    "submit_round_list": Row(STAFF, lambda w, role, _=None: list_of(w, (w.round(), w.fresh("s")), role)),
    "withdraw_round_list": Row(STAFF, lambda w, role, _=None: list_of(w, w.listed(role), role)),
    "record_round": Row(("operator",), lambda w, role, _=None: {
        "round": w.round("computed"), "digest": bytes(32), "key": rounds.digest(w.fresh().encode())}),
    "object_to_round": Row(STAFF, lambda w, role, _=None: {**list_of(w, w.computed_list(role), role), "kind": 1}),
    "review_objection": Row(("operator",), lambda w, role, _=None: dict(zip(("round", "id"), w.objection())) | {"reason": "r"}),
    "agree_to_correction": Row(("operator",), lambda w, role, _=None: dict(zip(("round", "id"), w.proposed()))),
    "advance_round": Row(NOBODY, lambda w, role, _=None: {"round_id": 1, "count": 1}),
    "revoke_token": Row(("operator",), lambda w, role, _=None: {"id": w.token()}),
    "load_stream": Row(("operator",), lambda w, role, _=None: {}, codes=(FAILED_PRECONDITION,)),  # none is being read
}


def only_own_partners(test, w, role, answer):
    for partner in answer.list_partners.partners:
        test.assertTrue(role in STAFF or partner.id == w.club if role != "registrar" else partner.source == "the-registrar", partner)
    test.assertGreater(len(answer.list_partners.partners), 0)


def only_own_offers(test, w, role, answer):
    for offer in answer.list_offers.offers:
        test.assertTrue(role in STAFF or offer.partner_id == w.club if role != "registrar" else offer.source == "the-registrar", offer)
    test.assertGreater(len(answer.list_offers.offers), 0)


def only_own_placements(test, w, role, answer):
    for placement in answer.list_placements.placements:
        test.assertTrue(role == "operator" or placement.client == "the-portal" or placement.partner_id == w.club, placement)
    test.assertGreater(len(answer.list_placements.placements), 0)


REQUESTS = {
    "hello": Row(EVERYBODY, lambda w, role, _=None: {"protocol_version": 1, "token": w.tokens[role]}),
    "ping": Row(EVERYBODY, lambda w, role, _=None: {}),
    "health": Row(EVERYBODY, lambda w, role, _=None: {}),
    "status": Row(("operator",), lambda w, role, _=None: {}),
    "write": Row(EVERYBODY, lambda w, role, _=None: {}, codes=(INVALID_ARGUMENT,)),  # what may be written: OPERATIONS
    "batch": Row(EVERYBODY, lambda w, role, _=None: {}),
    "get_partner": Row(EVERYBODY, about("partner_of", lambda w, i, _: {"id": i}), OTHER_PARTNERS),
    "list_partners": Row(EVERYBODY, lambda w, role, _=None: {"limit": 1000}, check=only_own_partners),
    "get_offer": Row(EVERYBODY, about("offer_of", lambda w, i, _: {"id": i}), OTHER_OFFERS),
    "list_offers": Row(EVERYBODY, lambda w, role, _=None: w.offer_of(role) and {"limit": 1000}, check=only_own_offers),
    "list_interests": Row(EVERYBODY, lambda w, role, _=None: {}),
    "list_regions": Row(EVERYBODY, lambda w, role, _=None: {}),
    "list_postcodes": Row(EVERYBODY, lambda w, role, _=None: {}),
    "find_interests": Row(EVERYBODY, lambda w, role, _=None: {"text": "voetbal"}),
    "find_regions": Row(EVERYBODY, lambda w, role, _=None: {"text": "Schiedam"}),
    "match": Row(STAFF, lambda w, role, _=None: {"query": {"region": "NL"}}),
    "explain": Row(STAFF, about("offer_of", lambda w, i, _: {"query": {"region": "NL"}, "offer_id": i})),
    "get_placement": Row(INVOLVED, about("placement_of", lambda w, i, _: {"id": i}), OTHER_PLACEMENTS),
    "list_placements": Row(INVOLVED, lambda w, role, _=None: w.placement_of(role) and {"limit": 1000}, check=only_own_placements),
    "count_declines": Row(("operator", "partner"), about("partner_of", lambda w, i, _: {"partner_id": i}),
                          {"partner": lambda w: w.other_club}),
    "watch": Row(INVOLVED, lambda w, role, _=None: {}),
    "list_clients": Row(("operator",), lambda w, role, _=None: {}),
    "get_round": Row(EVERYBODY, lambda w, role, _=None: {"name": w.round("created")}),
    "list_rounds": Row(EVERYBODY, lambda w, role, _=None: {}),
    "get_round_student": Row(STAFF, lambda w, role, _=None: list_of(w, w.listed(role), role)),
    "list_round_objections": Row(STAFF, lambda w, role, _=None: {"round": w.round("created")}),
    "list_round_lines": Row(("operator",), lambda w, role, _=None: {"round": w.round("frozen"), "sort": 1}),
    "list_tokens": Row(("operator",), lambda w, role, _=None: {}),
    "dump": Row(("operator",), lambda w, role, _=None: {"kind": "STREAM_KIND_JOURNAL"}),
    "backup": Row(("operator",), lambda w, role, _=None: {"name": w.fresh("backup")}),
}


def fields_of(descriptor, oneof):
    return {field.name for field in descriptor.oneofs_by_name[oneof].fields}


def told(answer, thing):
    """What an answer says, with the thing that was asked for cut out: one that says more than that it is not there says it
    with something that is of one thing and not of another."""
    return answer.status.code, answer.status.field, re.sub(rf"\b{re.escape(str(thing))}\b", "THING", answer.status.message)


class Matrix(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.w = World()
        cls.addClassCleanup(cls.w.end)

    def test_every_request_and_operation_has_a_row(self):
        self.assertEqual(fields_of(protocol_pb2.Request.DESCRIPTOR, "body"), set(REQUESTS))
        self.assertEqual(fields_of(command_pb2.Write.DESCRIPTOR, "operation"), set(OPERATIONS))
        self.assertEqual({name for name in client_pb2.Role.keys() if name != "ROLE_UNSPECIFIED"},
                         {f"ROLE_{role.upper()}" for role in ROLES})

    def walk(self, rows, ask):
        for name, row in rows.items():
            for role in ROLES:
                with self.subTest(name, role=role):
                    if role in row.allowed:
                        self.check_allowed(row, role, lambda body, r=role, n=name: ask(r, n, body))
                    else:
                        self.check_refused(row, role, lambda body, r=role, n=name: ask(r, n, body))

    def check_allowed(self, row, role, ask):
        answer = ask(row.body(self.w, role))
        self.assertIn(answer.status.code, row.codes, answer.status)
        if row.check:
            row.check(self, self.w, role, answer)
        if role not in row.others:
            return
        thing = row.others[role](self.w)
        others, missing = ask(row.body(self.w, role, thing)), ask(row.body(self.w, role, row.missing))
        self.assertNotEqual(missing.status.code, OK)
        self.assertEqual(told(others, thing), told(missing, row.missing))

    def check_refused(self, row, role, ask):
        """One answer, whatever it is about: something that is there, or nothing."""
        answer = ask(row.body(self.w, "operator"))
        self.assertEqual(answer.status.code, PERMISSION_DENIED, answer.status)
        if row.allowed:
            self.assertEqual(ask(row.body(self.w, "operator", row.missing)).status, answer.status)

    def test_requests(self):
        self.walk(REQUESTS, lambda role, name, body: Client(self.w.daemon.tcp, token=self.w.tokens[role]).ask(**{name: body})
                  if name in ("watch", "backup") else self.w.callers[role].ask(**{name: body}))

    def test_operations(self):
        self.walk(OPERATIONS, lambda role, name, body: self.w.callers[role].ask(write={name: body}))

    def test_operations_in_a_batch(self):
        """A write of a batch that is refused is refused alone."""
        def ask(role, name, body):
            answer = self.w.callers[role].ask(batch={"writes": [{name: body}]})
            self.assertEqual(answer.status.code, OK)
            return answer.batch.results[0]
        self.walk(OPERATIONS, ask)

    def test_nothing_before_a_token(self):
        for name, row in REQUESTS.items():
            with self.subTest(name), Client(self.w.daemon.tcp, hello=False) as stranger:
                body = {"protocol_version": 1} if name == "hello" else row.body(self.w, "operator")
                answer = stranger.ask(**{name: body})
                if name in ("ping", "health"):
                    self.assertEqual(answer.status.code, OK)
                elif name == "hello":
                    self.assertEqual(answer.status.code, UNAUTHENTICATED)
                else:
                    self.assertEqual((answer.status.code, answer.status.field), (harness.FAILED_PRECONDITION, "hello"))


class Fields(unittest.TestCase):
    """Rights per field, sources, and what lists and the feed show."""

    @classmethod
    def setUpClass(cls):
        cls.w = World()
        cls.addClassCleanup(cls.w.end)

    def refused(self, caller, code, field, **body):
        answer = self.w.callers[caller].ask(write=body)
        self.assertEqual((answer.status.code, answer.status.field), (code, field), answer.status)

    def club(self, **changes):
        stored = self.w.admin.call(get_partner={"id": self.w.club}).get_partner
        return {"id": stored.id, "version": stored.version, **PARTNER, **changes}

    def test_a_partner_keeps_status_and_accreditations(self):
        accreditations = [{"crebo": 25655}]
        self.w.admin.write(replace_partner={"partner": self.club(accreditations=accreditations, external_id="club")})
        self.refused("partner", PERMISSION_DENIED, "partner.status", replace_partner={
            "partner": self.club(status="PARTNER_STATUS_SUSPENDED")})
        self.refused("partner", PERMISSION_DENIED, "partner.accreditations", replace_partner={
            "partner": self.club(accreditations=[{"crebo": 25180}])})
        self.refused("partner", PERMISSION_DENIED, "partner.external_id", replace_partner={"partner": self.club(external_id="mine")})
        self.w.callers["partner"].write(replace_partner={"partner": self.club(website="https://example.org/new")})
        stored = self.w.admin.call(get_partner={"id": self.w.club}).get_partner
        self.assertEqual((stored.website, stored.external_id, stored.accreditations[0].crebo, stored.status),
                         ("https://example.org/new", "club", 25655, 2))

    def test_a_partner_keeps_who_it_is(self):
        """An operator made it active as this one, by these numbers."""
        numbers, others = [{"scheme": "kvk", "value": "12345678"}], [{"scheme": "kvk", "value": "87654321"}]
        accredited = [{"scheme": "leerbedrijf", "value": "L1"}]
        self.refused("partner", PERMISSION_DENIED, "partner.identifiers", replace_partner={
            "partner": self.club(identifiers=accredited)})
        self.w.admin.write(replace_partner={"partner": self.club(external_id="club", identifiers=numbers)})
        for changes in ({"name": "Better club"}, {"kind": "PARTNER_KIND_COMPANY"}, {"identifiers": others},
                        {"identifiers": numbers + accredited}):
            self.refused("partner", PERMISSION_DENIED, f"partner.{list(changes)[0]}", replace_partner={"partner": self.club(**changes)})
        for given in (numbers, []):
            self.w.callers["partner"].write(replace_partner={
                "partner": self.club(identifiers=given, website=f"https://example.org/{len(given)}")})
            stored = self.w.admin.call(get_partner={"id": self.w.club}).get_partner
            self.assertEqual((stored.identifiers[0].value, stored.website), ("12345678", f"https://example.org/{len(given)}"))
        self.w.admin.write(set_partner_status={"id": self.w.club, "status": "PARTNER_STATUS_PENDING"})
        self.refused("partner", PERMISSION_DENIED, "partner.name", replace_partner={"partner": self.club(name="Better club")})
        self.w.admin.write(set_partner_status={"id": self.w.club, "status": "PARTNER_STATUS_ACTIVE"})

    def test_what_a_registrar_registers_waits_for_an_operator(self):
        registrar = self.w.callers["registrar"]
        self.refused("registrar", PERMISSION_DENIED, "partner.status", create_partner={
            "partner": {**PARTNER, "external_id": "eager", "status": "PARTNER_STATUS_ACTIVE"}})
        self.refused("registrar", PERMISSION_DENIED, "partner.accreditations", upsert_partner={
            "partner": {**PARTNER, "external_id": "eager", "accreditations": [{"crebo": 25655}]}})
        partner = registrar.add_partner("patient")
        offer = registrar.add_offer("patient-1", partner)
        stored = registrar.call(get_partner={"id": partner}).get_partner
        self.assertEqual((stored.status, stored.source), (1, "the-registrar"))
        self.assertNotIn(offer, self.w.admin.matched(region="NL"))
        self.w.admin.write(set_partner_status={"id": partner, "status": "PARTNER_STATUS_ACTIVE"})
        self.assertIn(offer, self.w.admin.matched(region="NL"))
        result = registrar.write(upsert_partner={"partner": {
            **PARTNER, "external_id": "patient", "website": "https://example.org/patient"}})
        self.assertEqual((result.id, result.outcome), (partner, 2))
        self.assertEqual(registrar.call(get_partner={"id": partner}).get_partner.status, 2)

    def test_what_an_operator_let_in_is_no_more_a_registrars(self):
        """To make somebody else of, or to remove with who is placed there; what is pending is."""
        registrar, numbers = self.w.callers["registrar"], [{"scheme": "kvk", "value": "12345678"}]
        partner = registrar.add_partner("let-in")
        changes = {"name": "Renamed", "kind": "PARTNER_KIND_COMPANY", "identifiers": numbers}
        given = {**PARTNER, "external_id": "let-in"}
        self.assertEqual(registrar.write(upsert_partner={"partner": {**given, **changes}}).outcome, 2)
        self.assertEqual(registrar.write(upsert_partner={"partner": given}).outcome, 2)
        self.w.admin.write(set_partner_status={"id": partner, "status": "PARTNER_STATUS_ACTIVE"})
        offer = registrar.add_offer("let-in-1", partner)
        placement = self.w.callers["portal"].write(reserve_placement={"offer_id": offer, "student": "let-in"}).id
        for status in ("PARTNER_STATUS_ACTIVE", "PARTNER_STATUS_SUSPENDED"):
            self.w.admin.write(set_partner_status={"id": partner, "status": status})
            before = self.w.admin.call(get_partner={"id": partner}).get_partner
            for name, value in changes.items():
                self.refused("registrar", PERMISSION_DENIED, f"partner.{name}", upsert_partner={"partner": {**given, name: value}})
                self.refused("registrar", PERMISSION_DENIED, f"partner.{name}", replace_partner={
                    "partner": {**given, "id": partner, "version": before.version, name: value}})
            self.refused("registrar", PERMISSION_DENIED, "id", remove_partner={"id": partner})
            self.assertEqual(self.w.admin.call(get_partner={"id": partner}).get_partner, before)
        self.assertEqual(self.w.admin.call(get_placement={"id": placement}).get_placement.offer_id, offer)
        self.w.admin.write(set_partner_status={"id": partner, "status": "PARTNER_STATUS_PENDING"})
        registrar.write(remove_partner={"id": partner})

    def test_the_source_is_bound_to_the_client(self):
        for role, operation in (("registrar", {"create_partner": {"partner": {**PARTNER, "external_id": "b"}}}),
                                ("partner", {"create_offer": {"offer": {**OFFER, "external_id": "b"}}})):
            self.refused(role, PERMISSION_DENIED, "source", source="local", **operation)
            own = self.w.callers[role].write(source=f"the-{role}", **operation)
            self.assertGreater(own.id, 0)
        self.assertEqual(self.w.admin.write(source="anything", create_partner={"partner": {**PARTNER, "external_id": "b"}}).outcome, 1)
        found = self.w.callers["registrar"].call(get_partner={"external_id": "b"}).get_partner
        self.assertEqual(found.source, "the-registrar")

    def test_an_id_that_another_partner_has_in_the_same_source(self):
        """The operator gave both partners' offers ids of one source: the partner learns that the id is taken, not whose it is."""
        self.w.admin.write(create_client={"client": {"name": "shared", "role": "ROLE_PARTNER", "partner_id": self.w.club,
                                                     "source": "local"}})
        self.w.admin.add_offer("theirs", self.w.other_club)
        with Client(self.w.daemon.tcp, token=harness.issue_token(self.w.admin, "shared")) as shared:
            for operation in ("create_offer", "upsert_offer"):
                answer = shared.ask(write={operation: {"offer": {**OFFER, "external_id": "theirs"}}})
                self.assertEqual((answer.status.code, answer.status.message), (ALREADY_EXISTS, "'theirs' is taken in source local"))

    def test_an_external_id_of_another_source_stays(self):
        """Else a partner could try which ids another source has taken."""
        offer = self.w.admin.add_offer("imported", self.w.club)
        self.w.admin.add_offer("somebody", self.w.other_club)
        for text in ("somebody", "nobody"):
            self.refused("partner", PERMISSION_DENIED, "offer.external_id", replace_offer={
                "offer": {**OFFER, "id": offer, "version": 1, "external_id": text}})
        self.w.callers["partner"].write(replace_offer={"offer": {**OFFER, "id": offer, "version": 1, "title": "New"}})
        stored = self.w.admin.call(get_offer={"id": offer}).get_offer
        self.assertEqual((stored.title, stored.external_id, stored.source), ("New", "imported", "local"))
        own = self.w.callers["partner"].write(create_offer={"offer": {**OFFER, "external_id": "own"}}).id
        self.w.callers["partner"].write(replace_offer={"offer": {**OFFER, "id": own, "version": 1, "external_id": "own-2"}})

    def test_by_external_id(self):
        """Asked for by external id, somebody else's record is answered as one that is not there, with no id in it."""
        self.w.admin.add_offer("club-offer", self.w.other_club)
        for name, external_id in (("get_partner", "other-club"), ("get_offer", "club-offer")):
            answers = [self.w.callers["partner"].ask(**{name: {"source": "local", "external_id": text}})
                       for text in (external_id, "nobody")]
            self.assertEqual(told(answers[0], external_id), told(answers[1], "nobody"))
            self.assertEqual(answers[0].status.code, NOT_FOUND)

    def test_a_partner_needs_not_name_itself(self):
        offer = self.w.callers["partner"].write(create_offer={"offer": {**OFFER, "external_id": "plain"}}).id
        self.assertEqual(self.w.admin.call(get_offer={"id": offer}).get_offer.partner_id, self.w.club)
        answer = self.w.callers["partner"].ask(write={"create_offer": {"offer": {**OFFER, "partner_external_id": "other-club"}}})
        self.assertEqual((answer.status.code, answer.status.field), (INVALID_ARGUMENT, "offer.partner_external_id"))

    def test_the_feed_shows_what_is_the_callers(self):
        for name in ("portal", "other-portal", "partner"):
            self.w.placement_of(name)
        self.w.client()
        for role in INVOLVED:
            with self.subTest(role), Client(self.w.daemon.tcp, token=self.w.tokens[role]) as caller:
                caller.send(caller.request(watch={"from_sequence": 1, "until_now": True}))
                changes, kinds = [], command_pb2.RecordKind
                while not (answer := caller.receive()).watch.end or answer.watch.events:
                    self.assertEqual(answer.status.code, OK)
                    changes += [change for event in answer.watch.events for change in event.changes]
                    if answer.watch.end:
                        break
                self.assertGreater(len(changes), 0)
                for change in changes:
                    if role != "operator":
                        self.assertNotIn(change.kind, (kinds.RECORD_KIND_CLIENT, kinds.RECORD_KIND_TOKEN))
                    if change.kind == kinds.RECORD_KIND_PLACEMENT:
                        self.assertTrue({"operator": True, "portal": change.client == "the-portal",
                                         "partner": change.partner_id == self.w.club}[role], change)
                    if change.kind in (kinds.RECORD_KIND_PARTNER, kinds.RECORD_KIND_OFFER) and role == "partner":
                        self.assertEqual(change.id if change.kind == kinds.RECORD_KIND_PARTNER else change.partner_id, self.w.club)
                if role == "operator":
                    self.assertTrue(any(change.kind == kinds.RECORD_KIND_TOKEN for change in changes))

    def test_pages_of_a_registrar(self):
        """Page by page, with much of others' between its own."""
        registrar, mine = self.w.callers["registrar"], set()
        for i in range(7):
            mine.add(registrar.add_partner(f"page-{i}"))
            self.w.admin.add_partner(f"page-{i}")
        seen, cursor = [], b""
        while True:
            page = registrar.call(list_partners={"limit": 2, "cursor": cursor}).list_partners
            seen += [partner.id for partner in page.partners]
            cursor = page.next_cursor
            if not cursor:
                break
        self.assertEqual(len(seen), len(set(seen)))
        self.assertLessEqual(mine, set(seen))


if __name__ == "__main__":
    unittest.main()
