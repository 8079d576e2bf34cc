# What every target of this project shares, and the function that declares a room.

add_library(tocsin_settings INTERFACE)
target_include_directories(tocsin_settings INTERFACE ${CMAKE_SOURCE_DIR}/daemon
                                                     ${CMAKE_SOURCE_DIR}/include)
target_compile_definitions(
  tocsin_settings
  INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
            BOOST_BEAST_SEPARATE_COMPILATION)
target_compile_options(tocsin_settings INTERFACE -pthread $<$<CXX_COMPILER_ID:GNU>:-fcoroutines>)
# Boost.JSON is part of the precompiled header, so its definitions have to be everywhere.
target_link_libraries(tocsin_settings INTERFACE Boost::json Threads::Threads)
# Debug builds here serve the test suite, not the debugger: line tables are enough, and halve
# the build.
target_compile_options(tocsin_settings INTERFACE $<$<CONFIG:Debug>:-g1>)

if(TOCSIN_SANITIZE)
  target_compile_options(tocsin_settings INTERFACE -fsanitize=${TOCSIN_SANITIZE}
                                                   -fno-sanitize-recover=all
                                                   -fno-omit-frame-pointer -O1)
  target_link_options(tocsin_settings INTERFACE -fsanitize=${TOCSIN_SANITIZE})
endif()

add_library(tocsin_warnings INTERFACE)
target_compile_options(tocsin_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow
                                                 -Wnon-virtual-dtor -Woverloaded-virtual)
if(TOCSIN_WARNINGS_AS_ERRORS)
  target_compile_options(tocsin_warnings INTERFACE -Werror)
endif()
# Once it optimises, g++ 12 also reports moves and inserts of std::string as out of bounds
# (its bugs 105329 and 105651).
target_compile_options(
  tocsin_warnings
  INTERFACE $<$<AND:$<CXX_COMPILER_ID:GNU>,$<NOT:$<CONFIG:Debug>>>:-Wno-array-bounds
            -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread>)
# g++ 12 reports uses across coroutine frames that do not exist; libstdc++ 12's own stable_sort uses
# what C++20 deprecates, which clang reports in our files.
target_compile_options(
  tocsin_warnings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
                            $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>)

find_program(TOCSIN_CCACHE ccache)
if(TOCSIN_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${TOCSIN_CCACHE})
endif()

if(TOCSIN_TIDY)
  find_program(TOCSIN_CLANG_TIDY clang-tidy-19 REQUIRED)
  set(CMAKE_CXX_CLANG_TIDY ${CMAKE_SOURCE_DIR}/tests/lint/tidy.sh ${TOCSIN_CLANG_TIDY} --quiet)
endif()

if(TOCSIN_LTO)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
  # g++ 12 numbers the temporaries in a coroutine's frame by file, and then takes the frames of one
  # template for different types.
  add_link_options($<$<CXX_COMPILER_ID:GNU>:-Wno-odr>)
endif()

# One precompiled header of the standard library and Boost.JSON for all rooms.
if(TOCSIN_PCH)
  file(WRITE ${CMAKE_BINARY_DIR}/tocsin_pch.cc.in "int tocsin_precompiled_header_anchor = 0;\n")
  configure_file(${CMAKE_BINARY_DIR}/tocsin_pch.cc.in ${CMAKE_BINARY_DIR}/tocsin_pch.cc COPYONLY)
  add_library(tocsin_pch STATIC ${CMAKE_BINARY_DIR}/tocsin_pch.cc)
  target_link_libraries(tocsin_pch PUBLIC tocsin_settings PRIVATE tocsin_warnings)
  target_precompile_headers(
    tocsin_pch PRIVATE
    <algorithm> <array> <atomic> <chrono> <cmath> <cstdint> <cstring> <expected> <functional>
    <limits> <map> <memory> <mutex> <optional> <set> <span> <string> <string_view>
    <unordered_map> <utility> <variant> <vector> <boost/json/value.hpp>
    <boost/json/object.hpp> <boost/json/array.hpp> <boost/json/string.hpp>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(tocsin_pch PRIVATE -Xclang -fno-pch-timestamp)
  endif()
endif()

function(tocsin_use_pch target)
  if(TOCSIN_PCH)
    target_precompile_headers(${target} REUSE_FROM tocsin_pch)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
      target_compile_options(${target} PRIVATE -Xclang -fno-pch-timestamp)
    endif()
  endif()
endfunction()

# tocsin_room(NAME SOURCES a.cc … [HEADERS a.h …] [PUBLIC library …] [PRIVATE library …])
# declares the library tocsin_NAME with the alias tocsin::NAME from files of this folder.
function(tocsin_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(tocsin_${name} STATIC ${ROOM_SOURCES})
  add_library(tocsin::${name} ALIAS tocsin_${name})
  target_link_libraries(
    tocsin_${name}
    PUBLIC tocsin_settings ${ROOM_PUBLIC}
    PRIVATE tocsin_warnings ${ROOM_PRIVATE})
  tocsin_use_pch(tocsin_${name})
  if(TOCSIN_HEADER_CHECK)
    file(GLOB headers RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS *.h */*.h)
    set(checks)
    foreach(header IN LISTS headers)
      string(REPLACE "/" "_" flat ${header})
      set(check ${CMAKE_CURRENT_BINARY_DIR}/alone/${flat}.cc)
      file(CONFIGURE OUTPUT ${check} CONTENT "#include \"${name}/${header}\"\n")
      list(APPEND checks ${check})
    endforeach()
    if(checks)
      add_library(tocsin_${name}_headers OBJECT ${checks})
      target_link_libraries(tocsin_${name}_headers PRIVATE tocsin::${name} tocsin_warnings)
    endif()
  endif()
endfunction()
