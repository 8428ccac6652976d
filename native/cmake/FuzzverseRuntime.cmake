# libfuzzverse.a: what every target links. Never instrumented, and everything in it is visible, so
# that a target's shared libraries find it.
add_library(fuzzverse STATIC ${common_sources} ${runtime_sources} ${sim_sources})
target_include_directories(fuzzverse PRIVATE include common)
target_compile_options(fuzzverse PRIVATE -fvisibility=default)
install(TARGETS fuzzverse ARCHIVE DESTINATION fuzzverse/data/lib)
