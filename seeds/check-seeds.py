#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the seed files against the rules of the CSV contract.

    check-seeds.py [DIR]        DIR: the folder with regions.csv and interests.csv (default: this file's)

Every fault is printed as FILE:LINE: what is wrong; the exit status is 1 if there was any. A line is the
physical line on which the row starts. The files must also be in the form that an export writes (order
of columns, quotes, numbers, booleans), so that what is imported comes out the same.
"""

import csv
import datetime
import io
import os
import re
import sys
from collections import Counter

REGION_COLUMNS = 'code type parents name lat lon successor'.split()
INTEREST_COLUMNS = 'code label_nl label_en synonyms'.split()
POSTCODE_COLUMNS = 'postcode lat lon municipality'.split()
PARTNER_COLUMNS = 'external_id kind name region lat lon website status identifiers accreditations'.split()
OFFER_COLUMNS = (
    'external_id partner kind title description url address lat lon remote region interests levels transitions '
    'seats reserved_seats reserved_until cost_cents funds start end weekdays hours_per_week track allowance_cents '
    'deadline min_age max_age needs languages direct_placement waiting_list status').split()

SET_REGIONS = ['labour_market_region', 'school_dropout_region', 'alliance_region']
PARENT_TYPES = {
    'country': [],
    'province': ['country'],
    'municipality': ['province'] + SET_REGIONS,
    'place': ['municipality'],
    **{kind: ['country'] for kind in SET_REGIONS},
}
PARTNER_KINDS = ['company', 'sport_club', 'cultural_organisation', 'school', 'municipality', 'civil_society']
OFFER_KINDS = ['internship', 'sport', 'culture', 'orientation', 'mentoring']
LEVELS = 'po pro vso isk vmbo_bb vmbo_kb vmbo_gl vmbo_tl havo vwo mbo1 mbo2 mbo3 mbo4 hbo wo'.split()
TRANSITIONS = ('po_vo isk_vo isk_mbo vmbo_havo vmbo_mbo havo_vwo havo_hbo vwo_wo mbo_mbo mbo_hbo hbo_wo '
               'school_work').split()
WEEKDAYS = 'mo tu we th fr sa su'.split()
NEEDS = 'wheelchair hearing vision low_stimulus guide_dog'.split()
IDENTIFIERS = {
    'kvk': r'[0-9]{8}',
    'kvk_establishment': r'[0-9]{12}',
    'leerbedrijf': r'[A-Za-z0-9]{1,32}',
    'institution': r'[A-Za-z0-9]{1,32}',
}
REGION_CODE = r'[A-Za-z0-9][A-Za-z0-9._-]{0,63}'
INTEREST_CODE = r'[a-z0-9_]+(\.[a-z0-9_]+){0,3}'
EXTERNAL_ID = r'[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}'
CREBO = r'[1-9][0-9]{4}'
DECIMAL = r'-?(0|[1-9][0-9]*)(\.[0-9]{0,5}[1-9])?'
MAX_INTERESTS = 1024


class Report:
    def __init__(self):
        self.faults = 0

    def __call__(self, path, line, message):
        self.faults += 1
        print(f'{path}:{line}: {message}')


class Row:
    """One row with its place, and the checks that a single field can need."""

    def __init__(self, report, path, line, values):
        self.report, self.path, self.line, self.values = report, path, line, values

    def __getitem__(self, name):
        return self.values[name]

    def fault(self, message):
        self.report(self.path, self.line, message)

    def items(self, name):
        return self[name].split(';') if self[name] else []

    def text(self, name, most, required=True):
        if required and not self[name].strip():
            self.fault(f'{name} is empty')
        if len(self[name]) > most:
            self.fault(f'{name} has {len(self[name])} characters, at most {most} are allowed')
        if self[name] != self[name].strip() or re.search(r'[\x00-\x08\x0b-\x1f\x7f]', self[name]):
            self.fault(f'{name} has stray spaces or control characters: {self[name]!r}')

    def pattern(self, name, pattern):
        if not re.fullmatch(pattern, self[name]):
            self.fault(f'{name} is not of the form {pattern}: {self[name]!r}')

    def one_of(self, name, allowed):
        if self[name] not in allowed:
            self.fault(f'{name} is {self[name]!r}, not one of {", ".join(a or "(empty)" for a in allowed)}')

    def list_of(self, name, allowed=None, pattern=None, most=None):
        given = self.items(name)
        for item in given:
            if allowed is not None and item not in allowed:
                self.fault(f'{name}: unknown value {item!r}')
            if pattern is not None and not re.fullmatch(pattern, item):
                self.fault(f'{name}: {item!r} is not of the form {pattern}')
        if len(set(given)) != len(given):
            self.fault(f'{name} names something twice: {self[name]}')
        if most is not None and len(given) > most:
            self.fault(f'{name} has {len(given)} values, at most {most} are allowed')
        order = sorted(given) if pattern is not None else sorted(given, key=lambda i: allowed.index(i) if i in allowed else 0)
        if given != order:
            self.fault(f'{name} is not in its order: {self[name]}')

    def position(self, required=False):
        if required and not self['lat']:
            self.fault('lat is empty')
        if bool(self['lat']) != bool(self['lon']):
            self.fault('only one of lat and lon is given')
        for name, most in (('lat', 90), ('lon', 180)):
            if not self[name]:
                continue
            if not re.fullmatch(DECIMAL, self[name]):
                self.fault(f'{name} is no trimmed decimal with at most 6 digits: {self[name]!r}')
            elif abs(float(self[name])) > most:
                self.fault(f'{name} is out of range: {self[name]}')
        if re.fullmatch(DECIMAL, self['lat']) and re.fullmatch(DECIMAL, self['lon']):
            if not (50.7 <= float(self['lat']) <= 53.6 and 3.3 <= float(self['lon']) <= 7.3):
                self.fault(f'the position is outside the Netherlands: {self["lat"]}, {self["lon"]}')

    def number(self, name, least, most, required=False, zero=False):
        if not self[name]:
            if required:
                self.fault(f'{name} is empty')
            return None
        if not re.fullmatch(r'0|[1-9][0-9]*', self[name]):
            self.fault(f'{name} is no whole number: {self[name]!r}')
            return None
        value = int(self[name])
        if not least <= value <= most:
            self.fault(f'{name} is {value}, outside {least}..{most}')
        if value == 0 and not zero:
            self.fault(f'{name} is 0, which is written as empty')
        return value

    def date(self, name):
        return parse_date(self, name, self[name])

    def url(self, name):
        if self[name]:
            self.pattern(name, r'https?://[^\s"<>]+')
        if len(self[name]) > 500:
            self.fault(f'{name} is longer than 500 characters')
        if self[name] and not re.match(r'https?://[^/]+\.example(/|$)', self[name]):
            self.fault(f'{name} of a fictional organisation must be under .example: {self[name]}')


def parse_date(row, name, text):
    if not text:
        return None
    try:
        if not re.fullmatch(r'\d{4}-\d{2}-\d{2}', text):
            raise ValueError
        return datetime.date.fromisoformat(text)
    except ValueError:
        row.fault(f'{name} is no date: {text!r}')
        return None


def read(report, folder, name, columns):
    """The rows of a file; faults of its form are reported on the way."""
    path = os.path.join(folder, name)
    try:
        with open(path, 'rb') as file:
            text = file.read().decode('utf-8')
    except (OSError, UnicodeDecodeError) as error:
        report(path, 1, str(error))
        return []
    if text.startswith('\ufeff'):
        report(path, 1, 'starts with a byte order mark')
    if '\r' in text or not text.endswith('\n'):
        report(path, 1, 'lines must end in LF, the last one too')
    reader = csv.reader(io.StringIO(text, newline=''), strict=True)
    rows, line = [], 1
    lines = text.split('\n')
    try:
        for values in reader:
            start, line = line, reader.line_num + 1
            if start == 1:
                if values != columns:
                    report(path, 1, f'the columns must be {",".join(columns)}')
                    return []
                continue
            if '\n'.join(lines[start - 1:line - 1]) != ','.join(map(quote, values)):
                report(path, start, 'the row is not written in the canonical form')
            if len(values) != len(columns):
                report(path, start, f'{len(values)} fields, not {len(columns)}')
                continue
            rows.append(Row(report, path, start, dict(zip(columns, values))))
    except csv.Error as error:
        report(path, line, str(error))
    return rows


def quote(text):
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\r\n]|^ | $', text) else text


def index(rows, key, in_order=True):
    """A dict of the rows by a key that must be unique and, if asked, in byte order."""
    found, before = {}, None
    for row in rows:
        if row[key] in found:
            row.fault(f'{key} {row[key]} stands on line {found[row[key]].line} already')
        if in_order and before is not None and row[key].encode() < before.encode():
            row.fault(f'{key} {row[key]} is out of order')
        found.setdefault(row[key], row)
        before = row[key]
    return found


def check_region_fields(row):
    row.pattern('code', REGION_CODE)
    row.one_of('type', list(PARENT_TYPES))
    row.text('name', 200)
    row.position(required=True)


def check_parents(row, regions):
    parents = row.items('parents')
    if len(set(parents)) != len(parents):
        row.fault('a parent is named twice')
    if not parents and row['type'] != 'country':
        row.fault('has no parent')
    for parent in parents:
        if parent not in regions:
            row.fault(f'parent {parent} does not exist')
        elif regions[parent]['type'] not in PARENT_TYPES.get(row['type'], []):
            row.fault(f'a {row["type"]} cannot lie in {parent}, a {regions[parent]["type"]}')
        elif regions[parent]['successor']:
            row.fault(f'parent {parent} was merged away')
    if row['type'] == 'municipality' and sum(p.startswith('PV') for p in parents) != 1:
        row.fault('a municipality lies in exactly one province')
    if row['type'] == 'place' and len(parents) != 1:
        row.fault('a place lies in exactly one municipality')


def check_regions(report, folder):
    rows = read(report, folder, 'regions.csv', REGION_COLUMNS)
    regions = index(rows, 'code', in_order=False)
    before = None
    for row in rows:
        check_region_fields(row)
        check_parents(row, regions)
        forms = {'country': r'NL', 'province': r'PV\d{2}', 'municipality': r'GM\d{4}', 'place': r'PL\d{4}-[a-z0-9-]+'}
        if row['type'] in forms:
            row.pattern('code', forms[row['type']])
        if row['successor']:
            target = regions.get(row['successor'])
            if row['type'] != 'municipality' or target is None or target['type'] != 'municipality':
                row.fault('only a municipality has a successor, and it is a municipality')
            elif target['successor']:
                row.fault(f'successor {row["successor"]} was itself merged away')
        place = (['country', 'province', 'municipality', 'place'].index(row['type']) if row['type'] in forms else 9,
                 bool(row['successor']), row['code'].encode())
        if before is not None and place < before:
            row.fault('is out of order: country, provinces, municipalities, merged ones, places, each by code')
        before = place
    counts = Counter('alias' if row['successor'] else row['type'] for row in rows)
    for kind, least, most in (('country', 1, 1), ('province', 12, 12), ('municipality', 340, 342), ('place', 1500, 9999)):
        if not least <= counts[kind] <= most:
            report(os.path.join(folder, 'regions.csv'), 1, f'{counts[kind]} rows of type {kind}, expected {least}..{most}')
    populated = {row['parents'] for row in rows if row['type'] == 'place'}
    for row in rows:
        if row['type'] == 'municipality' and not row['successor'] and row['code'] not in populated:
            row.fault(f'{row["name"]} has no place')
    print(f'regions.csv: {len(rows)} rows, {dict(counts)}')
    return regions


def check_interests(report, folder):
    rows = read(report, folder, 'interests.csv', INTEREST_COLUMNS)
    interests = index(rows, 'code')
    for row in rows:
        row.pattern('code', INTEREST_CODE)
        row.text('label_nl', 200)
        row.text('label_en', 200)
        parent = row['code'].rpartition('.')[0]
        if parent and parent not in interests:
            row.fault(f'parent {parent} has no row of its own')
        words = [word.casefold() for word in row.items('synonyms')]
        if len(set(words)) != len(words):
            row.fault('a synonym stands there twice')
        for word in row.items('synonyms'):
            if not word or word != word.strip():
                row.fault(f'a synonym is empty or has stray spaces: {word!r}')
            if word.casefold() in (row['label_nl'].casefold(), row['label_en'].casefold()):
                row.fault(f'synonym {word!r} is the label itself')
    if len(rows) > MAX_INTERESTS:
        report(rows[0].path, 1, f'{len(rows)} interests, at most {MAX_INTERESTS} are allowed')
    for code in ('techniek', 'techniek.robotica', 'sport', 'cultuur', 'orientatie', 'mentoring'):
        if code not in interests:
            report(os.path.join(folder, 'interests.csv'), 1, f'{code} is missing')
    print(f'interests.csv: {len(rows)} rows, {dict(Counter(row["code"].partition(".")[0] for row in rows))}')
    return interests


def check_demo_regions(report, folder, regions):
    rows = read(report, folder, 'regions.csv', REGION_COLUMNS)
    own = index(rows, 'code', in_order=False)
    together = {**regions, **own}
    for row in rows:
        check_region_fields(row)
        check_parents(row, together)
        base = regions.get(row['code'])
        if base is None:
            if row['type'] not in SET_REGIONS:
                row.fault(f'{row["code"]} is not in the country file')
            continue
        for name in ('type', 'name', 'lat', 'lon', 'successor'):
            if row[name] != base[name]:
                row.fault(f'{name} differs from the country file: {row[name]!r}, not {base[name]!r}')
        if not set(base.items('parents')) <= set(row.items('parents')):
            row.fault('a parent of the country file is missing')
    print(f'demo/regions.csv: {len(rows)} rows')
    return together


def check_postcodes(report, folder, regions):
    rows = read(report, folder, 'postcodes.csv', POSTCODE_COLUMNS)
    index(rows, 'postcode')
    for row in rows:
        row.pattern('postcode', r'[1-9][0-9]{3}')
        row.position(required=True)
        region = regions.get(row['municipality'])
        if region is None or region['type'] != 'municipality' or region['successor']:
            row.fault(f'{row["municipality"]} is no current municipality')
        elif abs(float(row['lat']) - float(region['lat'])) > 0.15 or abs(float(row['lon']) - float(region['lon'])) > 0.3:
            row.fault(f'lies far from {region["name"]}')
    print(f'demo/postcodes.csv: {len(rows)} rows')


def check_location(row, regions):
    row.position()
    region = regions.get(row['region'])
    if row['region'] and (region is None or region['type'] not in ('municipality', 'place')):
        row.fault(f'region {row["region"]} is no municipality or place')


def check_accreditations(row):
    before = None
    for item in row.items('accreditations'):
        parts = item.split(':')
        if len(parts) > 3 or not re.fullmatch(CREBO, parts[0]):
            row.fault(f'accreditation {item!r} is not CREBO, CREBO:FIRST or CREBO:FIRST:LAST')
            continue
        first, last = (parse_date(row, 'accreditations', part) for part in (parts[1:] + ['', ''])[:2])
        if first and last and last < first:
            row.fault(f'accreditation {item!r} ends before it starts')
        if len(parts) > 1 and not parts[-1]:
            row.fault(f'accreditation {item!r} ends in an empty part: leave it out')
        if before is not None and parts[0] <= before:
            row.fault('accreditations are not in order, or one stands there twice')
        before = parts[0]


def check_partners(report, folder, regions):
    rows = read(report, folder, 'partners.csv', PARTNER_COLUMNS)
    partners = index(rows, 'external_id')
    for row in rows:
        row.pattern('external_id', EXTERNAL_ID)
        row.one_of('kind', PARTNER_KINDS)
        row.one_of('status', ['active', 'pending', 'suspended'])
        row.text('name', 200)
        row.url('website')
        check_location(row, regions)
        names = []
        for item in row.items('identifiers'):
            name, equals, value = item.partition('=')
            names.append(name)
            if name not in IDENTIFIERS or not equals or not re.fullmatch(IDENTIFIERS[name], value):
                row.fault(f'bad identifier {item!r}')
        if names != [name for name in IDENTIFIERS if name in names]:
            row.fault('identifiers are not in order, or one stands there twice')
        check_accreditations(row)
    print(f'demo/partners.csv: {len(rows)} rows, {dict(Counter(row["kind"] for row in rows))}')
    return partners


def check_offer_numbers(row):
    seats = row.number('seats', 0, 65535, required=True, zero=True)
    reserved = row.number('reserved_seats', 0, 65535) or 0
    if seats is not None and reserved > seats:
        row.fault(f'{reserved} reserved seats of {seats}')
    if row['reserved_until'] and not reserved:
        row.fault('reserved_until without reserved seats')
    if reserved and not row['reserved_until']:
        row.fault('reserved seats without reserved_until would never open')
    row.number('cost_cents', 0, 100_000_000)
    row.number('allowance_cents', 0, 100_000_000)
    row.number('hours_per_week', 0, 60)
    low = row.number('min_age', 0, 120, zero=True)
    high = row.number('max_age', 0, 120, zero=True)
    if low is not None and high is not None and low > high:
        row.fault(f'min_age {low} is above max_age {high}')
    row.date('reserved_until')
    row.date('deadline')
    start, end = row.date('start'), row.date('end')
    if start and end and end < start:
        row.fault('end is before start')


def check_offers(report, folder, regions, interests, partners):
    rows = read(report, folder, 'offers.csv', OFFER_COLUMNS)
    index(rows, 'external_id')
    for row in rows:
        row.pattern('external_id', EXTERNAL_ID)
        row.one_of('kind', OFFER_KINDS)
        row.one_of('status', ['open', 'paused', 'closed'])
        row.one_of('track', ['', 'bol', 'bbl'])
        row.one_of('remote', ['', 'true'])
        row.one_of('waiting_list', ['', 'true'])
        row.one_of('direct_placement', ['', 'false'] if row['kind'] == 'internship' else ['', 'true'])
        row.text('title', 200)
        row.text('address', 300, required=False)
        if len(row['description'].encode()) > 4000:
            row.fault('description is longer than 4,000 bytes')
        row.url('url')
        check_location(row, regions)
        check_offer_numbers(row)
        row.list_of('levels', LEVELS)
        row.list_of('transitions', TRANSITIONS)
        row.list_of('weekdays', WEEKDAYS)
        row.list_of('needs', NEEDS)
        row.list_of('funds', pattern=r'[a-z0-9_-]{1,32}', most=8)
        row.list_of('languages', pattern=r'[a-z]{2}', most=8)
        wanted = row.items('interests')
        if not 1 <= len(wanted) <= 8 or len(set(wanted)) != len(wanted):
            row.fault('needs 1 to 8 different interests')
        for code in wanted:
            if code not in interests:
                row.fault(f'interest {code} does not exist')
        partner = partners.get(row['partner'])
        if partner is None:
            row.fault(f'partner {row["partner"]} does not exist')
        elif not (row['lat'] or row['region'] or partner['lat'] or partner['region']):
            row.fault('neither the offer nor its partner has a position or a region')
    unused = sorted(set(partners) - {row['partner'] for row in rows})
    for code in unused:
        partners[code].fault(f'partner {code} has no offer')
    for title, times in Counter((row['partner'], row['title']) for row in rows).items():
        if times > 1:
            report(os.path.join(folder, 'offers.csv'), 1, f'{title[0]} has {times} offers called {title[1]!r}')
    print(f'demo/offers.csv: {len(rows)} rows, {dict(Counter(row["kind"] for row in rows))}')


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    demo = os.path.join(folder, 'demo')
    report = Report()
    regions = check_regions(report, folder)
    interests = check_interests(report, folder)
    together = check_demo_regions(report, demo, regions)
    check_postcodes(report, demo, together)
    partners = check_partners(report, demo, together)
    check_offers(report, demo, together, interests, partners)
    print('no faults' if not report.faults else f'{report.faults} faults')
    return 1 if report.faults else 0


if __name__ == '__main__':
    sys.exit(main())
