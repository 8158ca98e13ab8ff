#include "tessera/data/folder_cache.h"

#include <algorithm>

namespace tessera {
namespace fs = std::filesystem;

const FolderCache::Listing& FolderCache::list(const fs::path& folder) {
  const auto [found, is_new] = listings_.try_emplace(folder.string());
  Listing& listing = found->second;
  if (!is_new) return listing;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    listing.exists = true;
    std::string name = entry->path().filename().string();
    std::error_code ignored;
    if (entry->is_directory(ignored))
      listing.folders.push_back(std::move(name));
    else
      listing.files.push_back(std::move(name));
  }
  listing.exists = listing.exists || fs::is_directory(folder, error);
  std::sort(listing.files.begin(), listing.files.end());
  std::sort(listing.folders.begin(), listing.folders.end());
  listing.file_names.insert(listing.files.begin(), listing.files.end());
  return listing;
}

const std::vector<std::string>& FolderCache::files(const fs::path& folder) {
  return list(folder).files;
}

std::vector<std::string> FolderCache::files_ending(const fs::path& folder,
                                                   std::string_view ending) {
  std::vector<std::string> names;
  for (const std::string& name : files(folder))
    if (name.ends_with(ending) && !name.starts_with('.')) names.push_back(name);
  return names;
}

const std::vector<std::string>& FolderCache::folders(const fs::path& folder) {
  return list(folder).folders;
}

bool FolderCache::has_file(const fs::path& path) {
  return list(path.parent_path()).file_names.contains(path.filename().string());
}

bool FolderCache::has_folder(const fs::path& path) { return list(path).exists; }

}  // namespace tessera
