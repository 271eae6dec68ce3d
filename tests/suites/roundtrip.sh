#!/usr/bin/env bash
# Import, export, import of every stored model of the onnx package gives the same graph; ONNX Runtime opens the exported
# files wherever it opens the originals. scripts/test sets NACRE_BUILD and NACRE_PYTHON.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${NACRE_BUILD:-$root/build/release}
python=${NACRE_PYTHON:-$root/.cache/venv/bin/python}
cases=1905
if ! data=$("$python" -c 'import onnx, pathlib; print(pathlib.Path(onnx.__file__).parent / "backend/test/data")' 2>/dev/null); then
  echo "the onnx package is not installed: round trips are skipped"
  echo "0 passed, 0 failed, $cases skipped"
  exit 0
fi
written=$(mktemp -d)
trap 'rm -rf "$written"' EXIT
out=$("$build/tests/roundtrip_suite" --data "$data" --write "$written" --expected-failures "$root/tests/suites/roundtrip_failures.txt" 2>&1)
last=$(tail -n 1 <<<"$out")
grep '^FAILED' <<<"$out" | head -n 40
if ! [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
  tail -n 5 <<<"$out"
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi
passed=${BASH_REMATCH[1]} failed=${BASH_REMATCH[2]}
if "$python" -c 'import onnxruntime' 2>/dev/null; then
  opened=$("$python" "$root/tests/suites/roundtrip_open.py" "$data" "$written")
  grep '^FAILED' <<<"$opened"
  [[ $(tail -n 1 <<<"$opened") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]] && passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2])) || failed=$((failed + 1))
else
  echo "onnxruntime is not installed: nobody else opens the exported files"
fi
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
