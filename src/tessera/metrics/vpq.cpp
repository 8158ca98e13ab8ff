#include "tessera/metrics/vpq.h"

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <unordered_set>

#include "tessera/core/error.h"
#include "tessera/metrics/pq.h"

namespace tessera {
namespace {

constexpr int kVpsNetFrameStep = 5;  // labelled frames are five apart; windows are named in frames
constexpr int kClassShift = 16;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

int class_of(std::uint32_t id) { return static_cast<int>(id >> kClassShift); }

/// A frame's list with repeated ids united: the first entry stands, areas add up.
std::vector<Segment> unite_repeated(const std::vector<Segment>& segments) {
  std::vector<Segment> united;
  std::unordered_map<std::uint32_t, std::size_t> index;
  for (const Segment& segment : segments) {
    const auto [found, added] = index.emplace(segment.id, united.size());
    if (added)
      united.push_back(segment);
    else
      united[found->second].area += segment.area;
  }
  return united;
}

/// The tubes of a window that starts one frame earlier, at `first`: what the earliest frame says of
/// a tube stands, areas add up, and tubes are listed by first appearance.
std::vector<Segment> prepend(const std::vector<Segment>& first, const std::vector<Segment>& rest) {
  std::vector<Segment> tubes = first;
  std::unordered_map<std::uint32_t, std::size_t> index;
  for (std::size_t i = 0; i < tubes.size(); ++i) index.emplace(tubes[i].id, i);
  for (const Segment& tube : rest) {
    const auto found = index.find(tube.id);
    if (found == index.end())
      tubes.push_back(tube);
    else
      tubes[found->second].area += tube.area;
  }
  return tubes;
}

void match_vpsnet(const VpqFrame& window, ClassQualities& counts) {
  if (match_segments(window.gt, window.pred, window.pairs, counts) > 1)
    fail("an IoU above 1: the areas in the ground truth's annotations are too small");
}

std::string percent(double value) { return format_number(value, 1); }

nlohmann::json settings_json(const VpqSettings& settings) {
  return {{"rules", static_cast<int>(settings.rules)},
          {"categories", save_categories(settings.categories)},
          {"ignore_label", settings.ignore_label},
          {"windows", settings.windows}};
}

}  // namespace

void match_videoknet(const PairTable& table, const VpqSettings& settings, ClassQualities& counts) {
  const int classes = static_cast<int>(settings.categories.size());
  const std::uint32_t void_id = static_cast<std::uint32_t>(settings.ignore_label) << kClassShift;
  const auto is_counted = [&](std::uint32_t id) { return class_of(id) < classes; };
  const auto check_known = [&](const char* side, std::uint32_t id) {
    const int label = class_of(id);
    if (label > classes && label != settings.ignore_label)
      fail("{} has class {}; known are 0 to {}, {} (no class) and {} (unlabelled)", side, label,
           classes - 1, classes, settings.ignore_label);
  };

  struct Predicted {
    std::int64_t area = 0, on_void = 0, on_ignored = 0;
    bool matched = false;
  };
  std::unordered_map<std::uint32_t, std::int64_t> gt_area;
  std::unordered_map<std::uint32_t, Predicted> predicted;
  for (const PairCount& pair : table) {
    gt_area[pair.gt] += pair.count;
    Predicted& p = predicted[pair.pred];
    p.area += pair.count;
    if (pair.gt == void_id) p.on_void += pair.count;
    if (class_of(pair.gt) == settings.ignore_label) p.on_ignored += pair.count;
  }

  std::unordered_set<std::uint32_t> gt_matched;
  for (const PairCount& pair : table) {
    if (class_of(pair.gt) != class_of(pair.pred) || !is_counted(pair.gt)) continue;
    Predicted& p = predicted[pair.pred];
    const std::int64_t union_pixels = p.area + gt_area[pair.gt] - pair.count - p.on_void;
    const double iou = static_cast<double>(pair.count) / static_cast<double>(union_pixels);
    if (!(iou > 0.5)) continue;
    ClassQuality& c = counts.of(class_of(pair.gt));
    ++c.tp;
    c.iou.add(iou);
    gt_matched.insert(pair.gt);
    p.matched = true;
  }
  for (const auto& [id, area] : gt_area) {
    check_known("the ground truth", id);
    if (is_counted(id) && gt_matched.count(id) == 0) ++counts.of(class_of(id)).fn;
  }
  for (const auto& [id, p] : predicted) {
    check_known("the prediction", id);
    const bool ignored = static_cast<double>(p.on_ignored) / static_cast<double>(p.area) > 0.5;
    if (is_counted(id) && !p.matched && !ignored) ++counts.of(class_of(id)).fp;
  }
}

VideoPanopticQuality::VideoPanopticQuality(VpqSettings settings) : settings_(std::move(settings)) {
  if (settings_.windows.empty()) throw UsageError("VPQ needs at least one window length");
  for (const int length : settings_.windows)
    if (length < 1) throw UsageError(fmt::format("a VPQ window of {} frames", length));
}

void VideoPanopticQuality::begin_sequence(std::size_t order, const std::string& name) {
  begin_sequence(order, name, settings_.windows);
}

void VideoPanopticQuality::begin_sequence(std::size_t order, const std::string& name,
                                          std::vector<int> lengths) {
  const auto [place, added] = sequences_.try_emplace(order);
  if (!added) fail("sequence {} is evaluated twice", name);
  place->second.name = name;
  place->second.counts.resize(settings_.windows.size());
  current_ = &place->second;
  lengths_ = std::move(lengths);
  recent_.clear();
}

void VideoPanopticQuality::add_frame(VpqFrame frame) {
  if (current_ == nullptr) fail("a frame came before its sequence was begun");
  if (settings_.rules == VpqRules::kVpsNet) {
    frame.gt = unite_repeated(frame.gt);
    frame.pred = unite_repeated(frame.pred);
    check_categories(frame.gt, settings_.categories);
    check_categories(frame.pred, settings_.categories);
    set_predicted_areas(frame.pred, frame.pairs);
  }
  recent_.push_back(std::move(frame));
  const std::size_t longest =
      static_cast<std::size_t>(*std::max_element(lengths_.begin(), lengths_.end()));
  if (recent_.size() > longest) recent_.pop_front();

  // The window that ends here, grown backwards: each length is judged on the way.
  VpqFrame window = recent_.back();
  for (std::size_t length = 1; length <= recent_.size(); ++length) {
    if (length > 1) {
      const VpqFrame& earlier = recent_[recent_.size() - length];
      window.pairs = add_tables(window.pairs, earlier.pairs);
      window.gt = prepend(earlier.gt, window.gt);
      window.pred = prepend(earlier.pred, window.pred);
    }
    ClassQualities counts;
    bool judged = false;
    for (std::size_t i = 0; i < lengths_.size(); ++i) {
      if (static_cast<std::size_t>(lengths_[i]) != length) continue;
      if (!judged) {
        if (settings_.rules == VpqRules::kVpsNet)
          match_vpsnet(window, counts);
        else
          match_videoknet(window.pairs, settings_, counts);
        judged = true;
      }
      ++current_->counts[i].windows;
      current_->counts[i].classes.merge(counts);
    }
  }
}

VpqWindowCounts VideoPanopticQuality::total(std::size_t window) const {
  VpqWindowCounts total;
  for (const auto& [order, sequence] : sequences_) {
    total.windows += sequence.counts[window].windows;
    total.classes.merge(sequence.counts[window].classes);
  }
  return total;
}

Report VideoPanopticQuality::report() const {
  return settings_.rules == VpqRules::kVpsNet ? vpsnet_report() : videoknet_report();
}

Report VideoPanopticQuality::vpsnet_report() const {
  Report report;
  auto& windows = report.json["windows"];
  Table final_table{"VPQ, mean over the windows", {"", "VPQ"}, {}};
  double all = 0, things = 0, stuff = 0;
  for (std::size_t i = 0; i < settings_.windows.size(); ++i) {
    const int length = settings_.windows[i];
    const std::string k = std::to_string(kVpsNetFrameStep * (length - 1));
    const VpqWindowCounts counts = total(i);
    const CocoAverages averages = coco_averages(counts.classes, settings_.categories);
    all += 100 * averages.all.pq;
    things += 100 * averages.things.pq;
    stuff += 100 * averages.stuff.pq;
    auto& json = windows[k] = coco_report_json(counts.classes, settings_.categories);
    json["nframes"] = length;
    json["num_windows"] = counts.windows;
    auto& per_sequence = json["per_sequence"] = nlohmann::ordered_json::object();
    for (const auto& [order, sequence] : sequences_)
      per_sequence[sequence.name] =
          to_json(coco_averages(sequence.counts[i].classes, settings_.categories).all);
    for (Table& table : coco_report_tables(fmt::format("k = {}: {} labelled frames", k, length),
                                           counts.classes, settings_.categories))
      report.tables.push_back(std::move(table));
  }
  const double n = static_cast<double>(settings_.windows.size());
  report.json["vpq_all"] = all / n;
  report.json["vpq_thing"] = things / n;
  report.json["vpq_stuff"] = stuff / n;
  final_table.rows = {{"vpq_all", format_number(all / n, 4)},
                      {"vpq_thing", format_number(things / n, 4)},
                      {"vpq_stuff", format_number(stuff / n, 4)}};
  report.tables.push_back(final_table);
  report.headline = {{"VPQ", format_number(all / n, 2)},
                     {"VPQ, things", format_number(things / n, 2)},
                     {"VPQ, stuff", format_number(stuff / n, 2)}};
  return report;
}

nlohmann::ordered_json videoknet_window_json(const VpqWindowCounts& counts,
                                             const std::vector<Category>& categories) {
  const VideoKNetAverages averages = videoknet_averages(counts.classes, categories);
  nlohmann::ordered_json json = {{"PQ", averages.all},
                                 {"PQ_things", averages.things},
                                 {"PQ_stuff", averages.stuff},
                                 {"num_windows", counts.windows}};
  auto& per_class = json["per_class"] = nlohmann::ordered_json::object();
  for (const Category& category : categories) {
    const ClassQuality c = counts.classes.at(category.id);
    const Quality quality = videoknet_quality(c);
    per_class[std::to_string(category.id)] = {
        {"pq", quality.pq}, {"sq", quality.sq}, {"rq", quality.rq}, {"iou", c.iou.value()},
        {"tp", c.tp},       {"fn", c.fn},       {"fp", c.fp}};
  }
  return json;
}

Report VideoPanopticQuality::videoknet_report() const {
  Report report;
  auto& windows = report.json["windows"];
  Table summary{"VPQ", {"window", "sequence", "windows", "PQ", "PQ things", "PQ stuff"}, {}};
  const auto add_row = [&summary](int length, const std::string& name, std::int64_t n,
                                  const VideoKNetAverages& averages) {
    summary.rows.push_back({std::to_string(length), name, std::to_string(n), percent(averages.all),
                            percent(averages.things), percent(averages.stuff)});
  };
  Table per_class{"", {"class"}, {}};
  for (const Category& category : settings_.categories)
    per_class.rows.push_back({fmt::format("{} {}", category.id, category.name)});
  for (std::size_t i = 0; i < settings_.windows.size(); ++i) {
    const int length = settings_.windows[i];
    const VpqWindowCounts counts = total(i);
    auto& json = windows[std::to_string(length)] =
        videoknet_window_json(counts, settings_.categories);
    json["nframes"] = length;
    auto& per_sequence = json["per_sequence"] = nlohmann::ordered_json::object();
    for (const auto& [order, sequence] : sequences_) {
      const VpqWindowCounts& mine = sequence.counts[i];
      const VideoKNetAverages averages =
          mine.windows == 0 ? VideoKNetAverages{kNan, kNan, kNan}
                            : videoknet_averages(mine.classes, settings_.categories);
      per_sequence[sequence.name] = {{"num_windows", mine.windows},
                                     {"PQ", averages.all},
                                     {"PQ_things", averages.things},
                                     {"PQ_stuff", averages.stuff}};
      if (mine.windows > 0) add_row(length, sequence.name, mine.windows, averages);
    }
    const VideoKNetAverages averages = videoknet_averages(counts.classes, settings_.categories);
    add_row(length, "all", counts.windows, averages);
    report.headline.emplace_back(fmt::format("VPQ, window {}", length), percent(averages.all));
    per_class.header.push_back(fmt::format("PQ {}", length));
    for (std::size_t c = 0; c < settings_.categories.size(); ++c)
      per_class.rows[c].push_back(
          format_percent(videoknet_quality(counts.classes.at(settings_.categories[c].id)).pq));
  }
  report.tables = {summary, per_class};
  return report;
}

void VideoPanopticQuality::merge(const Metric& other) {
  const auto& that = dynamic_cast<const VideoPanopticQuality&>(other);
  if (settings_json(settings_) != settings_json(that.settings_))
    fail("the parts have different classes or windows");
  for (const auto& [order, sequence] : that.sequences_)
    if (!sequences_.emplace(order, sequence).second)
      fail("sequence {} is in two of the parts", sequence.name);
}

nlohmann::json VideoPanopticQuality::save() const {
  nlohmann::json saved = settings_json(settings_);
  auto& sequences = saved["sequences"] = nlohmann::json::array();
  for (const auto& [order, sequence] : sequences_) {
    nlohmann::json counts = nlohmann::json::array();
    for (const VpqWindowCounts& window : sequence.counts)
      counts.push_back({window.windows, window.classes.save()});
    sequences.push_back({order, sequence.name, counts});
  }
  return saved;
}

std::unique_ptr<VideoPanopticQuality> VideoPanopticQuality::restore(const nlohmann::json& saved) {
  VpqSettings settings;
  settings.rules = static_cast<VpqRules>(saved.at("rules").get<int>());
  settings.categories = restore_categories(saved.at("categories"));
  settings.ignore_label = saved.at("ignore_label");
  settings.windows = saved.at("windows").get<std::vector<int>>();
  auto metric = std::make_unique<VideoPanopticQuality>(std::move(settings));
  for (const auto& entry : saved.at("sequences")) {
    Sequence& sequence = metric->sequences_[entry.at(0)];
    sequence.name = entry.at(1);
    for (const auto& window : entry.at(2))
      sequence.counts.push_back({window.at(0), ClassQualities::restore(window.at(1))});
    if (sequence.counts.size() != metric->settings_.windows.size())
      fail("sequence {} has {} window lengths, expected {}", sequence.name, sequence.counts.size(),
           metric->settings_.windows.size());
  }
  return metric;
}

}  // namespace tessera
