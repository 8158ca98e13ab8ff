#include "tessera/training/log_curves.h"

#include <fstream>

namespace tessera {

using Json = nlohmann::ordered_json;

std::map<std::string, std::vector<Json>> read_train_log(const std::filesystem::path& path) {
  std::map<std::string, std::vector<Json>> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    Json parsed = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (parsed.is_object()) lines[parsed.value("kind", "")].push_back(std::move(parsed));
  }
  return lines;
}

ChartLine log_curve(const std::vector<Json>& lines, const std::string& key) {
  ChartLine line = {key, {}, {}};
  for (const Json& json : lines)
    if (json.contains(key) && json[key].is_number()) {
      line.x.push_back(json["iteration"]);
      line.y.push_back(json[key]);
    }
  return line;
}

}  // namespace tessera
