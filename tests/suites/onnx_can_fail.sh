#!/usr/bin/env bash
# Every mode of the ONNX suite sees a wrong answer (onnx_can_fail.py).
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
python=${NACRE_PYTHON:-$root/.cache/venv/bin/python}
[ -x "$python" ] || python=python3
exec "$python" -B -W ignore "$root/tests/suites/onnx_can_fail.py" "$@"
