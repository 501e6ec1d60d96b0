# What is installed beyond what the parts install themselves: the library and its package files, the headers, the CMake functions and
# the tools. The tree can be moved after it is installed.
include(CMakePackageConfigHelpers)
set(packageDir "${CMAKE_INSTALL_LIBDIR}/cmake/Halyard")

install(TARGETS halyard EXPORT HalyardTargets
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT HalyardTargets NAMESPACE halyard:: DESTINATION "${packageDir}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/halyard" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp" PATTERN "*.inc")
# How a backend runs what the compiler makes for the target "host". It lies with the compiler, whose cache key it is part of.
install(FILES "${PROJECT_SOURCE_DIR}/src/jit/host_kernel_abi.h" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/halyard")

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/HalyardConfig.cmake.in" "${PROJECT_BINARY_DIR}/cmake/HalyardConfig.cmake"
    INSTALL_DESTINATION "${packageDir}")
# Before 1.0 a minor version may change the ABI.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/cmake/HalyardConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES
    "${PROJECT_BINARY_DIR}/cmake/HalyardConfig.cmake"
    "${PROJECT_BINARY_DIR}/cmake/HalyardConfigVersion.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/HalyardKernels.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/HalyardKernelPack.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/HalyardEmbed.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/HalyardLayer.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/halyard_layer.map"
    DESTINATION "${packageDir}")

# pkg-config finds the prefix from the place of the file itself.
file(RELATIVE_PATH HALYARD_PREFIX_FROM_PC "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" HALYARD_PREFIX_FROM_PC "${HALYARD_PREFIX_FROM_PC}")
configure_file("${PROJECT_SOURCE_DIR}/cmake/halyard.pc.in" "${PROJECT_BINARY_DIR}/cmake/halyard.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/cmake/halyard.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

file(RELATIVE_PATH libFromBin "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}")
foreach(tool halyard-info halyard-bench halyard-cts)
    if(TARGET ${tool})
        set_target_properties(${tool} PROPERTIES INSTALL_RPATH "$ORIGIN/${libFromBin}")
        install(TARGETS ${tool} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
    endif()
endforeach()
if(TARGET halyard_nullwork)
    install(TARGETS halyard_nullwork LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}/halyard/bench")
endif()
