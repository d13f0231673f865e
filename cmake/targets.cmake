# One target for each folder of src/, in the order of src/README.md: a folder uses only folders above it.
set(AUTONBA_FOLDERS base model accel explore integer train cosearch rtl exporter report cli)

add_library(autonba_warnings INTERFACE)
target_compile_options(autonba_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
  -Wno-missing-field-initializers -Werror)

# autonba_folder(NAME SOURCES file... USES folder... LIBRARIES target... PRIVATE_LIBRARIES target... [TORCH])
# Headers are included as "NAME/header.hpp". The include path of a target holds its own folder and those in USES, no
# other, so an include against the order does not compile. TORCH: uses libtorch, whose headers are precompiled once for all.
function(autonba_folder name)
  cmake_parse_arguments(arg "TORCH" "" "SOURCES;USES;LIBRARIES;PRIVATE_LIBRARIES" ${ARGN})
  list(FIND AUTONBA_FOLDERS ${name} own_place)
  foreach(used IN LISTS arg_USES)
    list(FIND AUTONBA_FOLDERS ${used} place)
    if(place LESS 0 OR NOT place LESS own_place)
      message(FATAL_ERROR "src/${name} must not use src/${used}: the order is ${AUTONBA_FOLDERS}")
    endif()
  endforeach()

  set(includes ${CMAKE_BINARY_DIR}/include/${name})
  file(MAKE_DIRECTORY ${includes})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/${name} ${includes}/${name} SYMBOLIC)

  add_library(autonba_${name} STATIC ${arg_SOURCES})
  set_target_properties(autonba_${name} PROPERTIES UNITY_BUILD_MODE GROUP)
  target_include_directories(autonba_${name} PUBLIC $<BUILD_INTERFACE:${includes}>)
  list(TRANSFORM arg_USES PREPEND autonba_)
  target_link_libraries(autonba_${name} PUBLIC ${arg_USES} ${arg_LIBRARIES} PRIVATE $<BUILD_INTERFACE:autonba_warnings> ${arg_PRIVATE_LIBRARIES})
  if(arg_TORCH)
    autonba_use_torch(autonba_${name})
  endif()
endfunction()

# autonba_together(GROUP file...): files of this folder that are compiled as one, as long as their private names differ:
# always in targets that use libtorch, elsewhere in the library alone. Headers of libtorch, fmt, JSON, YAML and ONNX, and
# the templates made of them, take most of the time.
function(autonba_together group)
  set_source_files_properties(${ARGN} PROPERTIES UNITY_GROUP ${group})
endfunction()
if(NOT AUTONBA_TORCH AND NOT AUTONBA_TESTS)
  set(CMAKE_UNITY_BUILD ON)
endif()

# libtorch's headers take 10 to 20 seconds in every file that includes one of them.
if(AUTONBA_TORCH)
  add_library(autonba_torch STATIC ${CMAKE_CURRENT_LIST_DIR}/torch_headers.cpp)
  target_link_libraries(autonba_torch PUBLIC torch OpenMP::OpenMP_CXX PRIVATE autonba_warnings)
  target_precompile_headers(autonba_torch PRIVATE <torch/torch.h>)
endif()
function(autonba_use_torch target)
  target_link_libraries(${target} PUBLIC autonba_torch)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  target_precompile_headers(${target} REUSE_FROM autonba_torch)
endfunction()

# autonba_test(NAME SOURCES file... USES folder... LIBRARIES target... [LABELS label...] [TORCH])
# Tests of one folder. Labels: none for quick tests, `long` for those that `./check` leaves out, `threads` for those
# that also run under the thread sanitizer.
function(autonba_test name)
  cmake_parse_arguments(arg "TORCH" "" "SOURCES;USES;LIBRARIES;LABELS" ${ARGN})
  add_executable(test_${name} ${arg_SOURCES})
  list(TRANSFORM arg_USES PREPEND autonba_)
  target_link_libraries(test_${name} PRIVATE ${arg_USES} ${arg_LIBRARIES} autonba_warnings GTest::gmock GTest::gtest_main)
  target_compile_definitions(test_${name} PRIVATE AUTONBA_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  if(arg_TORCH)
    autonba_use_torch(test_${name})
  endif()
  set(properties TIMEOUT 1200)
  if("long" IN_LIST arg_LABELS)
    set(properties TIMEOUT 14400)
  endif()
  if(arg_LABELS)
    list(APPEND properties LABELS ${arg_LABELS})
  endif()
  gtest_discover_tests(test_${name} TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 120 PROPERTIES ${properties})
endfunction()
