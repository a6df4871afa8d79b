# Language, warnings and sanitizers for every target.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

option(FLOORWALKER_TESTS "build the tests" ON)
option(FLOORWALKER_FUZZ "build the fuzzers (clang)" OFF)
set(FLOORWALKER_SANITIZE "" CACHE STRING "sanitizers, as -fsanitize= takes them")

add_compile_definitions(_GNU_SOURCE FLOORWALKER_VERSION="${PROJECT_VERSION}")
add_compile_options(
  -Wall -Wextra -Werror -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes
  -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wvla
  -Wimplicit-fallthrough -Wformat=2 -Wdouble-promotion -fno-common
  -fno-omit-frame-pointer)
if(FLOORWALKER_SANITIZE)
  add_compile_options(-fsanitize=${FLOORWALKER_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${FLOORWALKER_SANITIZE})
endif()
include_directories(${CMAKE_SOURCE_DIR}/processor)
