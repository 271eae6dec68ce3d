#!/usr/bin/env python3
"""Keeps the documents true: examples compile, links lead somewhere, named files exist.

    tools/check_docs.py [--compiler clang++-22]

Compiles as C++20, with include/ and nothing else: every public header alone, the example each of them opens with, and
every ```cpp block of README.md. The last line is `N passed, M failed, K skipped`.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[1]
DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "bench/RESULTS.md",
             *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
LINES = {"ARCHITECTURE.md": 150}
TOP_FOLDERS = ("src/", "include/", "tests/", "tools/", "scripts/", "cmake/", "fuzz/", "bench/", "docs/", "examples/")
STANDARD = "cstdio fstream iostream map span string vector".split()


def compiles(compiler, code):
    """None, or what the compiler said."""
    done = subprocess.run([compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wno-unused", "-Wno-pragma-once-outside-header", "-I",
                           ROOT / "include", "-x", "c++", "-"], input=code, capture_output=True, text=True)
    return None if done.returncode == 0 else done.stderr[:3000]


def example_of(header):
    """The indented lines of a header's opening comment, as code; empty when there are none."""
    lines, started = [], False
    for line in header.read_text(encoding="utf-8").splitlines():
        found = re.match(r"\s*//[/!]?( {4,}\S.*)$", line)
        if found:
            started = True
            lines.append(found.group(1))
        elif started and re.match(r"\s*//[/!]?\s*$", line):
            lines.append("")
        elif started or line.strip() and not line.lstrip().startswith("//"):
            break
    return textwrap.dedent("\n".join(lines)).strip()


def as_program(example):
    """An example that is statements, made a function; one that has its own main stays as it is."""
    includes = re.findall(r"^#include.*$", example, re.M)
    body = re.sub(r"^#include.*$", "", example, flags=re.M)
    head = "".join(f"#include <{name}>\n" for name in STANDARD) + "\n".join(includes) + "\n"
    headers = sorted(p.relative_to(ROOT / "include") for p in (ROOT / "include/nacre").rglob("*.h"))
    head += "".join(f'#include "{name}"\n' for name in headers)
    return head + (body if re.search(r"\bint main\(", body) else f"void example() {{\n{body}\n}}\n")


def header_checks(compiler):
    for header in sorted((ROOT / "include/nacre").rglob("*.h")):
        name = header.relative_to(ROOT)
        yield f"{name} compiles alone as C++20", compiles(compiler, f'#include "{header.relative_to(ROOT / "include")}"\n')
        example = example_of(header)
        yield f"{name} opens with an example that compiles", compiles(compiler, as_program(example)) if example else "it has none"


def readme_checks(compiler):
    blocks = re.findall(r"^```cpp\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    yield "README.md has a C++ example", None if blocks else "no ```cpp block"
    for number, block in enumerate(blocks, 1):
        yield f"README.md: example {number} compiles", compiles(compiler, block)


def named_paths(text):
    """Paths of this repository in backticks; NAME, X and * are placeholders, build output is not ours to find."""
    for path in re.findall(r"`([\w./-]+)`", text):
        if path.startswith(TOP_FOLDERS) and not re.search(r"NAME|/X\b|mish", path):
            yield path


def document_checks():
    for name in DOCUMENTS:
        text = (ROOT / name).read_text(encoding="utf-8") if (ROOT / name).exists() else ""
        yield f"{name} is there", None if text else "missing"
        if name in LINES:
            count = text.count("\n")
            yield f"{name} has at most {LINES[name]} lines", None if count <= LINES[name] else f"it has {count}"
        links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in link]
        lost = [link for link in links if not ((ROOT / name).parent / link).exists()]
        yield f"{name}: links lead somewhere", f"lost: {', '.join(lost)}" if lost else None
        absent = [path for path in named_paths(text) if not (ROOT / path).exists()]
        yield f"{name}: named files exist", f"absent: {', '.join(absent)}" if absent else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compiler", default=next((c for c in ("clang++-22", "clang++", "g++") if shutil.which(c)), "c++"))
    args = parser.parse_args()
    passed = failed = 0
    for checks in (document_checks(), readme_checks(args.compiler), header_checks(args.compiler)):
        for what, problem in checks:
            passed, failed = passed + (problem is None), failed + (problem is not None)
            if problem is not None:
                print(f"FAILED: {what}\n{textwrap.indent(problem.strip(), '  ')}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
