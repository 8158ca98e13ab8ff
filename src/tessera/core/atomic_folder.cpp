#include "tessera/core/atomic_folder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/core/file.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

fs::path make_unique_folder(const fs::path& near, const char* ending) {
  std::string name = near.string() + ending;
  if (::mkdtemp(name.data()) == nullptr)
    fail("{}: cannot be written ({})", near.string(), std::strerror(errno));
  return name;
}

/// Tells before the work what commit() would fail on.
void check_can_be_replaced(const fs::path& folder) {
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    fail("{}: cannot be written ({}); choose another folder", folder.string(),
         std::strerror(errno));
  struct statx status = {};
  if (::statx(AT_FDCWD, folder.c_str(), 0, STATX_TYPE, &status) == 0 &&
      (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0)
    fail("{}: is a mount point, which cannot be replaced; choose a folder inside it",
         folder.string());
}

}  // namespace

AtomicFolder::AtomicFolder(fs::path path, bool replace)
    : path_(fs::absolute(path).lexically_normal()) {
  if (!path_.has_filename()) path_ = path_.parent_path();
  std::error_code code;
  if (fs::exists(path_, code)) {
    if (!fs::is_directory(path_, code))
      fail("{}: is a file, a folder was expected", path_.string());
    const bool empty = fs::is_empty(path_, code);
    if (code) fail("{}: cannot be read ({})", path_.string(), code.message());
    if (!empty && !replace)
      fail("{}: the folder is not empty; choose another, or pass --force to replace it",
           path_.string());
    check_can_be_replaced(path_);
  }
  make_directories(path_.parent_path());
  temporary_ = make_unique_folder(path_, ".tmp.XXXXXX");
  // mkdtemp makes private folders; a result is as readable as any new one.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::chmod(temporary_.c_str(), 0777 & ~mask);
}

AtomicFolder::~AtomicFolder() {
  if (temporary_.empty()) return;
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);
}

void AtomicFolder::commit() {
  // rename() takes the place of an empty folder by itself; a full one is set aside first, so that
  // it is lost only once the new one stands.
  std::error_code code;
  fs::path old;
  if (fs::exists(path_, code) && !fs::is_empty(path_, code)) {
    old = make_unique_folder(path_, ".old.XXXXXX");
    fs::rename(path_, old, code);
    if (code) fail("{}: cannot be replaced ({})", path_.string(), code.message());
  }
  fs::rename(temporary_, path_, code);
  if (code) {
    std::error_code ignored;
    if (!old.empty()) fs::rename(old, path_, ignored);
    fail("{}: cannot be written ({})", path_.string(), code.message());
  }
  temporary_.clear();
  if (!old.empty()) fs::remove_all(old, code);
}

}  // namespace tessera
