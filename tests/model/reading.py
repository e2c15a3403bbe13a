# SPDX-License-Identifier: Apache-2.0
"""Reads a daemon whole: all records, the journal, and the seats that a query sees."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import harness  # noqa: E402
from harness import OK, command_pb2  # noqa: E402

# Numbers of the protocol.
(WAITING, ENTERED, HELD, REQUESTED, ACCEPTED, CONFIRMED, STARTED, COMPLETED, DECLINED, WITHDRAWN, EXPIRED, DROPPED_OUT,
 CANCELLED) = range(1, 14)
REQUEST, ACCEPT, DECLINE, CONFIRM, START, COMPLETE, WITHDRAW, DROP_OUT, CANCEL = range(1, 10)
CREATED, UPDATED, UNCHANGED, REMOVED = range(1, 5)
PARTNER, OFFER, PLACEMENT = 1, 2, 6  # kinds of records

SEATED = range(HELD, COMPLETED + 1)
LIVE = range(WAITING, STARTED + 1)

# Where a move leads, by the states that allow it; a request leads to ACCEPTED where no answer is needed.
BEFORE_START = (WAITING, ENTERED, HELD, REQUESTED, ACCEPTED, CONFIRMED)
MOVES = {
    REQUEST: ((HELD,), REQUESTED),
    ACCEPT: ((REQUESTED,), ACCEPTED),
    DECLINE: ((REQUESTED,), DECLINED),
    CONFIRM: ((ACCEPTED,), CONFIRMED),
    START: ((CONFIRMED,), STARTED),
    COMPLETE: ((STARTED,), COMPLETED),
    WITHDRAW: (BEFORE_START, WITHDRAWN),
    DROP_OUT: ((STARTED,), DROPPED_OUT),
    CANCEL: ((REQUESTED, ACCEPTED, CONFIRMED, STARTED), CANCELLED),
}


def list_all(client, what):
    """All partners, offers or placements, in the order of their ids."""
    found, cursor = [], b""
    while True:
        page = getattr(client.call(**{f"list_{what}": {"limit": 1000, "cursor": cursor}}), f"list_{what}")
        found += getattr(page, what)
        cursor = page.next_cursor
        if not cursor:
            return found


def journal(client, first):
    """The events of the journal from a sequence on to its end."""
    request = client.request(watch={"from_sequence": first, "until_now": True})
    client.send(request)
    events = []
    while True:
        response = client.receive()
        assert response is not None, "the connection ended inside a watch"
        assert response.status.code == OK, response.status
        for event in response.watch.events:
            if events and events[-1].sequence == event.sequence:  # a long entry comes in parts
                events[-1].changes.extend(event.changes)
            else:
                events.append(event)
        if response.watch.end:
            return events


def free_seats(client, offers, referred=True):
    """What a query sees of each offer: id -> free seats."""
    query = {"region": "NL", "referred": referred}
    answers = client.pipeline([client.request(explain={"query": query, "offer_id": offer}) for offer in offers])
    for answer in answers:
        assert answer.status.code == OK, answer.status
    return {answer.explain.match.offer_id: answer.explain.match.seats_free for answer in answers}


def check_store(daemon):
    """The offline check of a daemon that does not run must find nothing."""
    done = harness.run([harness.kansend(), "-c", daemon.scratch / "none.conf", "--data-dir", daemon.data_dir, "--check"])
    assert done.returncode == 0, f"--check:\n{done.stdout}{done.stderr}"


def write(**operation):
    return command_pb2.Write(**operation)
