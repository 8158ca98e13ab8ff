#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tessera {

/// Scalars in a file that TensorBoard reads: `events.out.tfevents.*`, records with checksums of
/// Event messages.
class EventFile {
 public:
  /// A new file in the folder. When a training goes on, `first_step` is where: TensorBoard then
  /// forgets what earlier files say of later steps.
  EventFile(const std::filesystem::path& folder, std::int64_t first_step);

  void add(std::int64_t step, const std::vector<std::pair<std::string, double>>& scalars);

 private:
  void write_record(std::string_view message);

  std::filesystem::path path_;
  std::ofstream file_;
};

/// CRC-32C (Castagnoli).
std::uint32_t crc32c(std::string_view bytes);

}  // namespace tessera
