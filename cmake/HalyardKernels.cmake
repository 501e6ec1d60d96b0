# halyard_add_kernels: compiles OpenCL C (.cl) and GLSL (.comp) kernels to SPIR-V as part of a target's build. Used by Halyard's own
# samples and, through find_package(Halyard), by applications.
#
#   halyard_add_kernels(target
#       SOURCES saxpy.cl saxpy.comp...
#       [OPTIONS ...] [CL_OPTIONS ...] [GLSL_OPTIONS ...]   # for both compilers, for .cl alone, for .comp alone
#       [EMBED])
#
# With EMBED each file becomes a header that the target can include: saxpy.cl gives "saxpy_cl.spv.h", which defines
# `static const uint32_t saxpy_cl_spv[]` and `static const size_t saxpy_cl_spv_size` (bytes). Without it, saxpy.cl gives the file
# saxpy_cl.spv in the target's output folder. Kernels are rebuilt when they or a file that they include change.
#
# Call it in the folder that defines the target. Compilers are searched once:
#   HALYARD_CLANG            a clang whose SPIR-V target is built in (clang 19 or later), or one with HALYARD_LLVM_SPIRV beside it
#   HALYARD_LLVM_SPIRV       llvm-spirv of the same major version as that clang; empty when it is not needed
#   HALYARD_GLSL_COMPILER    glslangValidator or glslc

#   HALYARD_KERNEL_PACK      a folder made by tools/make-pack: no compiler is searched or called, the modules come from there

include_guard(GLOBAL)
include("${CMAKE_CURRENT_LIST_DIR}/HalyardKernelPack.cmake")
set(HALYARD_KERNEL_PACK "" CACHE PATH "Folder of tools/make-pack with the kernels as SPIR-V, for machines without their compilers")

# Sets HALYARD_CLANG and HALYARD_LLVM_SPIRV in the cache.
function(_halyard_find_opencl_compiler)
    if(HALYARD_CLANG)
        return()
    endif()
    foreach(version "" -25 -24 -23 -22 -21 -20 -19)
        find_program(candidate NAMES clang${version} NO_CACHE)
        if(candidate)
            execute_process(COMMAND "${candidate}" --print-targets OUTPUT_VARIABLE targets ERROR_QUIET)
            if(targets MATCHES "spirv64")
                set(HALYARD_CLANG "${candidate}" CACHE FILEPATH "clang that compiles OpenCL C kernels" FORCE)
                set(HALYARD_LLVM_SPIRV "" CACHE FILEPATH "llvm-spirv, for a clang without a SPIR-V target" FORCE)
                return()
            endif()
        endif()
        unset(candidate)
    endforeach()
    foreach(version 18 17 16 15 14)
        find_program(candidate NAMES clang-${version} NO_CACHE)
        find_program(translator NAMES llvm-spirv-${version} NO_CACHE)
        if(candidate AND translator)
            set(HALYARD_CLANG "${candidate}" CACHE FILEPATH "clang that compiles OpenCL C kernels" FORCE)
            set(HALYARD_LLVM_SPIRV "${translator}" CACHE FILEPATH "llvm-spirv, for a clang without a SPIR-V target" FORCE)
            return()
        endif()
        unset(candidate)
        unset(translator)
    endforeach()
    message(FATAL_ERROR "halyard_add_kernels: no compiler for OpenCL C. Install clang 19 or later built with its SPIR-V target (Debian: "
                        "clang-22), or clang N with llvm-spirv-N; or set HALYARD_CLANG (and HALYARD_LLVM_SPIRV).")
endfunction()

function(_halyard_find_glsl_compiler)
    find_program(HALYARD_GLSL_COMPILER NAMES glslangValidator glslang glslc DOC "Compiler for GLSL kernels")
    if(NOT HALYARD_GLSL_COMPILER)
        message(FATAL_ERROR "halyard_add_kernels: no compiler for GLSL. Install glslangValidator (Debian: glslang-tools) or glslc; "
                            "or set HALYARD_GLSL_COMPILER.")
    endif()
endfunction()

function(_halyard_compile_cl source output options)
    _halyard_find_opencl_compiler()
    set(common -cl-std=CL3.0 -O2 -MD -MF "${output}.d" -MT "${output}" ${options})
    if(HALYARD_LLVM_SPIRV)
        set(commands
            COMMAND "${HALYARD_CLANG}" --target=spir64-unknown-unknown -emit-llvm ${common} -c "${source}" -o "${output}.bc"
            COMMAND "${HALYARD_LLVM_SPIRV}" "${output}.bc" -o "${output}")
    else()
        # Loop strength reduction writes `x & 63` as a 6-bit integer, which the SPIR-V target of clang 22 widens to 8 bits without a mask:
        # wrong results at -O2, an invalid module at -O1. What it does to loops suits no device's own compiler either.
        set(commands COMMAND "${HALYARD_CLANG}" --target=spirv64 ${common} -mllvm -disable-lsr -c "${source}" -o "${output}")
    endif()
    add_custom_command(
        OUTPUT "${output}" ${commands}
        MAIN_DEPENDENCY "${source}" DEPENDS "${HALYARD_CLANG}" DEPFILE "${output}.d"
        COMMENT "Compiling kernel ${source}" VERBATIM)
endfunction()

function(_halyard_compile_glsl source output options)
    _halyard_find_glsl_compiler()
    get_filename_component(compiler "${HALYARD_GLSL_COMPILER}" NAME_WE)
    if(compiler STREQUAL "glslc")
        set(command "${HALYARD_GLSL_COMPILER}" --target-env=vulkan1.2 -O -MD -MF "${output}.d" -MT "${output}" ${options}
                    "${source}" -o "${output}")
    else()
        set(command "${HALYARD_GLSL_COMPILER}" -V --quiet --target-env vulkan1.2 --depfile "${output}.d" ${options} "${source}"
                    -o "${output}")
    endif()
    add_custom_command(
        OUTPUT "${output}" COMMAND ${command}
        MAIN_DEPENDENCY "${source}" DEPENDS "${HALYARD_GLSL_COMPILER}" DEPFILE "${output}.d"
        COMMENT "Compiling kernel ${source}" VERBATIM)
endfunction()

function(halyard_add_kernels target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "EMBED" "" "SOURCES;OPTIONS;CL_OPTIONS;GLSL_OPTIONS")
    if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
        message(FATAL_ERROR "halyard_add_kernels(${target}): expected SOURCES and known keywords, got '${ARGN}'")
    endif()
    if(NOT TARGET ${target})
        message(FATAL_ERROR "halyard_add_kernels(${target}): there is no such target; call it after add_executable or add_library")
    endif()
    set(outputDir "${CMAKE_CURRENT_BINARY_DIR}/kernels/${target}")
    file(MAKE_DIRECTORY "${outputDir}")

    foreach(source IN LISTS arg_SOURCES)
        get_filename_component(source "${source}" ABSOLUTE)
        get_filename_component(name "${source}" NAME)
        string(MAKE_C_IDENTIFIER "${name}" symbol)
        set(output "${outputDir}/${symbol}.spv")
        if(HALYARD_KERNEL_PACK)
            _halyard_take_packed("${target}" "${symbol}" "${output}")
        elseif(name MATCHES "\\.cl$")
            _halyard_compile_cl("${source}" "${output}" "${arg_OPTIONS};${arg_CL_OPTIONS}")
        elseif(name MATCHES "\\.comp$")
            _halyard_compile_glsl("${source}" "${output}" "${arg_OPTIONS};${arg_GLSL_OPTIONS}")
        else()
            message(FATAL_ERROR "halyard_add_kernels(${target}): ${name} is neither OpenCL C (.cl) nor GLSL (.comp)")
        endif()

        if(arg_EMBED)
            add_custom_command(
                OUTPUT "${output}.h"
                COMMAND "${CMAKE_COMMAND}" "-DINPUT=${output}" "-DOUTPUT=${output}.h" "-DSYMBOL=${symbol}_spv"
                        -P "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/HalyardEmbed.cmake"
                DEPENDS "${output}" "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/HalyardEmbed.cmake"
                COMMENT "Embedding ${symbol}.spv" VERBATIM)
            target_sources(${target} PRIVATE "${output}.h")
            target_include_directories(${target} PRIVATE "${outputDir}")
        else()
            # Linking again when a kernel changes is what makes the copy below happen then, and only then.
            target_sources(${target} PRIVATE "${output}")
            set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${output}")
            add_custom_command(
                TARGET ${target} POST_BUILD
                COMMAND "${CMAKE_COMMAND}" -E copy_if_different "${output}" "$<TARGET_FILE_DIR:${target}>/${symbol}.spv"
                VERBATIM)
        endif()
    endforeach()
endfunction()
