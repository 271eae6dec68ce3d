#!/usr/bin/env bash
# Operators, versions and types of the schemas (schemas.py).
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
python=${NACRE_PYTHON:-$root/.cache/venv/bin/python}
[ -x "$python" ] || python=python3
exec "$python" -B -W ignore "$root/tests/suites/schemas.py" "$@"
