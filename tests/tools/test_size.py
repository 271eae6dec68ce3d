#!/usr/bin/env python3
"""The size report counts what a reader would count."""
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "size.py"
spec = importlib.util.spec_from_file_location("size", TOOL)
size = importlib.util.module_from_spec(spec)
spec.loader.exec_module(size)

TRICKY = r'''
#include <x>
#define NACRE_BRACES(a) { \
  a
namespace nacre {
namespace {
struct Row { int a = 0; std::vector<int> b{1, 2}; int size() const { return a; } };   // a function of one line
const Op op_row{.name = "Row", .infer = [](int x) { return x; }};                       // no function
const char* text = "} { (";  char brace = '{';  auto raw = R"({{{)";  int big = 1'000'000;

template <class T>
T twice(T value) {
  if (value > 0) {
    for (int row = 0; row < 3; ++row) { value += row; }
  }
  auto inner = [&](int a) {
    return a;
  };
  return inner(value);
}  // from `template`: ten lines

class Thing : public Base {
 public:
  Thing(int a) : a_{a}, b_(a) {
    use();
  }
  bool operator==(const Thing& other) const noexcept { return a_ == other.a_; }
  int operator()(int a = {}) { return a; }
  virtual auto f() const -> std::vector<int> {
    return {};
  }
};
enum class Kind : uint8_t { a, b };
extern "C" {
int plain(void) { return 0; }
}
std::vector<int> table = make({1, 2});
}
}  // namespace nacre
'''


class Size(unittest.TestCase):
    def test_comments_stand_alone_or_behind_code_and_not_in_strings(self):
        self.assertEqual(size.comment_lines('// one\nint a;  ///< two\nauto s = "// none";\n/* three\n four */\n}  // namespace x\n'), 4)

    def test_functions_of_a_tricky_file(self):
        self.assertEqual([length for _, length in size.functions(TRICKY)], [1, 10, 3, 1, 1, 3, 1])

    def test_line_numbers(self):
        first, _ = list(size.functions(TRICKY))[1]
        self.assertEqual(TRICKY.splitlines()[first - 1], "template <class T>")

    def test_private_macros_do_not_count(self):
        text = "#define OP(x) x\n#undef OP\n#define NACRE_A \\\n 1\n"
        self.assertEqual(list(size.macros(text)), [("NACRE_A", 2)])

    def check(self, files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = pathlib.Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            done = subprocess.run([sys.executable, TOOL, "--check", "--root", folder], capture_output=True, text=True)
            return done.returncode, done.stdout

    def test_limits_hold_and_break(self):
        sound = {"src/ops/a.cpp": "// why\n" + "int f() { return 0; }\n" * 9}
        self.assertEqual(self.check(sound)[0], 0, self.check(sound)[1])
        for name, text, word in [
            ("src/ops/long.cpp", "int x;\n" * 251, "src/ops/long.cpp: 251"),
            ("src/io/long.cpp", "// note\n" * 100 + "int x;\n" * 501, "src/io/long.cpp: 601"),
            ("src/io/body.cpp", "// note\n" * 20 + "int f() {\n" + "g();\n" * 100 + "}\n", "a function of 102 lines"),
            ("src/io/macro.cpp", "#define SHORT 1\n", "SHORT"),
            ("CMakeLists.txt", "\n" * 151, "151 lines"),
        ]:
            code, out = self.check(sound | {name: text})
            self.assertEqual(code, 1, out)
            self.assertIn(word, out)


if __name__ == "__main__":
    unittest.main()
