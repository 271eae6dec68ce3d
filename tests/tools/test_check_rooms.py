#!/usr/bin/env python3
"""The rooms check finds what it is there to find: each test plants one violation in a small tree and sees it named."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "check_rooms.py"
SOUND = {
    "src/core/shape.h": '#include <vector>\n#include "nacre/tensor.h"\n',
    "src/core/os/file.cpp": '#include <sys/mman.h>\n#include <unistd.h>\n#include "core/os/file.h"\n',
    "src/graph/graph.h": '#include "core/shape.h"\n',
    "src/ops/softmax.cpp": '#include "graph/op.h"\n#include "ops_rows.inc"\n',
    "src/backends/native/compile.cpp": '#include "runtime/backend.h"\n#include "backends/native/program.h"\n#include "passes/pass.h"\n',
    "src/cli/commands/run.cpp": '#include "server/server.h"\n#include "backends/native/program.h"\n',
    "src/bindings/c/nacre_c.cpp": '#include "nacre/session.h"\n',
    "include/nacre/tensor.h": "// A tensor.\n//\n//     nacre::Tensor t;\n//\n#pragma once\n#include <vector>\n#include \"nacre/dtype.h\"\n",
}


def run(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run([sys.executable, TOOL, "src"], cwd=folder, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


class CheckRooms(unittest.TestCase):
    def refused(self, name, text, *words):
        code, out = run(SOUND | {name: text})
        self.assertEqual(code, 1, out)
        self.assertEqual(len(out.splitlines()), 1, out)
        for word in (name, *words):
            self.assertIn(word, out)

    def accepted(self, name, text):
        code, out = run(SOUND | {name: text})
        self.assertEqual(code, 0, out)

    def test_sound_tree_passes(self):
        self.assertEqual(run(SOUND)[0], 0)

    def test_arrow_that_points_up(self):
        self.refused("src/core/bad.cpp", '#include <map>\n#include "graph/graph.h"\n', ":2:", "core may not include graph")
        self.refused("src/ops/bad.cpp", '#include "passes/pass.h"\n', "ops may not include passes")
        self.refused("src/text/bad.cpp", '#include "runtime/session.h"\n', "text may not include runtime")
        self.refused("src/passes/bad.h", '#  include "runtime/session.h"\n', "passes may not include runtime")

    def test_every_room_but_cli_refuses_server(self):
        for room in "core io graph ops passes importers runtime array train text media pipelines bindings".split():
            self.refused(f"src/{room}/bad.cpp", '#include "server/server.h"\n', f"{room} may not include server")

    def test_backend_sees_one_header_of_runtime(self):
        self.refused("src/backends/native/bad.cpp", '#include "runtime/session.h"\n', "backends may not include runtime")
        self.refused("src/backends/native/bad.cpp", '#include "io/onnx.h"\n', "backends may not include io")

    def test_backend_includes_no_other_backend(self):
        self.refused("src/backends/null/bad.cpp", '#include "backends/native/program.h"\n', "null", "native")

    def test_bindings_see_public_headers_only(self):
        self.refused("src/bindings/c/bad.cpp", '#include "core/shape.h"\n', "bindings may not include core")

    def test_system_header_outside_core_os(self):
        for header in ("sys/mman.h", "unistd.h", "dlfcn.h", "windows.h", "pthread.h"):
            self.refused("src/io/bad.cpp", f"#include <{header}>\n", header, "core/os")
        self.refused("src/core/bad.cpp", "#include <fcntl.h>\n", "core/os")

    def test_climbing_include(self):
        self.refused("src/io/bad.cpp", '#include "../graph/graph.h"\n', "climbs")
        self.refused("src/io/bad.cpp", '#include "io/../graph/graph.h"\n', "climbs")

    def test_heavy_header_in_header(self):
        self.refused("src/io/bad.h", "#include <nlohmann/json.hpp>\n", "heavy")
        self.refused("src/io/bad.h", "#include <regex>\n", "heavy")
        self.accepted("src/io/good.cpp", "#include <nlohmann/json.hpp>\n")

    def test_unknown_room_and_rootless_file(self):
        self.refused("src/attic/bad.cpp", "\n", "attic")
        self.refused("src/bad.cpp", "\n", "room")

    def test_third_party_in_public_header(self):
        self.refused("include/nacre/bad.h", "//     example();\n#include <nlohmann/json.hpp>\n", "nlohmann")
        self.refused("include/nacre/bad.h", '//     example();\n#include "core/shape.h"\n', "core/shape.h")

    def test_public_header_without_example(self):
        self.refused("include/nacre/bad.h", "// Does things.\n#pragma once\n//     too late\n", "example")

    def test_commented_include_is_no_include(self):
        self.accepted("src/core/good.cpp", '// #include "graph/graph.h"\n/*\n#include "graph/graph.h"\n*/\n')

    def test_class_name_used_twice(self):
        files = SOUND | {"src/text/model.h": "namespace nacre {\nclass Model {\n};\n}  // namespace nacre\n"}
        for text, fails in (("namespace nacre {\nclass Model final : public Base {\n};\n}  // namespace nacre\n", True),
                            ("namespace nacre {\nclass Model;\n}  // namespace nacre\n", False),
                            ("namespace nacre::graph {\nclass Model {\n};\n}  // namespace nacre::graph\n", False),
                            ("namespace nacre {\nnamespace {\nstruct Model {\n};\n}  // namespace\n}  // namespace nacre\n", False)):
            code, out = run(files | {"src/ops/other.cpp": text})
            self.assertEqual(code, 1 if fails else 0, text + out)
            if fails:
                self.assertIn("nacre::Model is defined in", out)

    def test_wrong_use_is_exit_2(self):
        done = subprocess.run([sys.executable, TOOL], capture_output=True)
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main()
