#include "tessera/core/machine.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

namespace tessera {
namespace {

constexpr const char* kFeatures[] = {"avx2",     "fma",         "f16c",
                                     "avx512f",  "avx512_vnni", "avx512_bf16",
                                     "amx_tile", "amx_bf16",    "amx_int8"};

/// Files under /proc have no size to read them by.
std::string read_proc(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// What stands after "KEY   :" in the first line that starts with KEY.
std::string value_of(const std::string& text, const std::string& key) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(':');
    if (!line.starts_with(key) || colon == std::string::npos) continue;
    const std::size_t begin = line.find_first_not_of(" \t", colon + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return "";
}

std::uint64_t kilobytes(const std::string& text, const std::string& key) {
  return std::strtoull(value_of(text, key).c_str(), nullptr, 10) * 1024;
}

}  // namespace

Machine describe_machine(const std::string& cpuinfo, const std::string& meminfo) {
  Machine machine;
  machine.processor = value_of(cpuinfo, "model name");
  std::istringstream flags(value_of(cpuinfo, "flags"));
  const std::set<std::string> all{std::istream_iterator<std::string>(flags), {}};
  for (const char* feature : kFeatures)
    if (all.contains(feature)) machine.features.emplace_back(feature);
  machine.memory_bytes = kilobytes(meminfo, "MemTotal");
  machine.free_memory_bytes = kilobytes(meminfo, "MemAvailable");
  return machine;
}

Machine describe_machine() {
  return describe_machine(read_proc("/proc/cpuinfo"), read_proc("/proc/meminfo"));
}

bool multiplies_bfloat16(const Machine& machine) {
  return std::any_of(machine.features.begin(), machine.features.end(), [](const auto& feature) {
    return feature == "avx512_bf16" || feature == "amx_bf16";
  });
}

std::uint64_t peak_memory_bytes() { return kilobytes(read_proc("/proc/self/status"), "VmHWM"); }

void reset_peak_memory() {
  constexpr const char* kResetPeak = "5";
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << kResetPeak;
}

}  // namespace tessera
