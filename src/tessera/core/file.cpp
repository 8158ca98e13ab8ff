#include "tessera/core/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "tessera/core/error.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

/// Opens a plain file for reading and returns its size.
std::size_t check_readable(const Descriptor& file, const fs::path& path) {
  if (file.get() < 0) {
    if (errno == ENOENT) fail("{}: no such file", path.string());
    fail("{}: cannot be read ({})", path.string(), std::strerror(errno));
  }
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0)
    fail("{}: cannot be read ({})", path.string(), std::strerror(errno));
  if (S_ISDIR(status.st_mode)) fail("{}: is a directory, a file was expected", path.string());
  return static_cast<std::size_t>(status.st_size);
}

template <class Container>
Container read_whole(const fs::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  Container bytes;
  bytes.resize(check_readable(file, path) + 1);  // one more, to meet the end without growing
  std::size_t have = 0;
  for (;;) {
    // A pipe or a file of /proc reports size 0 and grows as it is read.
    if (have == bytes.size()) bytes.resize(bytes.size() + 4096);
    const ssize_t got = ::read(file.get(), bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("{}: cannot be read ({})", path.string(), std::strerror(errno));
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

std::vector<fs::path> list_entries(const fs::path& folder, bool directories,
                                   std::string_view extension) {
  std::error_code code;
  if (!fs::exists(folder, code)) fail("{}: no such folder", folder.string());
  if (!fs::is_directory(folder, code)) fail("{}: not a folder", folder.string());
  std::vector<fs::path> entries;
  fs::directory_iterator iterator(folder, code);
  if (code) fail("{}: cannot be listed ({})", folder.string(), code.message());
  for (const fs::directory_entry& entry : iterator) {
    if (entry.is_directory(code) != directories) continue;
    if (!directories && entry.path().extension() != extension) continue;
    entries.push_back(entry.path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

}  // namespace

std::vector<std::uint8_t> read_file(const fs::path& path) {
  return read_whole<std::vector<std::uint8_t>>(path);
}

std::string read_text_file(const fs::path& path) { return read_whole<std::string>(path); }

MappedFile::MappedFile(const fs::path& path) : path_(path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  size_ = check_readable(file, path);
  if (size_ == 0) return;
  void* mapping = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (mapping == MAP_FAILED)
    fail("{}: cannot be mapped into memory ({})", path.string(), std::strerror(errno));
  data_ = static_cast<const std::uint8_t*>(mapping);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::uint8_t*>(data_), size_);
}

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  std::error_code code;
  if (fs::is_directory(path_, code))
    fail("{}: is a directory, a file name was expected", path_.string());
  temporary_ = path_;
  temporary_ += ".XXXXXX.tmp";
  std::string name = temporary_.string();
  descriptor_ = ::mkostemps(name.data(), 4, O_CLOEXEC);
  if (descriptor_ < 0) fail_writing(errno);
  temporary_ = name;
  // mkostemps makes private files; a result is as readable as any new file.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(descriptor_, 0666 & ~mask);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::fail_writing(int error_number) const {
  fail("{}: cannot be written ({})", path_.string(), std::strerror(error_number));
}

void AtomicFile::write(std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_writing(errno);
    size_ += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void AtomicFile::write(std::string_view text) {
  write(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

void AtomicFile::sync() {
  if (::fsync(descriptor_) != 0 && errno != EINVAL) fail_writing(errno);
}

void AtomicFile::commit() {
  if (::close(std::exchange(descriptor_, -1)) != 0 ||
      ::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int error_number = errno;
    ::unlink(temporary_.c_str());
    fail_writing(error_number);
  }
}

void write_file(const fs::path& path, std::span<const std::uint8_t> bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void write_text_file(const fs::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

void make_directories(const fs::path& path) {
  std::error_code code;
  fs::create_directories(path, code);
  if (code || !fs::is_directory(path, code))
    fail("{}: the folder cannot be created ({})", path.string(), code.message());
}

std::vector<fs::path> list_files(const fs::path& folder, std::string_view extension) {
  return list_entries(folder, false, extension);
}

std::vector<fs::path> list_folders(const fs::path& folder) {
  return list_entries(folder, true, "");
}

}  // namespace tessera
