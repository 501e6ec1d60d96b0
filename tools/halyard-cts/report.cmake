# halyard_cts_report: what halyard-cts knows of reports, as a library, so that it can be tested by itself.
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)

# ---- which suite this is
set(suite "${PROJECT_SOURCE_DIR}/tests/conformance")
set(builder "${PROJECT_SOURCE_DIR}/tests/spirv/builder") # writes modules of the suite
set(matrix "${PROJECT_SOURCE_DIR}/tests/spirv/matrix") # the cases of the opcode tests
file(GLOB_RECURSE suiteFiles CONFIGURE_DEPENDS "${suite}/*.c" "${suite}/*.cpp" "${suite}/*.h" "${suite}/*.inc" "${suite}/kernels/*"
     "${suite}/CMakeLists.txt" "${suite}/profiles.txt" "${builder}/*.cpp" "${builder}/*.h"
     "${matrix}/*.cpp" "${matrix}/*.h" "${matrix}/*.def" "${matrix}/*.txt")
list(JOIN suiteFiles "\n" suiteList)
file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/suite_files.txt" CONTENT "${suiteList}")
set(digestSource "${CMAKE_CURRENT_BINARY_DIR}/suite_digest.cpp")
add_custom_command(OUTPUT "${digestSource}"
    COMMAND "${CMAKE_COMMAND}" "-DFILES=${CMAKE_CURRENT_BINARY_DIR}/suite_files.txt" "-DROOT=${PROJECT_SOURCE_DIR}"
            "-DOUTPUT=${digestSource}" -P "${CMAKE_CURRENT_LIST_DIR}/suite_digest.cmake"
    DEPENDS ${suiteFiles} "${CMAKE_CURRENT_BINARY_DIR}/suite_files.txt" "${CMAKE_CURRENT_LIST_DIR}/suite_digest.cmake"
    COMMENT "Hashing the conformance suite" VERBATIM)

set(featuresSource "${CMAKE_CURRENT_BINARY_DIR}/features_text.cpp")
add_custom_command(OUTPUT "${featuresSource}"
    COMMAND "${CMAKE_COMMAND}" "-DINPUT=${suite}/features.txt" "-DOUTPUT=${featuresSource}"
            -P "${CMAKE_CURRENT_LIST_DIR}/embed_features.cmake"
    DEPENDS "${suite}/features.txt" "${CMAKE_CURRENT_LIST_DIR}/embed_features.cmake"
    COMMENT "Embedding the list of features" VERBATIM)

add_library(halyard_cts_report STATIC
    compare.cpp describe.cpp feature_table.cpp patterns.cpp report_html.cpp report_json.cpp report_junit.cpp results.cpp
    status_page.cpp text.cpp "${digestSource}" "${featuresSource}")
target_include_directories(halyard_cts_report PUBLIC "${CMAKE_CURRENT_LIST_DIR}" PRIVATE "${CMAKE_CURRENT_LIST_DIR}/..")
target_link_libraries(halyard_cts_report PUBLIC halyard::halyard
    PRIVATE halyard_tool_names CLI11::CLI11 halyard_fmt nlohmann_json::nlohmann_json)
