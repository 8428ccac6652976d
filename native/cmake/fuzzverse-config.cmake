# find_package(fuzzverse) gives fuzzverse::target: link it, and an executable is a target.
#
#     find_package(fuzzverse REQUIRED)
#     add_executable(coin coin.c)
#     target_link_libraries(coin PRIVATE fuzzverse::target)
#
# fuzzverse::threads instead of fuzzverse::target has POSIX threads as tasks of the simulation kit, and
# what links fuzzverse::preempt is compiled so that tasks are preempted where it touches shared memory.
#
# Configure with clang as the compiler and -Dfuzzverse_DIR=<this folder>, which
# `fuzzverse config --cmakedir` prints.
get_filename_component(_fuzzverse_data "${CMAKE_CURRENT_LIST_DIR}" DIRECTORY)

foreach(_fuzzverse_language C CXX)
    if(CMAKE_${_fuzzverse_language}_COMPILER_ID
       AND NOT CMAKE_${_fuzzverse_language}_COMPILER_ID MATCHES "Clang")
        set(fuzzverse_FOUND FALSE)
        set(fuzzverse_NOT_FOUND_MESSAGE
            "targets are compiled by clang 14 or newer, and CMAKE_${_fuzzverse_language}_COMPILER \
is ${CMAKE_${_fuzzverse_language}_COMPILER}; configure with CC=clang CXX=clang++")
        return()
    endif()
endforeach()

if(NOT TARGET fuzzverse::target)
    set(_fuzzverse_library "${_fuzzverse_data}/lib/libfuzzverse.a")
    set(_fuzzverse_heap "${_fuzzverse_data}/lib/libfuzzverse_heap.a")
    add_library(fuzzverse::target INTERFACE IMPORTED)
    set_target_properties(fuzzverse::target PROPERTIES
        INTERFACE_INCLUDE_DIRECTORIES "${_fuzzverse_data}/include"
        INTERFACE_COMPILE_OPTIONS "-fsanitize-coverage=inline-8bit-counters,pc-table,trace-cmp"
        INTERFACE_LINK_OPTIONS
            "SHELL:-Wl,--whole-archive '${_fuzzverse_library}' -Wl,--no-whole-archive"
        # The heap, where malloc is still missing: sanitizers bring one.
        INTERFACE_LINK_LIBRARIES "-Wl,-u,malloc;${_fuzzverse_heap};m;dl;pthread"
        INTERFACE_LINK_DEPENDS "${_fuzzverse_library};${_fuzzverse_heap}")

    set(_fuzzverse_threads "${_fuzzverse_data}/lib/libfuzzverse_threads.a")
    add_library(fuzzverse::threads INTERFACE IMPORTED)
    set_target_properties(fuzzverse::threads PROPERTIES
        INTERFACE_LINK_OPTIONS
            "SHELL:-Wl,--whole-archive '${_fuzzverse_threads}' -Wl,--no-whole-archive"
        INTERFACE_LINK_LIBRARIES fuzzverse::target
        INTERFACE_LINK_DEPENDS "${_fuzzverse_threads}")

    add_library(fuzzverse::preempt INTERFACE IMPORTED)
    set_target_properties(fuzzverse::preempt PROPERTIES
        INTERFACE_COMPILE_OPTIONS
            "-fsanitize-coverage=trace-loads,trace-stores;SHELL:-include '${_fuzzverse_data}/include/fuzzverse/sim/preempt.h'")
endif()
