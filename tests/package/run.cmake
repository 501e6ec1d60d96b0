# Script of the test package.consumer; see CMakeLists.txt for its variables.
include("${CMAKE_CURRENT_LIST_DIR}/step.cmake")
file(REMOVE_RECURSE "${WORK_DIR}")
file(MAKE_DIRECTORY "${WORK_DIR}")
set(prefix "${PREFIX}")

set(flags "")
if(SANITIZE)
    set(flags "-fsanitize=${SANITIZE}")
endif()
step("configure the consumer" "${CMAKE_COMMAND}" -G Ninja -S "${CONSUMER_DIR}" -B "${WORK_DIR}/build"
    "-DCMAKE_PREFIX_PATH=${prefix}" "-DHALYARD_VERSION=${VERSION}"
    "-DCMAKE_C_COMPILER=${C_COMPILER}" "-DCMAKE_CXX_COMPILER=${CXX_COMPILER}"
    "-DCMAKE_C_FLAGS=${flags}" "-DCMAKE_CXX_FLAGS=${flags}")
step("build the consumer" "${CMAKE_COMMAND}" --build "${WORK_DIR}/build")
step("run the C program" "${WORK_DIR}/build/consumer-c")
step("run the C++ program" "${WORK_DIR}/build/consumer-cpp")
set(ENV{HALYARD_LAYER_PATH} "${WORK_DIR}/build")
set(ENV{HALYARD_LAYERS} "count,log")
execute_process(COMMAND "${WORK_DIR}/build/consumer-cpp" OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
unset(ENV{HALYARD_LAYERS})
unset(ENV{HALYARD_LAYER_PATH})
if(NOT result EQUAL 0 OR NOT output MATCHES "hyInstanceDestroy\\(instance=" OR NOT output MATCHES "\n([0-9]+) launches counted" OR CMAKE_MATCH_1 EQUAL 0)
    message(FATAL_ERROR "under layers the C++ program ended with ${result} and printed: ${output}")
endif()
step("run the installed halyard-info" "${prefix}/bin/halyard-info" --require=cpu)
# Sharing needs a second process, which is the program itself.
step("run the installed halyard-cts" "${prefix}/bin/halyard-cts" --device=cpu "--filter=Kernels.*:Sharing.*")

# The program of README.md, as it is printed there.
file(READ "${README}" readme)
set(demo "${WORK_DIR}/demo")
foreach(file "opencl:square.cl" "cpp:demo.cpp" "cmake:CMakeLists.txt")
    string(REPLACE ":" ";" file "${file}")
    list(GET file 0 language)
    list(GET file 1 name)
    string(FIND "${readme}" "```${language}\n" begin)
    if(begin EQUAL -1)
        message(FATAL_ERROR "README.md has no ${language} block")
    endif()
    string(LENGTH "```${language}\n" skip)
    math(EXPR begin "${begin} + ${skip}")
    string(SUBSTRING "${readme}" ${begin} -1 rest)
    string(FIND "${rest}" "```" length)
    string(SUBSTRING "${rest}" 0 ${length} code)
    file(WRITE "${demo}/${name}" "${code}")
endforeach()
step("configure README's program" "${CMAKE_COMMAND}" -G Ninja -S "${demo}" -B "${demo}/build" "-DCMAKE_PREFIX_PATH=${prefix}"
    "-DCMAKE_CXX_COMPILER=${CXX_COMPILER}" "-DCMAKE_CXX_FLAGS=${flags}")
step("build it" "${CMAKE_COMMAND}" --build "${demo}/build")
execute_process(COMMAND "${demo}/build/demo" OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
if(NOT result EQUAL 0 OR NOT output MATCHES "^1 4 9 16 on ")
    message(FATAL_ERROR "README's program ended with ${result} and printed: ${output}")
endif()

find_program(pkgConfig pkg-config REQUIRED)
set(ENV{PKG_CONFIG_PATH} "${prefix}/${LIBDIR}/pkgconfig")
execute_process(COMMAND "${pkgConfig}" --cflags --libs "halyard >= ${VERSION}" OUTPUT_VARIABLE pcFlags
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(pcFlags UNIX_COMMAND "${pcFlags}")
step("build with pkg-config" "${C_COMPILER}" ${flags} -std=c11 "${CONSUMER_DIR}/consumer.c" ${pcFlags}
    "-Wl,-rpath,${prefix}/${LIBDIR}" -o "${WORK_DIR}/build/consumer-pc")
step("run it" "${WORK_DIR}/build/consumer-pc")
