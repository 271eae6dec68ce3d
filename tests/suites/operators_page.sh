#!/usr/bin/env bash
# docs/operators.md says what the code is. tools/operators_page.py mends it.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
python=${NACRE_PYTHON:-$root/.cache/venv/bin/python}
if ! "$python" -c 'import onnx' 2>/dev/null; then
  echo "the onnx package is not installed: the page of operators is not compared"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
fi
exec "$python" "$root/tools/operators_page.py" --nacre "${NACRE:-$root/build/release/nacre}" --check
