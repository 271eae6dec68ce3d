#!/usr/bin/env bash
# Shape inference against ONNX's own (shapes.py).
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
python=${NACRE_PYTHON:-$root/.cache/venv/bin/python}
[ -x "$python" ] || python=python3
exec "$python" -B "$root/tests/suites/shapes.py" "$@"
