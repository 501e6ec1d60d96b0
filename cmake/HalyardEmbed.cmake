# Script: writes the SPIR-V file INPUT as the C array SYMBOL into the header OUTPUT. Part of halyard_add_kernels.
file(READ "${INPUT}" hex HEX)
string(LENGTH "${hex}" length)
math(EXPR odd "${length} % 8")
if(length EQUAL 0 OR NOT odd EQUAL 0)
    message(FATAL_ERROR "${INPUT} is not a SPIR-V module: its size is not a positive multiple of 4 bytes")
endif()
string(REGEX REPLACE "(..)(..)(..)(..)" "0x\\4\\3\\2\\1u," words "${hex}")
string(REGEX REPLACE "(0x[0-9a-f]+u,0x[0-9a-f]+u,0x[0-9a-f]+u,0x[0-9a-f]+u,0x[0-9a-f]+u,0x[0-9a-f]+u,0x[0-9a-f]+u,0x[0-9a-f]+u,)"
                     "\\1\n    " words "${words}")
file(WRITE "${OUTPUT}" "/* Generated from a kernel; do not edit. */
#pragma once
#include <stddef.h>
#include <stdint.h>

static const uint32_t ${SYMBOL}[] = {
    ${words}
};
static const size_t ${SYMBOL}_size = sizeof ${SYMBOL};
")
