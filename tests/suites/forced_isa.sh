#!/usr/bin/env bash
# The stored cases of the onnx package and random graphs on `native` with every instruction set of this machine but the best, which the other
# suites run with: NACRE_ISA leaves out what is newer. NACRE_FORCED_SECONDS (15) of random graphs each.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export NACRE_BUILD=${NACRE_BUILD:-$root/build/release}
nacre=${NACRE:-$NACRE_BUILD/nacre}
passed=0 failed=0 skipped=0
add() {
  local what=$1 last; shift
  "$@" >"$log" 2>&1
  last=$(tail -n 1 "$log")
  if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2])) skipped=$((skipped + BASH_REMATCH[3]))
    [ "${BASH_REMATCH[2]}" = 0 ] || head -n 60 "$log"
  else
    failed=$((failed + 1)); tail -n 20 "$log"; last="no counts"
  fi
  echo "$what: $last"
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

isas=$("$nacre" doctor --json | sed -n '/"kernels_that_run"/,/\]/p' | grep -o '"[a-z0-9_]*"' | tail -n +3 | tr -d '"')
for isa in $isas; do
  export NACRE_ISA=$isa
  if ! "$nacre" doctor --json | grep -q "\"kernels\": *\"$isa\""; then failed=$((failed + 1)); echo "FAILED: NACRE_ISA=$isa gives other kernels"; fi
  add "onnx on native with $isa" "$root/tests/suites/onnx.sh" native
  add "random graphs with $isa" env NACRE_RANDOM_GRAPH_SECONDS="${NACRE_FORCED_SECONDS:-15}" "$root/tests/suites/random_graphs.sh"
done
[ -n "$isas" ] || { echo "this machine runs the portable kernels alone"; skipped=$((skipped + 1)); }
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
