# SPDX-License-Identifier: Apache-2.0
"""Metrics as tests read them, and the admin port that tells them."""
import http.client
import pathlib
import re
import time

import harness

PROMTOOL = harness.ROOT / "build" / "promtool" / "promtool"  # config/fetch-promtool.sh puts it there
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
ADMIN = re.compile(r"\(admin (\S+)\)")


class Page:
    """A scrape: types and help by metric, values by sample name and labels."""

    def __init__(self, text):
        self.text, self.types, self.help, self.samples = text, {}, {}, {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ", 3)
                assert name not in self.types, f"{name} twice"
                self.types[name] = kind
            elif line.startswith("# HELP "):
                _, _, name, words = line.split(" ", 3)
                self.help[name] = words
            else:
                name, labels, value = SAMPLE.match(line).groups()
                key = (name, labels or "")
                assert key not in self.samples, f"{key} twice"
                self.samples[key] = float(value)

    def value(self, name, **labels):
        return self.samples[(name, ",".join(f'{key}="{value}"' for key, value in labels.items()))]

    def get(self, name, **labels):
        return self.samples.get((name, ",".join(f'{key}="{value}"' for key, value in labels.items())), 0)

    def labelled(self, name):
        """Values of all samples of this name, by their labels."""
        return {labels: value for (sample, labels), value in self.samples.items() if sample == name}

    def requests(self, request):
        """How many were answered, with any code."""
        return sum(value for labels, value in self.labelled("kansen_requests_total").items()
                   if f'request="{request}"' in labels)

    def buckets(self, name, labels=""):
        """(bound, count) of a histogram's buckets, in their order."""
        found = []
        for (sample, text), value in self.samples.items():
            head, _, bound = text.rpartition('le="')
            if sample == f"{name}_bucket" and head.rstrip(",") == labels:
                found.append((float(bound.rstrip('"')), value))
        return found


def admin_of(daemon):
    """HOST:PORT that a daemon told when it began to serve."""
    return ADMIN.findall(daemon.log())[-1]


def ask(address, path, method="GET", headers=None, body=None, timeout=harness.PATIENCE):
    """(status, headers, body) of an HTTP answer."""
    connection = http.client.HTTPConnection(address, timeout=timeout)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()
    finally:
        connection.close()


def scrape(address):
    status, headers, text = ask(address, "/metrics")
    assert status == 200, text
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", headers
    return Page(text)


def scrape_until(address, good, seconds=harness.PATIENCE):
    """The first scrape that is good: figures of the store come about once a second."""
    end = time.monotonic() + seconds
    while True:
        page = scrape(address)
        if good(page):
            return page
        assert time.monotonic() < end, page.text
        time.sleep(0.1)


def used_metrics(path):
    """Names of our metrics in a file of rules or a dashboard."""
    return set(re.findall(r"\b((?:kansen|process)_[a-z0-9_]+)\b", pathlib.Path(path).read_text(encoding="utf-8")))
