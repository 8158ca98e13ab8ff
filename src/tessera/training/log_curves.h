#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tessera/report/line_chart.h"

namespace tessera {

/// The lines of a training's log.jsonl by kind; what is no JSON is left out.
std::map<std::string, std::vector<nlohmann::ordered_json>> read_train_log(
    const std::filesystem::path& path);

/// One number over the iterations.
ChartLine log_curve(const std::vector<nlohmann::ordered_json>& lines, const std::string& key);

}  // namespace tessera
