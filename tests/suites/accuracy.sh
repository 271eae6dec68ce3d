#!/usr/bin/env bash
# No operator is less accurate than docs/accuracy.md says. tools/accuracy_page.py writes the page.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
exec python3 "$root/tools/accuracy_page.py" --check
