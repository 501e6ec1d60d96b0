# softcuda_alu: the meaning of PTX's instructions on registers, without the interpreter.
include_guard(GLOBAL)

set(alu_folder "${CMAKE_CURRENT_LIST_DIR}")
add_library(softcuda_alu STATIC
    ${alu_folder}/alu.cpp
    ${alu_folder}/alu_approx.cpp
    ${alu_folder}/alu_bits.cpp
    ${alu_folder}/alu_carry.cpp
    ${alu_folder}/alu_compare.cpp
    ${alu_folder}/alu_convert.cpp
    ${alu_folder}/alu_dot.cpp
    ${alu_folder}/alu_float.cpp
    ${alu_folder}/alu_half.cpp
    ${alu_folder}/alu_integer.cpp
    ${alu_folder}/alu_lanes.cpp
    ${alu_folder}/alu_matrix.cpp
    ${alu_folder}/alu_narrow.cpp
    ${alu_folder}/alu_select.cpp
    ${alu_folder}/fragments.cpp)
target_include_directories(softcuda_alu PUBLIC ${alu_folder})
set_target_properties(softcuda_alu PROPERTIES POSITION_INDEPENDENT_CODE ON)
# Exactly the operations that are written, in the rounding mode of the moment. Loops over lanes as vector code also where
# the rest of the build is not optimised: the interpreter spends its time here.
target_compile_options(softcuda_alu PRIVATE -frounding-math -ffp-contract=off -fno-math-errno -O3)
# Pure functions of registers, which take minutes to instrument.
if(HALYARD_SANITIZE)
    target_compile_options(softcuda_alu PRIVATE -fno-sanitize=all)
endif()
