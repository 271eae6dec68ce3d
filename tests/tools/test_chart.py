#!/usr/bin/env python3
"""The chart takes the fastest engine whose outputs agree, and its bars are as long as their ratios."""
import importlib.util
import pathlib
import unittest
import xml.etree.ElementTree as ElementTree

TOOL = pathlib.Path(__file__).resolve().parents[2] / "bench" / "chart.py"
spec = importlib.util.spec_from_file_location("chart", TOOL)
chart = importlib.util.module_from_spec(spec)
spec.loader.exec_module(chart)


def entry(*times, **more):
    return {"rounds": [{"median_ms": t} for t in times], "median_ms": times[len(times) // 2] if times else None, **more}


ROW = {"label": "a<b", "threads": 1, "engines": {"slow": entry(9.0, 9.0, 9.0), "fast": entry(2.0, 3.0, 4.0), "wrong": entry(0.1, 0.1, 0.1, wrong="off by 3"),
                                                  "broken": {"rounds": [], "error": "no"}, "nacre": entry(2.0, 2.0, 2.0)}}
LOST = {"label": "lost", "threads": 1, "engines": {"fast": entry(1.0), "nacre": {"rounds": [], "error": "unknown operator"}}}
DATA = {"machine": {"cpu": "some CPU"}, "rounds": 3, "rows": [ROW, LOST]}


class Chart(unittest.TestCase):
    def test_best_is_the_fastest_that_agrees(self):
        self.assertEqual(chart.best(ROW), ("fast", [1.0, 1.5, 2.0]))
        self.assertIsNone(chart.best(LOST))

    def test_table_names_what_failed(self):
        lines = list(chart.table(DATA["rows"]))
        self.assertIn("| a<b | 1 | fast | 1.50 (1.00-2.00) | 3, 2 |", lines)
        self.assertIn("nacre: unknown operator", lines[-1])

    def test_bar_is_as_long_as_its_ratio(self):
        root = ElementTree.fromstring(chart.svg(DATA))
        bars = [r for r in root.iter("{http://www.w3.org/2000/svg}rect") if r.get("x") == str(chart.LEFT)]
        self.assertEqual([float(b.get("width")) for b in bars], [1.5 * chart.UNIT])


if __name__ == "__main__":
    unittest.main()
