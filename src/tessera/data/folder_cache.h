#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace tessera {

/// Remembers what folders hold, so that opening a dataset lists each folder once instead of asking
/// the file system about each file.
class FolderCache {
 public:
  /// The names of the plain files, sorted as text; none for a folder that isn't there.
  const std::vector<std::string>& files(const std::filesystem::path& folder);
  /// Those that end so.
  std::vector<std::string> files_ending(const std::filesystem::path& folder,
                                        std::string_view ending);
  const std::vector<std::string>& folders(const std::filesystem::path& folder);
  bool has_file(const std::filesystem::path& path);
  bool has_folder(const std::filesystem::path& path);

 private:
  struct Listing {
    std::vector<std::string> files;
    std::vector<std::string> folders;
    std::unordered_set<std::string> file_names;
    bool exists = false;
  };
  const Listing& list(const std::filesystem::path& folder);

  std::unordered_map<std::string, Listing> listings_;
};

}  // namespace tessera
