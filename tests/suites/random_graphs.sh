#!/usr/bin/env bash
# Random valid graphs on reference and native (tests/suites/random_graphs_suite.cpp): the seeds that once failed, then those from
# NACRE_RANDOM_GRAPH_SEED (4001) on, NACRE_RANDOM_GRAPH_COUNT (20000) of them at the most and for NACRE_RANDOM_GRAPH_SECONDS (60): a fixed
# slice, so that a change alone can make it fail. A hunt takes other seeds.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
suite=${NACRE_BUILD:-$root/build/release}/tests/random_graphs_suite
passed=0 failed=0
add() {
  local out p f
  out=$("$suite" "$@" 2>&1)
  p=$(sed -n 's/^\([0-9]*\) passed, [0-9]* failed, 0 skipped$/\1/p' <<<"$out")
  f=$(sed -n 's/^[0-9]* passed, \([0-9]*\) failed, 0 skipped$/\1/p' <<<"$out")
  if [ -z "$p" ] || [ "$((p + ${f:-0}))" = 0 ]; then p=0 f=1; echo "FAILED: $suite $* ran nothing"; fi
  [ "$f" = 0 ] || head -n 200 <<<"$out"
  passed=$((passed + p)) failed=$((failed + f))
}
add --replay "$root/tests/suites/random_graph_cases.txt"
add --seed "${NACRE_RANDOM_GRAPH_SEED:-4001}" --count "${NACRE_RANDOM_GRAPH_COUNT:-20000}" --seconds "${NACRE_RANDOM_GRAPH_SECONDS:-60}"
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
