#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/core/file.h"

namespace tessera {

/// A file inside a zip archive. torch stores its files as they are.
struct ZipEntry {
  std::string name;
  bool stored = true;  ///< neither compressed nor encrypted: `bytes` are the file's own
  std::span<const std::uint8_t> bytes;
  std::uint32_t crc32 = 0;
};

/// The entries of a zip or zip64 archive. Fails on archives that are truncated or damaged.
std::vector<ZipEntry> read_zip(std::span<const std::uint8_t> archive);

/// Writes a zip archive of stored entries whose data starts at multiples of 64 bytes; zip64 records
/// where a size or an offset needs them.
class ZipWriter {
 public:
  explicit ZipWriter(AtomicFile& file) : file_(file) {}
  void add(const std::string& name, std::span<const std::uint8_t> bytes);
  /// Writes the table of contents.
  void finish();

 private:
  struct Written {
    std::string name;
    std::uint64_t size;
    std::uint64_t offset;
    std::uint32_t crc32;
  };
  AtomicFile& file_;
  std::vector<Written> entries_;
};

}  // namespace tessera
