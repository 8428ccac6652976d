# libfuzzverse.a: what every target links. Never instrumented, and everything in it is visible, so
# that a target's shared libraries find it.
add_library(fuzzverse STATIC ${common_sources} ${runtime_sources} ${sim_sources})
target_include_directories(fuzzverse PRIVATE include common)
target_compile_options(fuzzverse PRIVATE -fvisibility=default)
# The stacks of tasks are walked from frame to frame, and those of draws in a replay's log.
set_source_files_properties(${sim_sources} runtime/draw.c PROPERTIES COMPILE_OPTIONS "-fno-omit-frame-pointer")

# libfuzzverse_heap.a: the malloc of targets that have no other. An archive of its own, so that the
# linker may leave it where it is.
add_library(fuzzverse_heap STATIC ${heap_sources})
target_compile_options(fuzzverse_heap PRIVATE -fvisibility=hidden)

# libfuzzverse_threads.a: POSIX threads as tasks, in place of libc's, for targets that ask for it.
add_library(fuzzverse_threads STATIC ${threads_sources})
target_include_directories(fuzzverse_threads PRIVATE include sim)
target_compile_options(fuzzverse_threads PRIVATE -fvisibility=default -fexceptions
                                                 -fno-omit-frame-pointer)

install(TARGETS fuzzverse fuzzverse_heap fuzzverse_threads ARCHIVE DESTINATION fuzzverse/data/lib)
