// decode_floor THREADS FILE...: the time to read these PNGs and decode them into pixels with the
// fastest decoder that Debian's libraries (libdeflate) have let us build, and to do nothing with
// them.
#include <fmt/core.h>

#include <chrono>
#include <cstdlib>

#include "tessera/core/file.h"
#include "tessera/core/thread_pool.h"
#include "tessera/image/png.h"

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "decode_floor THREADS FILE...\n");
    return 2;
  }
  const auto start = std::chrono::steady_clock::now();
  tessera::parallel_for(static_cast<std::size_t>(argc - 2), std::atoi(argv[1]),
                        [&](std::size_t index, int) {
                          const std::filesystem::path path = argv[2 + index];
                          tessera::png::Decoded(tessera::read_file(path), path.string());
                        });
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  fmt::print("{:.3f}\n", seconds.count());
}
