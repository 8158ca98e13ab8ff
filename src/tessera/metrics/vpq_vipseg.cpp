#include "tessera/metrics/vpq_vipseg.h"

namespace tessera {
namespace {

constexpr int kClassShift = 16;

/// The script reads the class picture where the instance picture should be.
std::uint32_t class_as_instance(std::uint32_t id) {
  const std::uint32_t label = id >> kClassShift;
  return label << kClassShift | label;
}

nlohmann::ordered_json window_json(const VpqWindowCounts& counts,
                                   const std::vector<Category>& categories) {
  nlohmann::ordered_json json = videoknet_window_json(counts, categories);
  auto& nonempty = json["per_class_nonempty"] = nlohmann::ordered_json::object();
  for (const Category& category : categories) {
    const ClassQuality c = counts.classes.at(category.id);
    const std::string key = std::to_string(category.id);
    if (c.tp + c.fp + c.fn > 0) nonempty[key] = json["per_class"][key];
  }
  return json;
}

}  // namespace

void VipSegVpq::begin_sequence(std::size_t order, const std::string& name,
                               std::vector<int> script_lengths) {
  repaired_.begin_sequence(order, name);
  script_.begin_sequence(order, name, std::move(script_lengths));
}

void VipSegVpq::add_frame(const PairTable& pairs) {
  repaired_.add_frame({pairs, {}, {}});
  script_.add_frame({map_values(
                         pairs, [](std::uint32_t id) { return id; }, class_as_instance),
                     {},
                     {}});
}

Report VipSegVpq::report() const {
  Report report = repaired_.report();
  auto& windows = report.json["windows"] = nlohmann::ordered_json::object();
  const VpqSettings& settings = repaired_.settings();
  Table script{
      "the official script's numbers", {"window", "windows", "PQ", "PQ things", "PQ stuff"}, {}};
  for (std::size_t i = 0; i < settings.windows.size(); ++i) {
    const std::string length = std::to_string(settings.windows[i]);
    const VpqWindowCounts counts = script_.total(i);
    const VideoKNetAverages averages = videoknet_averages(counts.classes, settings.categories);
    windows[length] = {
        {"official_script", window_json(counts, settings.categories)},
        {"instances_read_and_k_not_sticky", window_json(repaired_.total(i), settings.categories)}};
    script.rows.push_back({length, std::to_string(counts.windows), format_number(averages.all, 3),
                           format_number(averages.things, 3), format_number(averages.stuff, 3)});
  }
  report.tables.push_back(script);
  return report;
}

void VipSegVpq::merge(const Metric& other) {
  const auto& that = dynamic_cast<const VipSegVpq&>(other);
  repaired_.merge(that.repaired_);
  script_.merge(that.script_);
}

nlohmann::json VipSegVpq::save() const {
  return {{"repaired", repaired_.save()}, {"script", script_.save()}};
}

std::unique_ptr<Metric> VipSegVpq::restore(const nlohmann::json& saved) {
  const auto repaired = VideoPanopticQuality::restore(saved.at("repaired"));
  auto metric = std::make_unique<VipSegVpq>(repaired->settings());
  metric->repaired_.merge(*repaired);
  metric->script_.merge(*VideoPanopticQuality::restore(saved.at("script")));
  return metric;
}

}  // namespace tessera
