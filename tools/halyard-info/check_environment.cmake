# Script of the test info.environment: the variables that the sources name, those that halyard-info knows (LISTER) and those that docs/environment.md
# describes must be the same.
execute_process(COMMAND "${LISTER}" --list-environment OUTPUT_VARIABLE known COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "HALYARD_[A-Z_]+" known "${known}")
list(SORT known)

file(STRINGS "${SOURCE_DIR}/docs/environment.md" rows REGEX "^\\| `HALYARD_")
string(REGEX MATCHALL "\\| `HALYARD_[A-Z_]+`" documented "${rows}")
list(TRANSFORM documented REPLACE "[^A-Z_]" "")
list(SORT documented)

set(used "")
file(GLOB_RECURSE sources "${SOURCE_DIR}/src/*.cpp" "${SOURCE_DIR}/backends/*.cpp")
foreach(source IN LISTS sources)
    file(STRINGS "${source}" lines REGEX "[eE]nv[A-Za-z]*\\(([A-Za-z_.>-]+, )?\"HALYARD_")
    string(REGEX MATCHALL "[eE]nv[A-Za-z]*\\(([A-Za-z_.>-]+, )?\"HALYARD_[A-Z_]+" names "${lines}")
    list(TRANSFORM names REPLACE ".*\"" "")
    list(APPEND used ${names})
endforeach()
list(REMOVE_DUPLICATES used)
list(SORT used)

list(LENGTH used count)
if(count LESS 10)
    message(FATAL_ERROR "only ${count} variables were found in the sources: this test does not see how they are read any more")
endif()
if(NOT known STREQUAL used OR NOT documented STREQUAL used)
    message(FATAL_ERROR "sources:      ${used}\nhalyard-info: ${known}\ndocumented:   ${documented}")
endif()
