# Warnings, sanitizers and ccache, once for every target of the project.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT HALYARD_PCH)
    set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

add_compile_options(-Wall -Wextra -Werror -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # False at -O2 and above on std::string: https://gcc.gnu.org/bugzilla/show_bug.cgi?id=105651
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()
if(HALYARD_PCH)
    # GCC 12 forgets which lines are of its own headers when they come precompiled, and warns of <string>.
    add_compile_options(-Wno-array-bounds)
endif()
if(HALYARD_SANITIZE)
    add_compile_options(-fsanitize=${HALYARD_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${HALYARD_SANITIZE})
    # GCC 12 loses track of what the sanitizers' checks surround, and warns in its own <regex> and <functional>.
    add_compile_options($<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-Wno-maybe-uninitialized>)
    add_compile_definitions(HALYARD_SANITIZED=1)
    if(HALYARD_PCH)
        add_compile_options(-Wno-error) # more false alarms of that kind; the build without sanitizers has them as errors
    endif()
endif()
include_directories("${CMAKE_SOURCE_DIR}/include" "${CMAKE_SOURCE_DIR}/src")

# {fmt} for what is installed: header-only, so that libhalyard.so depends on no other library's version.
find_package(fmt REQUIRED)
add_library(halyard_fmt INTERFACE)
if(HALYARD_FMT_SHARED)
    target_link_libraries(halyard_fmt INTERFACE fmt::fmt)
else()
    target_link_libraries(halyard_fmt INTERFACE fmt::fmt-header-only)
endif()

# halyard_needs_runtime(target): builds what libhalyard.so loads or starts before `target`, so that building one program alone never
# leaves a worker of another build beside the library.
function(halyard_needs_runtime target)
    foreach(part halyard-jit halyard_cpu halyard_cuda halyard_null halyard_reference halyard_layer_validate halyard_layer_trace halyard_layer_log)
        if(TARGET ${part})
            add_dependencies(${target} ${part})
        endif()
    endforeach()
endfunction()

# halyard_add_test(NAME SOURCES... [LIBS...] [LABELS...]): a GoogleTest executable registered with CTest, a test a case.
function(halyard_add_test name)
    cmake_parse_arguments(arg "" "" "SOURCES;LIBS;LABELS" ${ARGN})
    if(NOT HALYARD_BUILD_TESTS)
        return()
    endif()
    find_package(GTest REQUIRED)
    find_package(Threads REQUIRED)
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE ${arg_LIBS} GTest::gtest GTest::gmock GTest::gtest_main Threads::Threads ${CMAKE_DL_LIBS})
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 300)
endfunction()
