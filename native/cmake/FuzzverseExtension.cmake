# fuzzverse._native: the core behind cffi, in API mode, for every Python from 3.11 on.
find_package(Python 3.11 COMPONENTS Interpreter Development.SABIModule REQUIRED)

set(cdef "${CMAKE_CURRENT_SOURCE_DIR}/core/cdef.h")
set(prelude "${CMAKE_CURRENT_BINARY_DIR}/prelude.h")
set(binding "${CMAKE_CURRENT_BINARY_DIR}/binding.c")

file(CONFIGURE OUTPUT "${prelude}" CONTENT "#include \"core.h\"\n")
add_custom_command(
    OUTPUT "${binding}"
    COMMAND Python::Interpreter -m cffi.gen_src read-sources
            fuzzverse._native "${cdef}" "${prelude}" "${binding}"
    DEPENDS "${cdef}" "${prelude}"
    COMMENT "Generating the cffi binding from core/cdef.h"
    VERBATIM)

python_add_library(_native MODULE WITH_SOABI USE_SABI 3.11
                   "${binding}" ${core_sources} ${common_sources})
target_link_libraries(_native PRIVATE ${CMAKE_DL_LIBS})
target_include_directories(_native PRIVATE include common core)
target_compile_options(_native PRIVATE -fvisibility=hidden)
# What cffi generates is not ours to warn about.
set_source_files_properties("${binding}" PROPERTIES COMPILE_OPTIONS "-w")
install(TARGETS _native LIBRARY DESTINATION fuzzverse)

# libfuzzverse_python.a: what makes a target of a simulation in Python. Linked with the interpreter's
# shared library where a target is built.
add_library(fuzzverse_python STATIC ${python_sources})
target_link_libraries(fuzzverse_python PRIVATE Python::SABIModule)
target_include_directories(fuzzverse_python PRIVATE include)
target_compile_options(fuzzverse_python PRIVATE -fvisibility=hidden)
install(TARGETS fuzzverse_python ARCHIVE DESTINATION fuzzverse/data/lib)
