# cmake -DSOURCE=... -DBUILD=... -DGENERATOR=... -DPACK=... -DNVCC=... -P build.cmake: the build of a machine that has
# nvcc, and none of the compilers that make-pack's machine has.
function(run)
    execute_process(COMMAND ${ARGV} RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "${ARGV} failed: ${result}")
    endif()
endfunction()

run("${CMAKE_COMMAND}" -S "${SOURCE}" -B "${BUILD}" -G "${GENERATOR}" -DHALYARD_BUILD_JIT=OFF -DHALYARD_BUILD_TESTS=OFF -DHALYARD_BUILD_SAMPLES=OFF
    "-DHALYARD_KERNEL_PACK=${PACK}" -DCMAKE_DISABLE_FIND_PACKAGE_LLVM=ON -DHALYARD_PCH=ON -DHALYARD_CLANG=/nonexistent -DHALYARD_GLSL_COMPILER=/nonexistent
    "-DHALYARD_NVCC=${NVCC}" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0 -DCMAKE_C_FLAGS_DEBUG=-O0)
run("${CMAKE_COMMAND}" --build "${BUILD}" --parallel 2 --target halyard-bench halyard_cuda halyard-info)
