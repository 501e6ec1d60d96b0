# Kernels that come as SPIR-V from a pack (tools/make-pack), for machines without the compilers of kernels. The pack says of each module
# which files it was made from; another text of one of them is an error.
include_guard(GLOBAL)

# _halyard_take_packed(target symbol output): `output` is the module of that name, from the folder HALYARD_KERNEL_PACK.
function(_halyard_take_packed target symbol output)
    set(packed "${HALYARD_KERNEL_PACK}/spirv/${target}/${symbol}.spv")
    if(NOT EXISTS "${packed}" OR NOT EXISTS "${packed}.sources")
        # Only who builds the target must have it.
        add_custom_command(OUTPUT "${output}" VERBATIM
            COMMAND "${CMAKE_COMMAND}" -E echo "The pack ${HALYARD_KERNEL_PACK} has no spirv/${target}/${symbol}.spv: make it anew with tools/make-pack"
            COMMAND "${CMAKE_COMMAND}" -E false)
        return()
    endif()
    file(STRINGS "${packed}.sources" lines)
    foreach(line IN LISTS lines)
        if(NOT line MATCHES "^([0-9a-f]+) +(.+)$")
            message(FATAL_ERROR "${packed}.sources: not a hash and a path: '${line}'")
        endif()
        set(expected "${CMAKE_MATCH_1}")
        set(source "${CMAKE_SOURCE_DIR}/${CMAKE_MATCH_2}")
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
        set(actual "missing")
        if(EXISTS "${source}")
            file(SHA256 "${source}" actual)
        endif()
        if(NOT actual STREQUAL expected)
            message(FATAL_ERROR "${packed} was made from another text of ${source}: make the pack anew with tools/make-pack")
        endif()
    endforeach()
    add_custom_command(OUTPUT "${output}" COMMAND "${CMAKE_COMMAND}" -E copy "${packed}" "${output}" DEPENDS "${packed}" VERBATIM)
endfunction()
