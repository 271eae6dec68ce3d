# nacre_registry(FOLDER MACRO FILE): writes one `MACRO(stem)` line per FOLDER/**/*.cpp that defines a row, sorted.
# A file defines a row when it contains `<macro>_<stem>{` in lower case, so helpers may live in the same folder.
# Subfolders prefix the stem: ops/ml/scaler.cpp is OP(ml_scaler).
function(nacre_registry folder macro file)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/${folder} ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
  string(TOLOWER ${macro} prefix)
  set(stems)
  foreach(path IN LISTS found)
    string(REGEX REPLACE "\\.cpp$" "" stem ${path})
    string(REPLACE "/" "_" stem ${stem})
    file(STRINGS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/${path} row REGEX " ${prefix}_${stem}{" LIMIT_COUNT 1)
    if(row)
      list(APPEND stems ${stem})
    endif()
  endforeach()
  nacre_write_rows("${stems}" ${macro} ${file})
endfunction()

# The same for a folder whose rows are subfolders: backends/native/ is BACKEND(native).
function(nacre_registry_folders folder macro file)
  file(GLOB found CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/${folder} ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*/backend.cpp)
  string(REPLACE "/backend.cpp" "" stems "${found}")
  nacre_write_rows("${stems}" ${macro} ${file})
endfunction()

function(nacre_write_rows stems macro file)
  list(SORT stems)
  set(text "")
  foreach(stem IN LISTS stems)
    string(APPEND text "${macro}(${stem})\n")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/generated/${file} CONTENT "${text}")
endfunction()
