#pragma once

#include <filesystem>

namespace tessera {

/// A folder of results that appears whole or not at all: it is filled under a temporary name beside
/// `path`; commit() renames it into place. Without commit(), when anything fails or Ctrl-C ends
/// the work, nothing is left behind.
class AtomicFolder {
 public:
  /// Fails when `path` is a file, a folder that holds something and `replace` is not set, or a
  /// place that commit() could not take.
  AtomicFolder(std::filesystem::path path, bool replace);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  /// Where to write until commit().
  const std::filesystem::path& path() const { return temporary_; }
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
};

}  // namespace tessera
