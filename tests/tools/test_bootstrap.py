#!/usr/bin/env python3
"""scripts/bootstrap on machines that are made up: a folder of stand-ins for id, dpkg-query and apt is the whole PATH."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "bootstrap"
TEXT = SCRIPT.read_text()
PACKAGES = [word.split("=")[0] for name in ("required", "compiler", "extra") for word in re.search(rf"^{name}=\(([^)]*)\)", TEXT, re.M).group(1).split()]


def bootstrap(user, installed, known=PACKAGES, commands=()):
    """Runs it; returns exit status, what it said, and the arguments of `apt-get install`."""
    with tempfile.TemporaryDirectory() as folder:
        def stub(name, body):
            path = pathlib.Path(folder, name)
            path.write_text(f"#!/bin/bash\n{body}\n")
            path.chmod(0o755)
        for tool in ("cut", "tail", "rm"):
            os.symlink(shutil.which(tool), pathlib.Path(folder, tool))
        stub("id", f"echo {user}")
        stub("dpkg-query", "\n".join(f"echo 'ii  {name}'" for name in installed))
        stub("apt-get", f'case "$*" in *install*) echo "$*" >>{folder}/installed ;; esac')
        stub("apt-cache", f'for p in "${{@:2}}"; do case " bash g++ {" ".join(known)} " in *" $p "*) found=1 ;; esac; done; [ -n "$found" ]')
        for name in commands:
            stub(name, "echo 12")
        done = subprocess.run(["/bin/bash", SCRIPT], env={"PATH": folder, "TMPDIR": folder}, capture_output=True, text=True)
        record = pathlib.Path(folder, "installed")
        return done.returncode, done.stdout + done.stderr, record.read_text().split() if record.exists() else []


class Bootstrap(unittest.TestCase):
    def test_silent_when_all_is_there(self):
        for user in (0, 1000):
            self.assertEqual(bootstrap(user, PACKAGES), (0, "", []))

    def test_root_installs_exactly_what_is_missing(self):
        missing = {"cmake", "clang-22", "ccache"}
        code, _, installed = bootstrap(0, [p for p in PACKAGES if p not in missing])
        self.assertEqual(code, 0)
        self.assertEqual(set(installed) & set(PACKAGES), missing)
        self.assertEqual(set(bootstrap(0, [])[2]) & set(PACKAGES), set(PACKAGES))

    def test_user_gets_the_list_the_command_and_exit_2(self):
        code, said, installed = bootstrap(1000, [p for p in PACKAGES if p not in ("libcli11-dev", "clang-22")])
        self.assertEqual((code, installed), (2, []))
        self.assertIn("apt-get install -y --no-install-recommends libcli11-dev clang-22", said)
        self.assertNotIn("libgtest-dev", said)

    def test_user_with_gxx_does_without_clang(self):
        code, said, _ = bootstrap(1000, [p for p in PACKAGES if p not in ("clang-22", "ccache")], commands=["g++"])
        self.assertEqual(code, 0)
        self.assertIn("clang-22 ccache", said)

    def test_command_that_did_not_come_from_apt_counts(self):
        without = [p for p in PACKAGES if p != "cmake"]
        self.assertEqual(bootstrap(1000, without, commands=["cmake"]), (0, "", []))

    def test_distribution_without_clang_22_gets_gxx(self):
        gone = {"clang-22", "lld-22", "libclang-rt-22-dev", "clang-format-22"}
        code, said, installed = bootstrap(0, [], known=[p for p in PACKAGES if p not in gone])
        self.assertEqual(code, 0)
        self.assertIn("g++", installed)
        self.assertFalse(gone & set(installed), said)

    def test_nothing_to_gain_means_no_apt(self):
        gone = {"clang-22", "lld-22"}
        code, _, installed = bootstrap(0, [p for p in PACKAGES if p not in gone], known=[p for p in PACKAGES if p not in gone], commands=["g++"])
        self.assertEqual((code, installed), (0, []))


if __name__ == "__main__":
    unittest.main()
