#include "tessera/data/prepare/place_file.h"

#include <vector>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/thread_pool.h"

namespace tessera {
namespace fs = std::filesystem;

void place_file(const fs::path& source, const fs::path& destination, Placing placing) {
  std::error_code error;
  const auto size = fs::file_size(source, error);
  if (error) fail("{}: {}", source.string(), error.message());
  if (fs::exists(destination) && fs::file_size(destination, error) == size && !error) return;
  fs::path temporary = destination;
  temporary += ".partial";
  fs::remove(temporary, error);
  error.clear();
  if (placing == Placing::kHardLink)
    fs::create_hard_link(source, temporary, error);
  else
    fs::copy_file(source, temporary, error);
  if (!error) fs::rename(temporary, destination, error);
  if (!error) return;
  std::error_code ignored;
  fs::remove(temporary, ignored);
  fail("{}: can't be {} to {}: {}{}", source.string(),
       placing == Placing::kHardLink ? "linked" : "copied", destination.string(), error.message(),
       placing == Placing::kHardLink ? "; --copy works across file systems" : "");
}

void place_folder(const fs::path& source, const fs::path& destination,
                  const PrepareOptions& options) {
  if (fs::exists(destination) && fs::equivalent(source, destination)) return;
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(source)) {
    if (entry.is_directory())
      make_directories(destination / fs::relative(entry.path(), source));
    else
      files.push_back(fs::relative(entry.path(), source));
  }
  make_directories(destination);
  parallel_for(files.size(), options.threads, [&](std::size_t i, int) {
    place_file(source / files[i], destination / files[i], options.placing);
  });
}

}  // namespace tessera
