#!/usr/bin/env bash
# Installs a build into an empty folder and builds the small project beside this script against it: with find_package
# (static, shared, and the tree moved elsewhere) and with pkg-config (shared and static).
#
#     tests/consumer/run.sh build/release
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "${1:?the build folder}" && pwd)
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
compiler=$(sed -n 's/^set(CMAKE_CXX_COMPILER "\(.*\)")$/\1/p' "$build"/CMakeFiles/*/CMakeCXXCompiler.cmake)
version=$(sed -n 's/^CMAKE_PROJECT_VERSION:[A-Z]*=//p' "$build/CMakeCache.txt")
passed=0 failed=0

check() {
  local what=$1 out; shift
  if out=$("$@" 2>&1); then passed=$((passed + 1)); else failed=$((failed + 1)); printf '%s\nFAILED: %s\n' "$out" "$what"; fi
}
runs() { [ "$("$1")" = "nacre $version" ]; }
with_pkg_config() {  # with_pkg_config OUTPUT LIBRARIES...
  local output=$1; shift
  # shellcheck disable=SC2046  # flags are words
  "$compiler" -std=c++20 "-DEXPECTED_VERSION=\"$version\"" $(pkg-config --cflags nacre) "$here/main.cpp" -o "$output" "$@"
}

check "install" cmake --install "$build" --prefix "$work/first"
check "only the documented folders are installed" test -z "$(cd "$work/first" && ls | grep -vxE 'bin|include|lib|share')"
mv "$work/first" "$work/tree"  # nothing may depend on where it was installed first
check "find_package: configure" cmake -G Ninja -S "$here" -B "$work/consumer" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$work/tree"
check "find_package: build" cmake --build "$work/consumer"
for library in nacre nacre_static nacre_shared; do check "find_package: Nacre::$library runs" runs "$work/consumer/with_$library"; done

PKG_CONFIG_PATH=$(dirname "$(find "$work/tree" -name nacre.pc)")
LD_LIBRARY_PATH=$(dirname "$(find "$work/tree" -name libnacre.so)")
export PKG_CONFIG_PATH LD_LIBRARY_PATH
check "pkg-config: version" test "$(pkg-config --modversion nacre)" = "$version"
# shellcheck disable=SC2046
check "pkg-config: shared" with_pkg_config "$work/shared" $(pkg-config --libs nacre)
check "pkg-config: shared runs" runs "$work/shared"
# shellcheck disable=SC2046
check "pkg-config: static" with_pkg_config "$work/static" -Wl,-Bstatic -L"$LD_LIBRARY_PATH" -lnacre -Wl,-Bdynamic $(pkg-config --static --libs-only-l nacre | sed 's/-lnacre//')
check "pkg-config: static runs without the shared library" env LD_LIBRARY_PATH= "$work/static"
[ ! -x "$work/tree/bin/nacre" ] || check "the installed command runs" "$work/tree/bin/nacre" --version
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
