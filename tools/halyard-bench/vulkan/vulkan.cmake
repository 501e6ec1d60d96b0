# `halyard-bench vulkan`: the GLSL twins and the driver by hand, where the backend itself is built.
halyard_add_kernels(halyard-bench SOURCES vulkan/kernels.cl vulkan/sgemm.comp vulkan/transpose.comp
    "${PROJECT_SOURCE_DIR}/samples/saxpy/saxpy.comp" "${PROJECT_SOURCE_DIR}/samples/softmax/softmax.comp" EMBED)
target_sources(halyard-bench PRIVATE vulkan/native.cpp vulkan/twins.cpp vulkan/vulkan.cpp)
target_include_directories(halyard-bench SYSTEM PRIVATE "${HALYARD_VOLK_INCLUDE}" "${HALYARD_VULKAN_INCLUDE}")
set_property(SOURCE main.cpp APPEND PROPERTY COMPILE_DEFINITIONS HALYARD_BENCH_VULKAN)
add_dependencies(halyard-bench halyard_vulkan)
