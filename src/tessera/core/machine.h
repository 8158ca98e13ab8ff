#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tessera {

/// The machine this process runs on.
struct Machine {
  std::string processor;              ///< the model's name
  std::vector<std::string> features;  ///< those of AVX2, AVX-512 and AMX that matter here, as Linux
                                      ///< calls them
  std::uint64_t memory_bytes = 0;
  std::uint64_t free_memory_bytes = 0;  ///< that new work could take
};

Machine describe_machine();

/// The same from the texts of /proc/cpuinfo and /proc/meminfo.
Machine describe_machine(const std::string& cpuinfo, const std::string& meminfo);

/// Whether the processor has instructions that multiply bfloat16; without them it is slower than
/// float32, not faster.
bool multiplies_bfloat16(const Machine& machine);

/// The most memory that this process has had at once, since it began or since the last
/// reset_peak_memory().
std::uint64_t peak_memory_bytes();
/// Gives unused memory back first, so that only what is still needed counts.
void reset_peak_memory();

}  // namespace tessera
