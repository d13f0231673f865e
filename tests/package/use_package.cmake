# Installs BUILD, and builds and runs EXAMPLES against it, where nothing of the repository is above or beside them.
set(ENV{AUTONBA_CONFIGS})
string(RANDOM LENGTH 12 unique)
set(prefix /tmp/autonba-package-${unique})

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
  set(output "${output}" PARENT_SCOPE)
  if(NOT code EQUAL 0)
    file(REMOVE_RECURSE ${prefix})
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}: ${code}\n${output}")
  endif()
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})
# The program lies below the prefix, as one that is installed there: it finds share/autonba/configs/ above itself.
run(${CMAKE_COMMAND} -S ${EXAMPLES} -B ${prefix}/build -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${prefix}
  -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_CXX_FLAGS=${FLAGS} -DCMAKE_BUILD_TYPE=${BUILD_TYPE})
run(${CMAKE_COMMAND} --build ${prefix}/build)
run(${prefix}/build/map_network squeezenet zc706 fpga random)
file(REMOVE_RECURSE ${prefix})

if(NOT output MATCHES "^chunk 0: .*\n[0-9.]+ FPS at batch [0-9]+\n")
  message(FATAL_ERROR "map_network printed:\n${output}")
endif()
