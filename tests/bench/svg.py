# SPDX-License-Identifier: Apache-2.0
"""Draws charts as SVG: bars on a logarithmic scale, and lines on two of them. The same data give the same bytes."""
import math
from xml.sax.saxutils import escape

INK, PALE, GRID = "#1f2933", "#7b8794", "#e4e7eb"
COLOURS = ("#0b6e99", "#d9730d", "#448361", "#9065b0")
PLAIN = "#9fb3c8"
FONT = "font-family='Helvetica, Arial, sans-serif'"
TITLE, TEXT = 15, 12  # font sizes
LEAST_SPAN = 1.0  # powers of ten that a scale shows, so that what hardly changes looks so
BAR, GAP, LABELS = 20, 9, 210  # height of a bar, space between bars, width of what stands left of them


def text(x, y, words, size=TEXT, colour=INK, anchor="start", weight="normal"):
    return (f"<text x='{x:.1f}' y='{y:.1f}' {FONT} font-size='{size}' fill='{colour}' text-anchor='{anchor}' "
            f"font-weight='{weight}'>{escape(words)}</text>")


def line(x1, y1, x2, y2, colour=GRID, width=1):
    return f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{colour}' stroke-width='{width}'/>"


def number(value):
    """A number as an axis or a bar tells it: three digits and thousands apart."""
    if value >= 100:
        digits = len(str(int(value))) - 3
        return f"{round(value, -digits if digits > 0 else 0):,.0f}"
    return f"{value:.3g}"


def short(value):
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:.3g}"


class Scale:
    """A logarithmic scale from the values to [start, end], with room on both sides or down to a power of ten."""

    def __init__(self, values, start, end, whole=False):
        least, greatest = math.log10(min(values)), math.log10(max(values))
        room = max((greatest - least) * 0.06, (LEAST_SPAN - greatest + least) / 2, 0.05)
        self.least = math.floor(least - 0.05) if whole else least - room
        self.greatest = greatest + room
        self.start, self.end = start, end

    def at(self, value):
        share = (math.log10(value) - self.least) / (self.greatest - self.least)
        return self.start + share * (self.end - self.start)

    def ticks(self):
        """Powers of ten, or also what lies between them where there would be fewer than three."""
        for factors in ((1,), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8)):
            found = [factor * 10.0 ** power for power in range(math.floor(self.least), math.ceil(self.greatest) + 1)
                     for factor in factors]
            found = [value for value in found if self.least <= math.log10(value) <= self.greatest]
            if len(found) >= 3:
                break
        return found


def bars_height(items):
    return 62 + len(items) * (BAR + GAP)


def bars(x, y, width, title, items):
    """Horizontal bars of (label, value, number of a colour or None), the scale from a power of ten."""
    scale = Scale([value for _, value, _ in items], x + LABELS, x + width - 70, whole=True)
    top, bottom = y + 30, y + 30 + len(items) * (BAR + GAP)
    out = [text(x, y + 14, title, TITLE, weight="bold")]
    for tick in scale.ticks():
        out += [line(scale.at(tick), top, scale.at(tick), bottom),
                text(scale.at(tick), bottom + 16, short(tick), colour=PALE, anchor="middle")]
    for place, (label, value, colour) in enumerate(items):
        at = top + place * (BAR + GAP) + GAP / 2
        fill = PLAIN if colour is None else COLOURS[colour]
        out += [f"<rect x='{scale.start:.1f}' y='{at:.1f}' width='{scale.at(value) - scale.start:.1f}' height='{BAR}' rx='2' "
                f"fill='{fill}'/>",
                text(x + LABELS - 8, at + BAR / 2 + 4, label, anchor="end"),
                text(scale.at(value) + 6, at + BAR / 2 + 4, number(value))]
    return out


def lines(x, y, width, height, title, across, up, series):
    """Lines of {name: [[x, y], ...]} on two logarithmic scales; the one across is marked where the first line has points."""
    points = [point for found in series.values() for point in found]
    left, right, top, bottom = x + 52, x + width - 12, y + 40, y + height - 42
    wide = Scale([point[0] for point in points], left, right)
    high = Scale([point[1] for point in points], bottom, top)
    out = [text(x, y + 14, title, TITLE, weight="bold")]
    for tick, _ in next(iter(series.values())):
        out += [line(wide.at(tick), top, wide.at(tick), bottom),
                text(wide.at(tick), bottom + 16, short(tick), colour=PALE, anchor="middle")]
    for tick in high.ticks():
        out += [line(left, high.at(tick), right, high.at(tick)),
                text(left - 6, high.at(tick) + 4, short(tick), colour=PALE, anchor="end")]
    out += [line(left, bottom, right, bottom, PALE), text((left + right) / 2, bottom + 34, across, colour=PALE, anchor="middle"),
            text(left, top - 5, up, 11, PALE)]
    for place, (name, found) in enumerate(series.items()):
        colour = COLOURS[place % len(COLOURS)]
        path = " ".join(f"{wide.at(a):.1f},{high.at(b):.1f}" for a, b in found)
        out.append(f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2'/>")
        out += [f"<circle cx='{wide.at(a):.1f}' cy='{high.at(b):.1f}' r='3' fill='{colour}'/>" for a, b in found]
        if len(series) > 1:
            out.append(text(left + 8, top + 14 + 15 * place, name, 11, colour))
    return out


def page(width, height, parts):
    return (f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' viewBox='0 0 {width} {height}'>\n"
            f"<rect width='{width}' height='{height}' fill='white'/>\n" + "\n".join(parts) + "\n</svg>\n")
