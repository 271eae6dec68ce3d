#!/usr/bin/env python3
"""Writes docs/accuracy.md: the largest error of each float32 operator against float64, per backend and instruction set.

    tools/accuracy_page.py             # writes it from build/release/tests/accuracy_suite
    tools/accuracy_page.py --check     # fails where an error is above its limit and above what the page says

Limits: 4 units in the last place for elementwise operators, 1e-5 relative for those that add up.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/accuracy.md"
SETS = ["portable", "avx2", "avx512"]
LIMITS = {"ulp": 4.0, "relative": 1e-5}
HEAD = """# Accuracy

Written by `tools/accuracy_page.py` from `tests/suites/accuracy_suite.cpp`; a suite measures again and fails where an error is above its
limit, and where one that was above it already is above what stands here.

Elementwise operators: the largest error in units in the last place over 262,144 float32 operands (every exponent and sign,
half of them between -12 and 12) against the same operator in float64; limit 4. Runs flush denormals to zero, so an operand or a
result below 2^-126 may count as zero. Reductions and contractions: the largest error relative to the sum of the magnitudes they add;
limit 1e-5. An error above the limit would be **bold**.
"""


def measured(program):
    """(operator, kind) -> {column: (error, where)}; the worst of several measurements of one operator."""
    out, columns = {}, []
    for isa in SETS:
        done = subprocess.run([program], env={**os.environ, "NACRE_ISA": isa}, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{program} with {isa}: status {done.returncode}\n{done.stderr[-500:]}")
        if "does not have" in done.stderr:
            continue
        for line in done.stdout.splitlines():
            op, backend, kind, error, where = line.split()
            column = "reference" if backend == "reference" else f"native {isa}"
            if column not in columns:
                columns.append(column)
            row = out.setdefault((op, kind), {})
            if float(error) >= row.get(column, (-1, 0))[0]:
                row[column] = (float(error), float(where))
    return out, columns


def page(rows, columns):
    out = [HEAD]
    for kind, title in (("ulp", "Elementwise, units in the last place"), ("relative", "Reductions and contractions, relative")):
        out.append(f"\n## {title}\n\n| operator | {' | '.join(columns)} |\n|---|{'---:|' * len(columns)}\n")
        for (op, own), row in rows.items():
            if own == kind:
                cells = [f"{row[c][0]:.2g}" if c in row else "" for c in columns]
                cells = [f"**{cell}**" if cell and float(cell) > LIMITS[kind] else cell for cell in cells]
                out.append(f"| {op} | {' | '.join(cells)} |\n")
    return "".join(out)


def written():
    """(operator, kind) -> {column: error} as the page has it."""
    out, columns, kind = {}, [], None
    for line in PAGE.read_text().splitlines() if PAGE.exists() else []:
        cells = [cell.strip().strip("*") for cell in line.split("|")[1:-1]]
        if line.startswith("## "):
            kind = "ulp" if "ulp" in line or "last place" in line else "relative"
        elif cells and cells[0] == "operator":
            columns = cells[1:]
        elif cells and not re.fullmatch("[-:]+", cells[0]):
            out[cells[0], kind] = {c: float(v) for c, v in zip(columns, cells[1:]) if v}
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(pathlib.Path(os.environ.get("NACRE_BUILD", ROOT / "build/release")) / "tests/accuracy_suite"))
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    rows, columns = measured(args.program)
    if not args.check:
        PAGE.write_text(page(rows, columns))
        return 0
    known, passed, failed = written(), 0, 0
    for (op, kind), row in rows.items():
        for column, (error, where) in row.items():
            said = known.get((op, kind), {}).get(column, 0)
            good = kind in LIMITS and error <= max(LIMITS[kind], said * 1.06)  # two digits stand on the page
            passed, failed = passed + good, failed + (not good)
            if not good:
                print(f"FAILED {op} on {column}: {kind} error {error:.3g} at {where:.9g}; docs/accuracy.md says {said}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
