# Target halyard_build_id: the header build_id.h with HALYARD_JIT_BUILD_ID, a hash over everything that decides what the compiler
# emits. It is part of every cache key, so it must change when any such file does, and only then; the core
# includes it too and so needs no LLVM to compute a key.
if(TARGET halyard_build_id)
    return()
endif()
set(HALYARD_BUILD_ID_ROOT "${CMAKE_CURRENT_LIST_DIR}/..")
file(GLOB_RECURSE HALYARD_BUILD_ID_FILES CONFIGURE_DEPENDS "${HALYARD_BUILD_ID_ROOT}/src/jit/*" "${HALYARD_BUILD_ID_ROOT}/src/spv/*")
# The client decides nothing about code: editing it must not empty anybody's cache.
list(FILTER HALYARD_BUILD_ID_FILES EXCLUDE REGEX "/src/jit/client/")
list(APPEND HALYARD_BUILD_ID_FILES "${HALYARD_BUILD_ID_ROOT}/include/halyard/result.h")
find_package(LLVM 22.1 QUIET CONFIG HINTS /usr/lib/llvm-22/lib/cmake/llvm)
set(HALYARD_BUILD_ID_DIR "${CMAKE_BINARY_DIR}/generated/build_id")
file(MAKE_DIRECTORY "${HALYARD_BUILD_ID_DIR}")
# The list of files is an input as well: a removed file must change the hash.
list(JOIN HALYARD_BUILD_ID_FILES "\n" HALYARD_BUILD_ID_LIST)
file(CONFIGURE OUTPUT "${HALYARD_BUILD_ID_DIR}/files.txt" CONTENT "${HALYARD_BUILD_ID_LIST}")
add_custom_command(
    OUTPUT "${HALYARD_BUILD_ID_DIR}/build_id.h"
    COMMAND ${CMAKE_COMMAND} "-DROOT=${HALYARD_BUILD_ID_ROOT}" "-DFILES=${HALYARD_BUILD_ID_DIR}/files.txt"
            "-DSALT=llvm-${LLVM_PACKAGE_VERSION} ${CMAKE_CXX_COMPILER_ID}-${CMAKE_CXX_COMPILER_VERSION}" "-DLLVM=${LLVM_PACKAGE_VERSION}"
            "-DOUTPUT=${HALYARD_BUILD_ID_DIR}/build_id.h" -P "${CMAKE_CURRENT_LIST_DIR}/HalyardBuildIdScript.cmake"
    DEPENDS ${HALYARD_BUILD_ID_FILES} "${HALYARD_BUILD_ID_DIR}/files.txt" "${CMAKE_CURRENT_LIST_DIR}/HalyardBuildIdScript.cmake"
    COMMENT "Hashing the compiler's sources" VERBATIM)
add_custom_target(halyard_build_id_header DEPENDS "${HALYARD_BUILD_ID_DIR}/build_id.h")
add_library(halyard_build_id INTERFACE)
add_dependencies(halyard_build_id halyard_build_id_header)
target_include_directories(halyard_build_id INTERFACE "${HALYARD_BUILD_ID_DIR}")
