#include "manifest.h"

#include <utility>

#include "tessera/core/error.h"
#include "tessera/core/file.h"

namespace tessera::parity {
namespace fs = std::filesystem;
namespace {

constexpr const char* kManifestName = "MANIFEST.json";

}  // namespace

fs::path Case::file(const std::string& key) const {
  const auto entry = data.find(key);
  if (entry == data.end() || !entry->is_string())
    fail("{}/{}: the manifest names no file under '{}'", family, name, key);
  return folder / data.value("dir", "") / entry->get<std::string>();
}

Json read_json(const fs::path& path) {
  const std::string text = read_text_file(path);
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    fail("{}: not JSON at byte {}", path.string(), error.byte);
  }
}

std::vector<Case> read_manifest(const fs::path& golden, const std::string& family) {
  const fs::path folder = golden / family;
  const auto manifest = std::make_shared<const Json>(read_json(folder / kManifestName));
  const std::string path = (folder / kManifestName).string();
  const auto list = manifest->find("cases");
  if (list == manifest->end() || !list->is_structured()) fail("{}: no list of 'cases' in it", path);
  std::vector<Case> cases;
  for (const auto& [key, data] : list->items()) {
    if (!data.is_object()) fail("{}: case '{}' is not an object", path, key);
    if (list->is_array() && !(data.contains("name") && data["name"].is_string()))
      fail("{}: case {} has no name", path, key);
    cases.push_back(
        {family, list->is_array() ? data["name"].get<std::string>() : key, folder, data, manifest});
  }
  return cases;
}

std::vector<std::string> list_families(const fs::path& golden) {
  std::vector<std::string> families;
  for (const fs::path& folder : list_folders(golden))
    if (fs::exists(folder / kManifestName)) families.push_back(folder.filename().string());
  if (families.empty()) fail("{}: no folder with a {} in it", golden.string(), kManifestName);
  return families;
}

}  // namespace tessera::parity
