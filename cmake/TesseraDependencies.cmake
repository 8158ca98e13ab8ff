# Every external library the project links, found once. docs/dependencies.md says why each is here.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(simdjson REQUIRED)
find_package(CLI11 REQUIRED)
# Debian's OpenCVConfig.cmake comes only with all of OpenCV; the two modules we use are found by themselves.
find_path(OPENCV_INCLUDE_DIR opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
foreach(module core imgproc)
  find_library(OPENCV_${module}_LIBRARY opencv_${module} REQUIRED)
  add_library(opencv_${module} UNKNOWN IMPORTED)
  set_target_properties(opencv_${module} PROPERTIES
    IMPORTED_LOCATION ${OPENCV_${module}_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${OPENCV_INCLUDE_DIR})
endforeach()
target_link_libraries(opencv_imgproc INTERFACE opencv_core)
pkg_check_modules(JPEG REQUIRED IMPORTED_TARGET libturbojpeg)
pkg_check_modules(DEFLATE REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(SPNG REQUIRED IMPORTED_TARGET spng)
if(TESSERA_TESTS)
  find_package(GTest REQUIRED)
endif()
if(TESSERA_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()

# libtorch: Debian's, or another one through -DCMAKE_PREFIX_PATH=/path/to/libtorch. Only rooms that link
# tessera_torch (through tessera_use_torch) see it.
find_package(Torch REQUIRED)
if(TORCH_CXX_FLAGS MATCHES "_GLIBCXX_USE_CXX11_ABI=0")
  message(FATAL_ERROR "this libtorch is built with the old C++ ABI; take the download named 'cxx11 ABI'")
endif()
if(TESSERA_CUDA AND NOT TORCH_CUDA_LIBRARIES AND NOT TARGET torch_cuda)
  message(FATAL_ERROR "TESSERA_CUDA is on, but the libtorch in ${TORCH_INSTALL_PREFIX} has no CUDA; "
                      "point CMAKE_PREFIX_PATH at one that has")
endif()
add_library(tessera_torch INTERFACE)
target_link_libraries(tessera_torch INTERFACE ${TORCH_LIBRARIES})
target_include_directories(tessera_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
# From version 13 on GCC takes what is inlined of libtorch's small vectors for overruns.
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
  target_compile_options(tessera_torch INTERFACE -Wno-array-bounds -Wno-stringop-overflow)
endif()

# Debian's libtorch takes its matrix products from whatever libblas.so.3 is.
find_library(TESSERA_BLAS NAMES libblas.so.3)
if(TESSERA_BLAS)
  file(REAL_PATH ${TESSERA_BLAS} blas)
  if(blas MATCHES "openblas|mkl|blis")
    message(STATUS "BLAS: ${blas}")
  else()
    message(STATUS "BLAS: ${blas}. It builds, but matrix products run many times slower than with "
                   "OpenBLAS: apt-get install libopenblas0-pthread")
  endif()
endif()
