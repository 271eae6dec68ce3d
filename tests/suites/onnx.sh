#!/usr/bin/env bash
# The stored cases of the onnx package on every backend: as stored, with the optimiser off, with every dim a symbol, with inputs as constants. scripts/test sets NACRE_BUILD and
# NACRE_PYTHON; by hand, after scripts/test ran once:
#
#     tests/suites/onnx.sh                              every row of the table below
#     tests/suites/onnx.sh native "native --no-optimise"   some rows
#     tests/suites/onnx.sh onnxruntime-1.17             the oldest ONNX Runtime, which NACRE_TEST_ONNXRUNTIME_OLD names
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${NACRE_BUILD:-$root/build/release}
python=${NACRE_PYTHON:-$root/.cache/venv/bin/python}
rows=(native reference "native --no-optimise" "reference --no-optimise" "native --symbolic" "reference --symbolic" "native --constants" "reference --constants"
      "null --structure" onnxruntime)
[ $# = 0 ] || rows=("$@")
cases=1905  # node, simple, pytorch-converted and pytorch-operator of onnx 1.22.0

if ! data=$("$python" -c 'import onnx, pathlib; print(pathlib.Path(onnx.__file__).parent / "backend/test/data")' 2>/dev/null); then
  echo "the onnx package is not installed: its stored cases are skipped"
  echo "0 passed, 0 failed, $((cases * ${#rows[@]})) skipped"
  exit 0
fi

# The package's own ONNX Runtime, which scripts/requirements.txt pins.
NACRE_ONNXRUNTIME=$("$python" -c 'import onnxruntime, pathlib; print(pathlib.Path(onnxruntime.__file__).parent / "capi")' 2>/dev/null)
export NACRE_ONNXRUNTIME

passed=0 failed=0
for row in "${rows[@]}"; do
  backend=${row%% *} out= list=expected_failures.txt library=$NACRE_ONNXRUNTIME words=$row
  if [ "$row" = onnxruntime-1.17 ]; then
    backend=onnxruntime words=onnxruntime list=expected_failures_1.17.txt library=${NACRE_TEST_ONNXRUNTIME_OLD:?names no ONNX Runtime of 1.17}
  fi
  # shellcheck disable=SC2086  # a row is words
  out=$(NACRE_ONNXRUNTIME=$library "$build/tests/onnx_suite" --data "$data" --backend $words --expected-failures "$root/src/backends/$backend/$list" 2>&1)
  p=$(sed -n 's/^\([0-9]*\) passed, [0-9]* failed, [0-9]* skipped$/\1/p' <<<"$out" | tail -n 1)
  f=$(sed -n 's/^[0-9]* passed, \([0-9]*\) failed, [0-9]* skipped$/\1/p' <<<"$out" | tail -n 1)
  x=$(sed -n 's/^\([0-9]*\) failed as expected$/\1/p' <<<"$out" | tail -n 1)
  if [ -z "$p" ]; then
    tail -n 20 <<<"$out"; p=0 f=1
    echo "FAILED: onnx_suite on $row did not reach its end"
  elif [ $((p + f + ${x:-0})) != "$cases" ]; then
    f=$((f + 1))
    echo "FAILED: $row ran $((p + f - 1 + ${x:-0})) cases; there are $cases"
  fi
  [ "$f" = 0 ] || grep '^FAILED' <<<"$out" | head -n "${NACRE_SUITE_LINES:-40}" | sed "s/^/$row: /"
  echo "onnx on $row: $p passed, $f failed, ${x:-0} expected to fail"
  passed=$((passed + p)) failed=$((failed + f))
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
