# halyard_add_backend(NAME MANIFEST <file> SOURCES <file>...): the shared library libhalyard_NAME.so, which exports nothing but
# hyBackendGetInterface, with its manifest where the loader looks for it, in the build tree and when installed. The target is halyard_NAME.
set(HALYARD_BACKEND_MAP "${CMAKE_CURRENT_LIST_DIR}/halyard_backend.map")

function(halyard_add_backend name)
    cmake_parse_arguments(arg "" "MANIFEST" "SOURCES" ${ARGN})
    set(target halyard_${name})
    add_library(${target} MODULE ${arg_SOURCES})
    target_compile_definitions(${target} PRIVATE HALYARD_BACKEND_BUILD_ID="${PROJECT_VERSION}")
    target_link_libraries(${target} PRIVATE ${CMAKE_DL_LIBS})
    # Driver threads may outlive any dlclose, so the library stays.
    target_link_options(${target} PRIVATE "LINKER:--version-script=${HALYARD_BACKEND_MAP}" "LINKER:-z,nodelete")
    # Sanitizer runtimes are resolved from the executable.
    if(NOT HALYARD_SANITIZE)
        target_link_options(${target} PRIVATE "LINKER:--no-undefined")
    endif()
    set_target_properties(${target} PROPERTIES
        C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
        LIBRARY_OUTPUT_DIRECTORY "${CMAKE_LIBRARY_OUTPUT_DIRECTORY}/halyard"
        LINK_DEPENDS "${HALYARD_BACKEND_MAP}")

    get_filename_component(manifest "${arg_MANIFEST}" NAME)
    configure_file("${arg_MANIFEST}" "${CMAKE_LIBRARY_OUTPUT_DIRECTORY}/halyard/backends.d/${manifest}" COPYONLY)
    install(TARGETS ${target} LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}/halyard")
    install(FILES "${arg_MANIFEST}" DESTINATION "${CMAKE_INSTALL_LIBDIR}/halyard/backends.d")
endfunction()
