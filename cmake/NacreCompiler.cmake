# Flags every target of ours shares, ccache when it is there, and a fast linker.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_SANITIZE "-O0")  # of the sanitizer presets: half to compile, nothing is optimised away, and assertions are on

find_program(NACRE_CCACHE ccache)
if(NACRE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  if(NACRE_PCH)
    set(sloppiness CCACHE_SLOPPINESS=pch_defines,time_macros)
  endif()
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${sloppiness} ${NACRE_CCACHE})
endif()

# nacre_precompile(TARGET [HEADERS...]): the standard headers that most files include, parsed once. A build takes half to two thirds of the
# time. The debug preset goes without, so that a forgotten include is an error there.
function(nacre_precompile target)
  if(NOT NACRE_PCH)
    return()
  endif()
  target_precompile_headers(${target} PRIVATE <algorithm> <array> <atomic> <bit> <chrono> <cmath> <cstdint> <cstring> <expected> <filesystem>
    <limits> <map> <memory> <mutex> <numeric> <optional> <span> <string> <string_view> <tuple> <unordered_map> <utility> <vector> ${ARGN})
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    target_compile_options(${target} PRIVATE -Xclang -fno-pch-timestamp)
  endif()
endfunction()

add_library(nacre_flags INTERFACE)
# A table's row names the fields it sets; the others have their defaults.
target_compile_options(nacre_flags INTERFACE -Wall -Wextra -Wno-missing-field-initializers $<$<BOOL:${NACRE_WERROR}>:-Werror>)
if(NACRE_SANITIZE)
  target_compile_options(nacre_flags INTERFACE -fsanitize=${NACRE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  target_link_options(nacre_flags INTERFACE -fsanitize=${NACRE_SANITIZE})
endif()
if(NACRE_FUZZ)
  target_compile_options(nacre_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# The distribution's newest lld, else lld, else the default linker.
find_program(NACRE_LLD NAMES ld.lld-22 ld.lld)
if(NACRE_LLD)
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    target_link_options(nacre_flags INTERFACE --ld-path=${NACRE_LLD})
  elseif(NACRE_LLD MATCHES "ld.lld$")
    target_link_options(nacre_flags INTERFACE -fuse-ld=lld)
  endif()
endif()
