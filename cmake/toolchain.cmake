# The presets' compiler: the distribution's newest clang where it is installed, the default compiler otherwise.
find_program(NACRE_CLANG NAMES clang++-22 clang++-21 clang++-20 clang++-19)
if(NACRE_CLANG)
  set(CMAKE_CXX_COMPILER ${NACRE_CLANG})
endif()
