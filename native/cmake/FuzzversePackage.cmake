# What is found rather than linked: headers, embedded targets and corpora, CMake and pkg-config.
include(CMakePackageConfigHelpers)

set(data fuzzverse/data)
set(repository "${CMAKE_CURRENT_SOURCE_DIR}/..")

install(DIRECTORY include/ DESTINATION ${data}/include FILES_MATCHING PATTERN "*.h")
# Sources: another fuzzer's compiler builds them beside a target.
install(DIRECTORY rivals/ DESTINATION ${data}/rivals FILES_MATCHING PATTERN "*.[ch]")
foreach(folder targets templates corpora)
    install(DIRECTORY "${repository}/${folder}/" DESTINATION ${data}/${folder} OPTIONAL
            PATTERN "__pycache__" EXCLUDE)
endforeach()

configure_file("${CMAKE_CURRENT_LIST_DIR}/fuzzverse.pc.in" fuzzverse.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/fuzzverse.pc" DESTINATION ${data}/lib/pkgconfig)

write_basic_package_version_file(fuzzverse-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_LIST_DIR}/fuzzverse-config.cmake"
              "${CMAKE_CURRENT_BINARY_DIR}/fuzzverse-config-version.cmake"
        DESTINATION ${data}/cmake)
