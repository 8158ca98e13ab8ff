# Options that every target of ours is built with.
add_library(tessera_options INTERFACE)
target_compile_options(tessera_options INTERFACE -Wall -Wextra -Wpedantic -Werror)
if(TESSERA_SANITIZE)
  target_compile_options(tessera_options INTERFACE -fsanitize=${TESSERA_SANITIZE}
                                                   -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(tessera_options INTERFACE -fsanitize=${TESSERA_SANITIZE})
endif()

# tessera_add_room(NAME [SOURCES ...] [USES room ...] [LINKS library ...])
#
# One room of src/tessera as the library tessera_NAME. A room sees its own headers and those of the rooms
# it USES, no others: each room publishes an include root that holds nothing but itself, so an include across an
# undeclared border does not compile.
function(tessera_add_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;USES;LINKS" ${ARGN})
  set(include_root ${CMAKE_BINARY_DIR}/rooms/${name})
  file(MAKE_DIRECTORY ${include_root}/tessera)
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${include_root}/tessera/${name} SYMBOLIC)
  add_library(tessera_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(tessera_${name} PUBLIC ${include_root})
  list(TRANSFORM ROOM_USES PREPEND tessera_)
  target_link_libraries(tessera_${name} PUBLIC ${ROOM_USES} ${ROOM_LINKS} PRIVATE tessera_options)
endfunction()

# tessera_add_tests(NAME SOURCES ... [USES room ...] [LINKS library ...])
#
# One GoogleTest program NAME_test; ctest knows each of its tests by name.
function(tessera_add_tests name)
  if(NOT TESSERA_TESTS)
    return()
  endif()
  cmake_parse_arguments(TEST "" "" "SOURCES;USES;LINKS" ${ARGN})
  add_executable(${name}_test ${TEST_SOURCES})
  list(TRANSFORM TEST_USES PREPEND tessera_)
  target_link_libraries(${name}_test PRIVATE ${TEST_USES} ${TEST_LINKS} tessera_options
                                             tessera_test_support GTest::gtest_main)
  include(GoogleTest)
  gtest_discover_tests(${name}_test TEST_PREFIX ${name}. DISCOVERY_MODE PRE_TEST
                       PROPERTIES TIMEOUT 300 ENVIRONMENT GOMP_SPINCOUNT=20000)
endfunction()

# tessera_use_torch(TARGET)
#
# Links libtorch and shares one precompiled <torch/torch.h> among all targets that do. Whatever is compiled with it spends
# seconds on the header's own templates before its own code, so sources are compiled some together.
function(tessera_use_torch target)
  if(NOT TARGET tessera_torch_header)
    file(WRITE ${CMAKE_BINARY_DIR}/torch_header.cpp "")
    add_library(tessera_torch_header OBJECT ${CMAKE_BINARY_DIR}/torch_header.cpp)
    target_link_libraries(tessera_torch_header PRIVATE tessera_torch tessera_options)
    target_precompile_headers(tessera_torch_header PRIVATE <torch/torch.h>)
  endif()
  target_link_libraries(${target} PUBLIC tessera_torch)
  target_precompile_headers(${target} REUSE_FROM tessera_torch_header)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${TESSERA_UNITY} UNITY_BUILD_BATCH_SIZE 8)
endfunction()
