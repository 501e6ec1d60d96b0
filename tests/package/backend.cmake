# Script of the test package.backend: builds the backend of a vendor's own project against the installed Halyard, and runs the
# installed suite on it. See CMakeLists.txt for its variables.
include("${CMAKE_CURRENT_LIST_DIR}/step.cmake")
file(REMOVE_RECURSE "${WORK_DIR}")
set(flags "")
if(SANITIZE)
    set(flags "-fsanitize=${SANITIZE}")
endif()
step("configure the backend" "${CMAKE_COMMAND}" -G Ninja -S "${BACKEND_DIR}" -B "${WORK_DIR}" -DCMAKE_BUILD_TYPE=RelWithDebInfo
    "-DCMAKE_PREFIX_PATH=${PREFIX}" "-DHALYARD_VERSION=${VERSION}" "-DCMAKE_CXX_COMPILER=${CXX_COMPILER}" "-DCMAKE_CXX_FLAGS=${flags}")
step("build the backend" "${CMAKE_COMMAND}" --build "${WORK_DIR}")
set(cts "${PREFIX}/bin/halyard-cts" "--backend-library=${WORK_DIR}/libvendor.so")

# suite(WHAT ARGUMENTS...): a run of the installed suite that must pass.
function(suite what)
    execute_process(COMMAND ${cts} "--exclusions=${BACKEND_DIR}/vendor.txt" ${ARGN}
        RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT result EQUAL 0 OR NOT output MATCHES "\n([0-9]+ tests in [^\n]* passed[^\n]*)\n")
        message(FATAL_ERROR "${what} failed (${result}):\n${output}")
    endif()
    message(STATUS "${what}: ${CMAKE_MATCH_1}")
endfunction()
suite("profile core" --device=vendor --profile=core --jobs=2 "--report=${WORK_DIR}/vendor.json" "--junit=${WORK_DIR}/vendor.xml"
    "--html=${WORK_DIR}/vendor.html")
# Copies and waits from one device of the backend to the other; the tests look for a second one themselves.
set(ENV{VENDOR_DEVICES} 2)
suite("two devices, the first" --device=vendor "--filter=ManyDevices.*:DeviceQueries.*")
suite("two devices, the second" --device=vendor:1 "--filter=ManyDevices.*:DeviceQueries.*:Copy.*")
unset(ENV{VENDOR_DEVICES})

# The exclusions are true: without them the tests fail, and by the refusal that they tell of.
execute_process(COMMAND ${cts} --device=vendor "--filter=Print.*" RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT result EQUAL 1 OR NOT output MATCHES "it calls printf, which this device does not have")
    message(FATAL_ERROR "Print.*, which vendor.txt excludes, ends with ${result} where it is not excluded:\n${output}")
endif()
