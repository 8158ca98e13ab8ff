#include "tessera/metrics/stq.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tessera/core/error.h"

namespace tessera {
namespace {

constexpr int kClassShift = 16;
constexpr std::uint32_t kInstanceMask = 0xffff;

struct Scores {
  double stq = 0, aq = 0, iou = 0;
};

double mean_of_present(const std::vector<double>& values) {
  double sum = 0;
  int n = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++n;
  }
  return n == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / n;
}

Scores make_scores(double association_sum, std::size_t tubes, double iou) {
  const double aq = tubes == 0 ? 0 : association_sum / static_cast<double>(tubes);
  return {std::sqrt(aq * iou), aq, iou};
}

std::string name_of(const nlohmann::json& id) {
  return id.is_string() ? id.get<std::string>() : id.dump();
}

nlohmann::json settings_json(const StqSettings& settings) {
  return {{"categories", save_categories(settings.categories)},
          {"ignore_label", settings.ignore_label},
          {"mask_ignored", settings.mask_ignored}};
}

}  // namespace

SegmentationTrackingQuality::SegmentationTrackingQuality(StqSettings settings)
    : settings_(std::move(settings)) {}

void SegmentationTrackingQuality::begin_sequence(std::size_t order, const nlohmann::json& id) {
  const auto [place, added] = sequences_.try_emplace(order);
  if (!added) fail("sequence {} is evaluated twice", name_of(id));
  current_ = &place->second;
  current_->id = id;
  current_->confusion.assign(classes() * classes(), 0);
}

std::size_t SegmentationTrackingQuality::class_index(std::uint32_t id, const char* side) const {
  const std::size_t label = id >> kClassShift;
  if (label == static_cast<std::size_t>(settings_.ignore_label)) return classes() - 1;
  if (label < classes()) return label;
  fail("{} has class {}; known are 0 to {} and {} (unlabelled)", side, label, classes() - 2,
       settings_.ignore_label);
}

bool SegmentationTrackingQuality::is_thing(std::uint32_t id) const {
  const std::size_t label = id >> kClassShift;
  return label < settings_.categories.size() && settings_.categories[label].thing;
}

void SegmentationTrackingQuality::add_frame(const PairTable& pairs) {
  if (current_ == nullptr) fail("a frame came before its sequence was begun");
  ++current_->frames;
  for (const PairCount& pair : pairs) {
    const std::size_t gt_class = class_index(pair.gt, "the ground truth");
    const std::size_t pred_class = class_index(pair.pred, "the prediction");
    if (settings_.mask_ignored &&
        pair.gt >> kClassShift == static_cast<std::uint32_t>(settings_.ignore_label))
      continue;
    current_->confusion[gt_class * classes() + pred_class] += pair.count;
    const bool gt_thing = is_thing(pair.gt), pred_thing = is_thing(pair.pred);
    const bool crowd = gt_thing && (pair.gt & kInstanceMask) == 0;
    if (crowd) continue;
    if (gt_thing) current_->gt_sizes[pair.gt] += pair.count;
    if (pred_thing) current_->pred_sizes[pair.pred] += pair.count;
    if (gt_thing && pred_thing) current_->overlaps[pair.gt][pair.pred] += pair.count;
  }
}

double SegmentationTrackingQuality::association_sum(const Sequence& sequence) {
  double outer = 0;
  for (const auto& [gt, overlaps] : sequence.overlaps) {
    const std::int64_t gt_size = sequence.gt_sizes.at(gt);
    double inner = 0;
    for (const auto& [pred, count] : overlaps) {
      const std::int64_t union_size = gt_size + sequence.pred_sizes.at(pred) - count;
      const double tpa = static_cast<double>(count);
      inner += tpa * (tpa / static_cast<double>(union_size));
    }
    outer += inner / static_cast<double>(gt_size);
  }
  return outer;
}

std::vector<double> SegmentationTrackingQuality::class_ious(
    const std::vector<std::int64_t>& confusion) const {
  const std::size_t n = classes();
  std::vector<double> ious;
  for (std::size_t c = 0; c < n; ++c) {
    std::int64_t labelled = 0, predicted = 0;
    for (std::size_t k = 0; k < n; ++k) {
      if (c + 1 < n) labelled += confusion[c * n + k];
      if (k + 1 < n) predicted += confusion[k * n + c];  // without the row of unlabelled pixels
    }
    const std::int64_t both = c + 1 < n ? confusion[c * n + c] : 0;
    const std::int64_t union_size = labelled + predicted - both;
    ious.push_back(union_size == 0 ? std::numeric_limits<double>::quiet_NaN()
                                   : static_cast<double>(both) / static_cast<double>(union_size));
  }
  return ious;
}

nlohmann::ordered_json SegmentationTrackingQuality::state_json(const Sequence& sequence) const {
  nlohmann::ordered_json json = {{"num_tubes", sequence.gt_sizes.size()}};
  auto& pred_sizes = json["pred_sizes"] = nlohmann::ordered_json::object();
  for (const auto& [id, size] : sequence.pred_sizes) pred_sizes[std::to_string(id)] = size;
  auto& tubes = json["gt_tubes"] = nlohmann::ordered_json::object();
  for (const auto& [id, size] : sequence.gt_sizes) {
    auto overlaps = nlohmann::ordered_json::object();
    if (const auto found = sequence.overlaps.find(id); found != sequence.overlaps.end())
      for (const auto& [pred, count] : found->second) overlaps[std::to_string(pred)] = count;
    tubes[std::to_string(id)] = {{"gt_size", size}, {"overlaps", std::move(overlaps)}};
  }
  auto& confusion = json["confusion"] = nlohmann::ordered_json::array();
  for (std::size_t row = 0; row < classes(); ++row) {
    const auto begin = sequence.confusion.begin() + static_cast<std::ptrdiff_t>(row * classes());
    confusion.push_back(
        std::vector<std::int64_t>(begin, begin + static_cast<std::ptrdiff_t>(classes())));
  }
  return json;
}

Report SegmentationTrackingQuality::report() const {
  Report report;
  auto& json = report.json;
  double sum = 0;
  std::size_t tubes = 0;
  std::vector<std::int64_t> confusion(classes() * classes(), 0);
  Table summary{"STQ", {"sequence", "frames", "STQ", "AQ", "IoU"}, {}};
  const auto add_row = [&summary](const std::string& name, std::int64_t frames, const Scores& s) {
    summary.rows.push_back({name, std::to_string(frames), format_percent(s.stq, 2),
                            format_percent(s.aq, 2), format_percent(s.iou, 2)});
  };
  for (const char* key : {"STQ", "AQ", "IoU", "STQ_per_seq", "AQ_per_seq", "IoU_per_seq",
                          "ID_per_seq", "Length_per_seq"})
    json[key] = nlohmann::ordered_json::array();
  std::int64_t frames = 0;
  for (const auto& [order, sequence] : sequences_) {
    const double sequence_sum = association_sum(sequence);
    const Scores scores = make_scores(sequence_sum, sequence.gt_sizes.size(),
                                      mean_of_present(class_ious(sequence.confusion)));
    sum += sequence_sum;
    tubes += sequence.gt_sizes.size();
    frames += sequence.frames;
    for (std::size_t i = 0; i < confusion.size(); ++i) confusion[i] += sequence.confusion[i];
    json["STQ_per_seq"].push_back(scores.stq);
    json["AQ_per_seq"].push_back(scores.aq);
    json["IoU_per_seq"].push_back(scores.iou);
    json["ID_per_seq"].push_back(nlohmann::ordered_json(sequence.id));
    json["Length_per_seq"].push_back(sequence.frames);
    json["state"][name_of(sequence.id)] = state_json(sequence);
    add_row(name_of(sequence.id), sequence.frames, scores);
  }
  const std::vector<double> ious = class_ious(confusion);
  const Scores scores = make_scores(sum, tubes, mean_of_present(ious));
  json["STQ"] = scores.stq;
  json["AQ"] = scores.aq;
  json["IoU"] = scores.iou;
  json["IoU_per_class"] = ious;
  add_row("all", frames, scores);

  Table per_class{"", {"class", "IoU"}, {}};
  ClassConfusion& matrix = report.confusion.emplace();
  for (std::size_t c = 0; c < classes(); ++c) {
    const auto row = confusion.begin() + static_cast<std::ptrdiff_t>(c * classes());
    matrix.counts.emplace_back(row, row + static_cast<std::ptrdiff_t>(classes()));
    matrix.rows.push_back(c + 1 < classes() ? fmt::format("{} {}", c, settings_.categories[c].name)
                                            : "unlabelled");
    per_class.rows.push_back({matrix.rows.back(), format_percent(ious[c], 2)});
  }
  matrix.columns = matrix.rows;
  report.headline = {{"STQ", format_percent(scores.stq, 2)},
                     {"AQ", format_percent(scores.aq, 2)},
                     {"SQ (IoU)", format_percent(scores.iou, 2)}};
  report.tables = {summary, per_class};
  return report;
}

void SegmentationTrackingQuality::merge(const Metric& other) {
  const auto& that = dynamic_cast<const SegmentationTrackingQuality&>(other);
  if (settings_json(settings_) != settings_json(that.settings_))
    fail("the parts have different classes");
  for (const auto& [order, sequence] : that.sequences_)
    if (!sequences_.emplace(order, sequence).second)
      fail("sequence {} is in two of the parts", name_of(sequence.id));
}

nlohmann::json SegmentationTrackingQuality::save() const {
  nlohmann::json saved = settings_json(settings_);
  auto& sequences = saved["sequences"] = nlohmann::json::array();
  for (const auto& [order, sequence] : sequences_)
    sequences.push_back({{"order", order},
                         {"id", sequence.id},
                         {"frames", sequence.frames},
                         {"confusion", sequence.confusion},
                         {"gt_sizes", sequence.gt_sizes},
                         {"pred_sizes", sequence.pred_sizes},
                         {"overlaps", sequence.overlaps}});
  return saved;
}

std::unique_ptr<Metric> SegmentationTrackingQuality::restore(const nlohmann::json& saved) {
  auto metric = std::make_unique<SegmentationTrackingQuality>(
      StqSettings{restore_categories(saved.at("categories")), saved.at("ignore_label"),
                  saved.at("mask_ignored")});
  for (const auto& entry : saved.at("sequences")) {
    Sequence& sequence = metric->sequences_[entry.at("order")];
    sequence.id = entry.at("id");
    entry.at("frames").get_to(sequence.frames);
    entry.at("confusion").get_to(sequence.confusion);
    entry.at("gt_sizes").get_to(sequence.gt_sizes);
    entry.at("pred_sizes").get_to(sequence.pred_sizes);
    entry.at("overlaps").get_to(sequence.overlaps);
    if (sequence.confusion.size() != metric->classes() * metric->classes())
      fail("sequence {} has a confusion matrix of another size", name_of(sequence.id));
  }
  return metric;
}

}  // namespace tessera
