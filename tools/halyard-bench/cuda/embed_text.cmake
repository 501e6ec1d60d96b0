# Script: writes the text file INPUT as the string SYMBOL into the header OUTPUT.
file(READ "${INPUT}" text)
file(WRITE "${OUTPUT}" "/* Generated from ${INPUT}; do not edit. */
#pragma once

static const char ${SYMBOL}[] = R\"halyard(${text})halyard\";
")
