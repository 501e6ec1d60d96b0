# `halyard-bench cpu`. The yardsticks get everything that this machine's processor has, in every build type, and clang's
# own OpenMP; glibc's vector functions as well.
set(kernels bitonic blackscholes convolution fft gemm_int8 histogram kmeans mandelbrot raymarch scan sgemm_naive sgemm_tiled
            sha256 spmv stencil stencil3d vecadd)
list(TRANSFORM kernels REPLACE "(.+)" "${CMAKE_CURRENT_SOURCE_DIR}/cpu/kernels/\\1.cl" OUTPUT_VARIABLE kernelFiles)
halyard_add_kernels(halyard-bench SOURCES ${kernelFiles} EMBED)

set(native "${CMAKE_CURRENT_BINARY_DIR}/cpu")
file(MAKE_DIRECTORY "${native}")
# OpenCL takes the text, in which the kernels that `halyard-bench cuda` shares have their headers inside.
foreach(file IN LISTS kernelFiles ITEMS "${CMAKE_CURRENT_SOURCE_DIR}/cuda/twins.cl" "${CMAKE_CURRENT_SOURCE_DIR}/launch.cl")
    get_filename_component(name "${file}" NAME_WE)
    set(text "${native}/${name}_cl.txt")
    add_custom_command(
        OUTPUT "${text}.h"
        COMMAND "${HALYARD_CLANG}" -E -P -x cl -cl-std=CL3.0 -cl-no-stdinc --target=spirv64 -MD -MF "${text}.d" -MT "${text}.h" "${file}" -o "${text}"
        COMMAND "${CMAKE_COMMAND}" "-DINPUT=${text}" "-DOUTPUT=${text}.h" "-DSYMBOL=${name}_cl_txt" -P "${CMAKE_CURRENT_SOURCE_DIR}/cuda/embed_text.cmake"
        DEPENDS "${file}" "${CMAKE_CURRENT_SOURCE_DIR}/cuda/embed_text.cmake" DEPFILE "${text}.d" COMMENT "Embedding the text of ${name}.cl" VERBATIM)
    target_sources(halyard-bench PRIVATE "${text}.h")
endforeach()
target_include_directories(halyard-bench PRIVATE "${native}")

# An object of native/<source>.cpp with some options more.
function(add_native name source)
    set(object "${native}/${name}.o")
    add_custom_command(
        OUTPUT "${object}"
        COMMAND "${HALYARD_TWIN_COMPILER}" -std=c++20 -O3 -march=native ${ARGN} -fPIE -fopenmp -Wall -Wextra -Werror -Wno-pass-failed
                -MD -MF "${object}.d" -MT "${object}" -c "${CMAKE_CURRENT_SOURCE_DIR}/cpu/native/${source}.cpp" -o "${object}"
        DEPENDS cpu/native/${source}.cpp DEPFILE "${object}.d" COMMENT "Compiling ${name} with clang for this processor" VERBATIM)
    target_sources(halyard-bench PRIVATE "${object}")
    set_source_files_properties("${object}" PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
endfunction()
foreach(name classics more)
    add_native(openmp_${name}_plain openmp_${name} -DHALYARD_OPENMP=plain -ffast-math)
    add_native(openmp_${name}_fast openmp_${name} -DHALYARD_OPENMP=fast -ffast-math -mprefer-vector-width=512 -fveclib=libmvec)
endforeach()
add_native(roof roof)
foreach(name wide wide_streams) # called where the processor has it
    add_native(${name} ${name} -mavx512f -mavx512dq -mavx512bw -mavx512vl)
endforeach()
target_link_libraries(halyard-bench PRIVATE "${twinOpenMP}" mvec)

target_sources(halyard-bench PRIVATE cpu/cpu.cpp cpu/halyard_side.cpp cpu/host_side.cpp cpu/latency.cpp cpu/plot.cpp cpu/table.cpp
    cpu/twins/compute.cpp cpu/twins/groups.cpp cpu/twins/integers.cpp cpu/twins/learning.cpp cpu/twins/matrix.cpp
    cpu/twins/signals.cpp cpu/twins/streaming.cpp cpu/twins/twins.cpp)
set_source_files_properties(cpu/cpu.cpp PROPERTIES COMPILE_DEFINITIONS "HALYARD_TWIN_COMPILER=\"${HALYARD_TWIN_COMPILER}\"")
find_package(OpenCL QUIET)
if(OpenCL_FOUND)
    target_sources(halyard-bench PRIVATE cpu/opencl_side.cpp)
    target_link_libraries(halyard-bench PRIVATE OpenCL::OpenCL)
else()
    target_sources(halyard-bench PRIVATE cpu/no_opencl.cpp)
endif()
set_property(SOURCE main.cpp launch.cpp APPEND PROPERTY COMPILE_DEFINITIONS HALYARD_BENCH_CPU)

# Specialised code that cannot be compiled leaves a kernel with its general code, which only a measurement would show.
if(HALYARD_BUILD_TESTS AND TARGET halyard_jit)
    foreach(kernel IN LISTS kernels)
        foreach(size IN ITEMS 256,1,1 16,16,1)
            string(REPLACE "," "x" name "${size}")
            add_test(NAME bench.compiles.${kernel}.${name} COMMAND halyardc --workgroup-size "${size}" --emit artifact
                -o "${native}/${kernel}.${name}.artifact" "${CMAKE_CURRENT_BINARY_DIR}/kernels/halyard-bench/${kernel}_cl.spv")
            set_tests_properties(bench.compiles.${kernel}.${name} PROPERTIES LABELS "bench;jit" TIMEOUT 60)
        endforeach()
    endforeach()
endif()
