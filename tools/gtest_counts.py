#!/usr/bin/env python3
"""Runs one GoogleTest program and counts from its own report, not from what it prints.

    tools/gtest_counts.py build/release/tests/test_io [--filter 'Npz*']

Prints what failed, and `N passed, M failed, K skipped` as the last line. A program that dies counts as one failure more
than it reported, and names the test it died in.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile


def run(program, pattern, emulator):
    """The exit status, the output and the report (None when the program died before writing it)."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder, "report.json")
        done = subprocess.run([*emulator, program, f"--gtest_filter={pattern}", f"--gtest_output=json:{report}", "--gtest_color=no"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        text = done.stdout.decode("utf-8", "replace")
        return done.returncode, text, json.loads(report.read_text()) if report.exists() else None


def outcome(case):
    if case.get("failures"):
        return "failed"
    return "skipped" if case.get("result") == "SKIPPED" or case.get("status") == "NOTRUN" else "passed"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--filter", default="*")
    parser.add_argument("--emulator", type=str.split, default=[], help="what runs the program: qemu-aarch64")
    args = parser.parse_args()
    if not pathlib.Path(args.program).is_file():
        print(f"there is no program {args.program}\n0 passed, 1 failed, 0 skipped")
        return 1
    status, text, report = run(args.program, args.filter, args.emulator)
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    if report is None:
        counts["passed"] = len(re.findall(r"^\[       OK \]", text, re.M))
        counts["failed"] = len(re.findall(r"^\[  FAILED  \] .*\(\d+ ms\)$", text, re.M)) + 1
        started = re.findall(r"^\[ RUN      \] (.*)$", text, re.M)
        print("\n".join(text.splitlines()[-60:]))
        print(f"died with status {status} in {started[-1] if started else 'no test'}")
    else:
        for suite in report["testsuites"]:
            for case in suite["testsuite"]:
                counts[outcome(case)] += 1
                for failure in case.get("failures", [])[:3]:
                    print(f"{suite['name']}.{case['name']}: {failure['failure'][:2000]}")
                if outcome(case) == "skipped":
                    print(f"skipped: {suite['name']}.{case['name']}")
        if status != 0 and not counts["failed"]:  # a sanitizer's report at exit, a leak for example
            counts["failed"] = 1
            print("\n".join(text.splitlines()[-60:]))
            print(f"ended with status {status} after its tests passed")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
