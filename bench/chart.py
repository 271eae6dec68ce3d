#!/usr/bin/env python3
"""Draws how nacre compares with the best other engine on each model, from the JSON of the shared benchmark; prints the table, too.

    python rivals.py --models DIR --nacre build/release/nacre --threads 1 2 --json rivals.json
    python bench/chart.py rivals.json bench/rivals.svg

A bar is the time of the fastest other engine whose outputs agree, divided by nacre's, in the same round: median over rounds, above 1 nacre is
faster. Whiskers span the rounds. Engines that failed on a model are named in the table.
"""
import argparse
import json
import pathlib
import statistics
import sys
from xml.sax.saxutils import escape

BAR, GAP, LEFT, UNIT, TOP = 9, 9, 190, 190, 46
COLOURS = {1: "#1b6ca8", 2: "#e08e2b"}  # by threads


def ratios(row, engine):
    """Other's time over nacre's, round by round; empty where one of them has no result."""
    entries = row["engines"]
    if engine not in entries or "nacre" not in entries or entries[engine].get("wrong") or entries["nacre"].get("wrong"):
        return []
    return [theirs["median_ms"] / own["median_ms"] for theirs, own in zip(entries[engine]["rounds"], entries["nacre"]["rounds"])]


def best(row):
    """(engine, ratios) of the fastest other engine, or None."""
    candidates = [(engine, ratios(row, engine)) for engine in row["engines"] if engine != "nacre"]
    candidates = [c for c in candidates if c[1]]
    return min(candidates, key=lambda c: statistics.median(c[1])) if candidates else None


def table(rows):
    yield "| model, input | threads | best other | best other / nacre (range) | ms: other, nacre |"
    yield "|---|---:|---|---:|---:|"
    for row in rows:
        found = best(row)
        if not found:
            reasons = "; ".join(f"{engine}: {entry.get('error') or entry.get('wrong') or 'no result'}" for engine, entry in row["engines"].items())
            yield f"| {row['label']} | {row['threads']} | – | – | {reasons[:120].replace('|', '/')} |"
            continue
        engine, values = found
        times = f"{row['engines'][engine]['median_ms']:.3g}, {row['engines']['nacre']['median_ms']:.3g}"
        yield f"| {row['label']} | {row['threads']} | {engine} | {statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f}) | {times} |"


def bar(y, threads, values, widest):
    def x(value):
        return LEFT + UNIT * min(value, widest)

    middle = statistics.median(values)
    centre = y + BAR / 2
    return (f'<rect x="{LEFT}" y="{y}" width="{x(middle) - LEFT:.1f}" height="{BAR}" fill="{COLOURS.get(threads, "#777")}"/>'
            f'<path d="M{x(min(values)):.1f} {centre}H{x(max(values)):.1f}" stroke="#333"/>'
            f'<text x="{x(max(values)) + 5:.1f}" y="{y + BAR - 1}">{middle:.2f}</text>')


def svg(data):
    labels = list(dict.fromkeys(row["label"] for row in data["rows"]))
    found = {(row["label"], row["threads"]): best(row) for row in data["rows"]}
    threads = sorted({row["threads"] for row in data["rows"]})
    widest = max([1.0, *(max(f[1]) for f in found.values() if f)])
    step = BAR * len(threads) + GAP
    height, width = TOP + step * len(labels) + 10, LEFT + UNIT * widest + 60
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" font-family="sans-serif" font-size="10">',
           f'<rect width="{width:.0f}" height="{height}" fill="#fff"/>',
           f'<text x="8" y="16" font-size="13">Time of the best other engine / nacre: longer is better, 1 is equal</text>',
           f'<text x="8" y="32">{escape(data["machine"]["cpu"])}, {data["rounds"]} rounds</text>']
    for place, count in enumerate(threads):
        out.append(f'<rect x="{LEFT + 190 + 80 * place}" y="24" width="{BAR}" height="{BAR}" fill="{COLOURS.get(count, "#777")}"/>'
                   f'<text x="{LEFT + 203 + 80 * place}" y="32">{count} thread{"s" * (count > 1)}</text>')
    for place, label in enumerate(labels):
        y = TOP + place * step
        out.append(f'<text x="{LEFT - 8}" y="{y + step / 2}" text-anchor="end">{escape(label)}</text>')
        for lane, count in enumerate(threads):
            if found.get((label, count)):
                out.append(bar(y + lane * BAR, count, found[label, count][1], widest))
    out.append(f'<path d="M{LEFT + UNIT} {TOP - 6}V{height - 6}" stroke="#a00" stroke-dasharray="3 3"/></svg>')
    return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("picture", type=pathlib.Path)
    args = parser.parse_args()
    data = json.loads(args.results.read_text())
    print("\n".join(table(data["rows"])))
    args.picture.write_text(svg(data))
    return 0


if __name__ == "__main__":
    sys.exit(main())
