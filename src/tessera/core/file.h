#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tessera {

/// A whole file's bytes. Errors name the path and say what is wrong (missing, a directory,
/// unreadable).
std::vector<std::uint8_t> read_file(const std::filesystem::path& path);
std::string read_text_file(const std::filesystem::path& path);

/// A file mapped read-only into memory: only the pages that are touched are read.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::uint8_t> bytes() const { return {data_, size_}; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Writes a file under a temporary name beside it; commit() renames it into place. Until then, and
/// when anything fails (a full disk too), a file already at `path` stays as it is and the temporary
/// one is removed.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::uint8_t> bytes);
  void write(std::string_view text);
  std::uint64_t size() const { return size_; }
  /// Waits until the bytes are on the disk, for files that must outlive a power cut (checkpoints).
  void sync();
  void commit();

 private:
  [[noreturn]] void fail_writing(int error_number) const;

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// The whole of a small file at once, through AtomicFile.
void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes);
void write_text_file(const std::filesystem::path& path, std::string_view text);

/// Creates a directory and its parents; an Error that names the path when that cannot be.
void make_directories(const std::filesystem::path& path);

/// The plain files in a folder with that extension (".png"), sorted by name as text.
std::vector<std::filesystem::path> list_files(const std::filesystem::path& folder,
                                              std::string_view extension);
/// The folders in a folder, sorted by name as text.
std::vector<std::filesystem::path> list_folders(const std::filesystem::path& folder);

}  // namespace tessera
