#!/usr/bin/env python3
"""Enforces who may include whom (ARCHITECTURE.md, "Rooms and arrows").

    tools/check_rooms.py src          # prints each violation as file:line: reason; exit 1 when there is one

Beside the table of rooms: system headers stay in core/os, includes are written from the root of src (no `../`), heavy
headers stay out of headers, no class has the name of another in its namespace (the linker keeps the inline functions of one
of the two), and public headers (include/nacre, beside src) include nothing of a third party and open
with an example.
"""
import pathlib
import re
import sys

# room: the rooms it may include, beside itself and include/nacre. "*" is anything.
ROOMS = {
    "core": "",
    "io": "core",
    "graph": "core",
    "ops": "core graph",
    "passes": "core graph ops",
    "importers": "core io graph ops",
    "runtime": "core io graph ops passes importers",
    "backends": "core graph ops passes",  # and runtime/backend.h, and its own folder only
    "array": "core graph ops runtime",
    "train": "core io graph ops runtime array importers",
    "text": "core io",
    "media": "core io",
    "pipelines": "core io runtime text media importers",
    "server": "core io runtime pipelines",
    "cli": "*",
    "bindings": "",
}
# The only headers of a room that others may include although the room is not in their row.
DOORS = {"backends": {"runtime/backend.h"}}

SYSTEM = re.compile(r"(sys|linux|arpa|netinet|mach|mach-o)/|\b(unistd|fcntl|dlfcn|pthread|sched|dirent|poll|signal|windows|termios|"
                    r"pwd|netdb|spawn|semaphore|syscall|io|direct|psapi|winsock2|sysinfoapi)\.h$")
HEAVY_IN_HEADERS = {"iostream", "regex"}
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
C_HEADERS = {"stdint.h", "stddef.h", "stdbool.h"}  # for the C ABI
EXAMPLE_LINE = re.compile(r"\s*//[/!]? {4,}\S")


def sources(folder):
    return sorted(p for p in folder.rglob("*") if p.suffix in {".h", ".hpp", ".cpp", ".c", ".cc", ".inc"})


def includes(path):
    """(line number, bracket, name) of each include line outside of block comments."""
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), path.read_text(encoding="utf-8"), flags=re.S)
    for number, line in enumerate(text.splitlines(), 1):
        found = INCLUDE.match(line)
        if found:
            yield number, found.group(1), found.group(2)


def room_reason(relative, target):
    """Why the file at `relative` (a path below src) may not include `target`, or None."""
    room, other = relative.parts[0], target.split("/")[0]
    if other == room:
        if room != "backends" or relative.parts[1:2] == tuple(target.split("/")[1:2]) or len(relative.parts) < 3:
            return None
        return f"backend {relative.parts[1]} includes backend {target.split('/')[1]}"
    row = ROOMS[room]
    if row == "*" or other in row.split() or target in DOORS.get(room, ()):
        return None
    return f"{room} may not include {other} (it may include: {row or 'nothing'}{doors_text(room)})"


def doors_text(room):
    return "".join(f", {door}" for door in sorted(DOORS.get(room, ())))


def source_reason(path, relative, bracket, target):
    if target.startswith("../") or "/../" in target:
        return f'"{target}" climbs; write includes from the root of src'
    if bracket == "<" and SYSTEM.search(target) and relative.parts[:2] != ("core", "os"):
        return f"<{target}> is a system header; system calls live in core/os"
    if path.suffix in {".h", ".hpp"} and (target in HEAVY_IN_HEADERS or target.startswith("nlohmann/")):
        return f"<{target}> is heavy; include it in .cpp files only"
    if bracket == '"' and "/" in target and target.split("/")[0] != "nacre":
        if target.split("/")[0] not in ROOMS:
            return None if (path.parent / target).exists() else f'"{target}" is in no room; third-party headers are written <...>'
        return room_reason(relative, target)
    return None


def check_source(src):
    for path in sources(src):
        relative = path.relative_to(src)
        if len(relative.parts) < 2:
            yield f"{path}: sources live in a room, not in {src.name}/ itself"
            continue
        if relative.parts[0] not in ROOMS:
            yield f"{path}: no room is called {relative.parts[0]}; add it to the table with what it may include"
            continue
        for number, bracket, target in includes(path):
            reason = source_reason(path, relative, bracket, target)
            if reason:
                yield f"{path}:{number}: {reason}"


def class_names(path):
    """(line number, namespace::Name) of each class defined at namespace scope, anonymous namespaces left out."""
    spaces = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        opened = re.match(r"(?:inline )?namespace\s*([\w:]*)\s*\{$", line)
        if opened:
            spaces.append(opened.group(1) or None)
        elif re.match(r"\}\s*// namespace", line) and spaces:
            spaces.pop()
        found = re.match(r"(?:class|struct|union) (\w+)(?: final)?(?:\s*:[^:].*)?\s*\{", line)
        if found and None not in spaces:
            yield number, "::".join([*spaces, found.group(1)])


def check_class_names(folders):
    first = {}
    for path in (path for folder in folders for path in sources(folder)):
        for number, name in class_names(path):
            if first.setdefault(name, path) != path:
                yield f"{path}:{number}: {name} is defined in {first[name]}, too; names are one to a namespace"


def check_public(folder):
    for path in sources(folder):
        for number, bracket, target in includes(path):
            standard = bracket == "<" and ("." not in target and "/" not in target or target in C_HEADERS)
            if not standard and not target.startswith("nacre/"):
                yield f"{path}:{number}: public headers include the C++ library and nacre/ only, not {target}"
        if not opens_with_example(path):
            yield f"{path}: a public header opens with an example (comment lines indented by four spaces or more)"


def opens_with_example(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        if EXAMPLE_LINE.match(line):
            return True
        if line.strip() and not line.lstrip().startswith("//"):
            return False
    return False


def check(src):
    yield from check_source(src)
    public = src.parent / "include" / "nacre"
    if public.is_dir():
        yield from check_public(public)
    yield from check_class_names([src, public])


def main():
    if len(sys.argv) != 2 or not pathlib.Path(sys.argv[1]).is_dir():
        print(__doc__, file=sys.stderr)
        return 2
    src = pathlib.Path(sys.argv[1])
    violations = list(check(src))
    print("\n".join(violations) if violations else f"rooms: {sum(1 for _ in sources(src))} files, no violation")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
