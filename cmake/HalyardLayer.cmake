# halyard_add_layer(NAME SOURCES <file>...): a layer (halyard/layer.h) as the shared library libhalyard_layer_NAME.so, which exports nothing
# but hyLayerGetInterface. The target is halyard_layer_NAME. Used by Halyard's own layers and, through find_package(Halyard), by others: a
# program finds the layer by name when HALYARD_LAYER_PATH has the library's folder, or by the library's absolute path.
include_guard(GLOBAL)
set(HALYARD_LAYER_MAP "${CMAKE_CURRENT_LIST_DIR}/halyard_layer.map")

function(halyard_add_layer name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES")
    if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
        message(FATAL_ERROR "halyard_add_layer(${name}): expected SOURCES, got '${ARGN}'")
    endif()
    if(NOT name MATCHES "^[a-z][a-z0-9_-]*$")
        message(FATAL_ERROR "halyard_add_layer(${name}): a name is lower case letters, digits, '-' or '_' and starts with a letter")
    endif()
    set(target halyard_layer_${name})
    add_library(${target} MODULE ${arg_SOURCES})
    # The headers alone: a layer links nothing of Halyard.
    target_include_directories(${target} PRIVATE $<TARGET_PROPERTY:halyard::halyard,INTERFACE_INCLUDE_DIRECTORIES>)
    target_link_options(${target} PRIVATE "LINKER:--version-script=${HALYARD_LAYER_MAP}" "LINKER:-z,nodelete")
    set_target_properties(${target} PROPERTIES
        C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON LINK_DEPENDS "${HALYARD_LAYER_MAP}")
endfunction()
