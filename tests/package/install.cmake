# Script of the test package.install: Halyard under PREFIX, installed elsewhere and then moved.
include("${CMAKE_CURRENT_LIST_DIR}/step.cmake")
file(REMOVE_RECURSE "${PREFIX}" "${PREFIX}.installed")
step("install" "${CMAKE_COMMAND}" --install "${BUILD_DIR}" --prefix "${PREFIX}.installed")
file(RENAME "${PREFIX}.installed" "${PREFIX}")
