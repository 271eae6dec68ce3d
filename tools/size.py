#!/usr/bin/env python3
"""How long things are, against the limits the project keeps.

    tools/size.py             # the report
    tools/size.py --check     # the same, exit 1 when a limit is broken
    tools/size.py --longest 20
"""
import argparse
import pathlib
import re
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
MEDIAN, NINETIETH, LONGEST, LONG, LONG_SHARE = 7, 30, 100, 60, 3.0
OPERATOR_FILE, OTHER_FILE, CMAKE_ROOT = 250, 600, 150
MACROS, MACRO_LINES = 10, 6
COMMENTS = (8.0, 15.0)

CODE = {".h", ".cpp"}
NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|(?:u8|[uUL])?R"([^ ()\\\t\n]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])+\'', re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)
CONTAINER = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b[^()]*$|^\s*extern\s*$")


def files_below(root, folders, suffixes):
    return [p for f in folders for p in sorted((root / f).rglob("*")) if p.suffix in suffixes and p.is_file()]


def blanked(match):
    return "".join("\n" if c == "\n" else " " for c in match.group())


def bare(text):
    """The text with comments, strings and preprocessor lines blanked; lines keep their numbers."""
    def blank(match):
        return blanked(match) if match.group().startswith("/") else '"' + blanked(match)[1:]
    return DIRECTIVE.sub(blanked, NOT_CODE.sub(blank, text))


def match_of(text, start):
    """The index of the bracket that closes the one at `start` (the end of the text when none does)."""
    depth = 0
    for index in range(start, len(text)):
        depth += (text[index] in "({[") - (text[index] in ")}]")
        if depth == 0:
            return index
    return len(text) - 1


def is_member_initialiser(head):
    return re.search(r"\)\s*(noexcept\s*)?:(?!:)", head) and re.search(r"[\w>]\s*$", head) and not re.search(r"\)\s*(const|noexcept|override|final)\s*$", head)


def functions(text):
    """(first line, line count) of every function body that is not inside another one."""
    text = bare(text)
    begin = index = 0
    while index < len(text):
        char = text[index]
        if char in "([":
            index = match_of(text, index)
        elif char in ";}":
            begin = index + 1
        elif char == ":" and re.search(r"\b(public|private|protected)\s*$", text[begin:index]):
            begin = index + 1
        elif char == "{":
            head, end = text[begin:index], match_of(text, index)
            if is_member_initialiser(head):
                index = end
            elif CONTAINER.search(re.sub(r"\balignas\s*\([^()]*\)|\[\[.*?\]\]|__attribute__\s*\(\(.*?\)\)|template\s*<[^{}]*?>\s*(?=struct|class)", " ", head, flags=re.S)):
                begin = index + 1
            elif ")" in head and not re.search(r"(?<![=!<>])=(?!=)[^()]*$|\boperator\s*$", re.sub(r"\boperator\s*\S+?\s*\(", "f(", head)):
                first = begin + len(head) - len(head.lstrip())
                yield text.count("\n", 0, first) + 1, text.count("\n", first, end) + 1
                begin, index = end + 1, end
            else:
                index = end
        index += 1


def macros(text):
    """(name, lines) of macros that stay defined; one that the file takes back is a private helper of a table."""
    for found in DIRECTIVE.finditer(NOT_CODE.sub(blanked, text)):
        name = re.match(r"\s*#\s*define\s+(\w+)", found.group())
        if name and not re.search(rf"#\s*undef\s+{name.group(1)}\b", text):
            yield name.group(1), found.group().strip().count("\n") + 1


def comment_lines(text):
    """Lines that are a comment or end with one; what closes a namespace tells nothing."""
    found = (match.group() for match in NOT_CODE.finditer(text))
    return sum(words.count("\n") + 1 for words in found if words.startswith(("//", "/*")) and not words.startswith("// namespace"))


def limit_of(path, root):
    return OPERATOR_FILE if path.relative_to(root).parts[:2] == ("src", "ops") and path.suffix == ".cpp" else OTHER_FILE


def survey(root):
    """Everything the report says: a dict of lists and numbers."""
    code = files_below(root, ["src", "include"], CODE)
    texts = {p: p.read_text(encoding="utf-8", errors="replace") for p in code}
    everything = code + files_below(root, ["tests", "fuzz", "bench", "tools", "scripts"], CODE | {".py"})
    lines = {p: p.read_text(encoding="utf-8", errors="replace").count("\n") for p in everything}
    cmake = root / "CMakeLists.txt"
    return {
        "functions": [(length, p, first) for p, text in texts.items() for first, length in functions(text)],
        "macros": [(name, length, p) for p, text in texts.items() for name, length in macros(text)],
        "comments": 100.0 * sum(map(comment_lines, texts.values())) / max(1, sum(1 for t in texts.values() for line in t.splitlines() if line.strip())),
        "lines": lines,
        "cmake": cmake.read_text().count("\n") if cmake.exists() else 0,
    }


def verdicts(data, root):
    """(text, is within the limit) per line of the report."""
    lengths = sorted(length for length, _, _ in data["functions"]) or [0]
    ninetieth = lengths[min(len(lengths) - 1, len(lengths) * 9 // 10)]
    share = 100.0 * sum(n > LONG for n in lengths) / len(lengths)
    median = statistics.median(lengths)
    yield f"functions: {len(data['functions'])}; lines: median {median:g} (<= {MEDIAN})", median <= MEDIAN
    yield f"  90th percentile {ninetieth} (<= {NINETIETH})", ninetieth <= NINETIETH
    yield f"  over {LONG} lines {share:.1f} % (<= {LONG_SHARE:g} %)", share <= LONG_SHARE
    yield f"  longest {lengths[-1]} (<= {LONGEST})", lengths[-1] <= LONGEST
    for length, path, first in sorted(data["functions"], reverse=True, key=lambda row: row[0]):
        if length > LONGEST:
            yield f"  {path.relative_to(root)}:{first}: a function of {length} lines", False
    yield f"files: {len(data['lines'])}, {sum(data['lines'].values())} lines (operators <= {OPERATOR_FILE}, the rest <= {OTHER_FILE})", True
    for path, count in data["lines"].items():
        if count > limit_of(path, root):
            yield f"  {path.relative_to(root)}: {count} lines (<= {limit_of(path, root)})", False
    yield f"macros: {len(data['macros'])} (<= {MACROS}, each <= {MACRO_LINES} lines, NACRE_...)", len(data["macros"]) <= MACROS
    for name, length, path in data["macros"]:
        if length > MACRO_LINES or not name.startswith("NACRE_"):
            yield f"  {path.relative_to(root)}: {name}, {length} lines", False
    low, high = COMMENTS
    outside = "" if low <= data["comments"] <= high else ", outside (a note, not a failure)"
    yield f"comments: {data['comments']:.1f} % of lines ({low:g} to {high:g}{outside})", True
    yield f"root CMakeLists.txt: {data['cmake']} lines (<= {CMAKE_ROOT})", data["cmake"] <= CMAKE_ROOT


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="exit 1 when a limit is broken")
    parser.add_argument("--longest", type=int, default=0, metavar="N", help="list the N longest functions")
    parser.add_argument("--root", type=pathlib.Path, default=ROOT)
    args = parser.parse_args()
    data = survey(args.root)
    broken = 0
    for text, within in verdicts(data, args.root):
        broken += not within
        print(text if within else f"{text}   <-- over the limit")
    for length, path, first in sorted(data["functions"], reverse=True, key=lambda row: row[0])[:args.longest]:
        print(f"{length:5}  {path.relative_to(args.root)}:{first}")
    return 1 if args.check and broken else 0


if __name__ == "__main__":
    sys.exit(main())
