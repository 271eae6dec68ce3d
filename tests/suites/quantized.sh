#!/usr/bin/env bash
# 8-bit operators against numpy on every instruction set of this machine (quantized.py).
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
python=${NACRE_PYTHON:-$root/.cache/venv/bin/python}
[ -x "$python" ] || python=python3
exec "$python" -B "$root/tests/suites/quantized.py" "$@"
