#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace tessera::parity {

using Json = nlohmann::ordered_json;

/// One case of a family: everything a runner may use. Numbers come from here, never from the code.
struct Case {
  std::string family;
  std::string name;
  std::filesystem::path folder;          ///< the family's folder, which file names are relative to
  Json data;                             ///< the case's own entry of the manifest
  std::shared_ptr<const Json> manifest;  ///< the family's whole manifest

  /// The path of a file that the case names under `key`; an Error when it names none.
  std::filesystem::path file(const std::string& key) const;
};

/// A whole JSON file; an Error names the file and the byte that is wrong.
Json read_json(const std::filesystem::path& path);

/// The cases of `golden`/<family>/MANIFEST.json, in the manifest's order. `cases` is a list of
/// objects with a name, or an object keyed by name.
std::vector<Case> read_manifest(const std::filesystem::path& golden, const std::string& family);

/// The families in a golden folder: its folders that hold a MANIFEST.json, sorted by name.
std::vector<std::string> list_families(const std::filesystem::path& golden);

}  // namespace tessera::parity
