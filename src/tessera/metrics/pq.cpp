#include "tessera/metrics/pq.h"

#include <algorithm>
#include <unordered_map>

#include "tessera/core/error.h"
#include "tessera/core/log.h"

namespace tessera {
namespace {

constexpr std::uint32_t kVoid = 0;
constexpr double kMatchIou = 0.5;

using IndexById = std::unordered_map<std::uint32_t, std::size_t>;

IndexById index_by_id(std::span<const Segment> segments, const char* side) {
  IndexById index;
  index.reserve(segments.size());
  for (std::size_t i = 0; i < segments.size(); ++i)
    if (!index.emplace(segments[i].id, i).second)
      fail("{} segment id {} is listed twice", side, segments[i].id);
  return index;
}

double divide(std::int64_t a, std::int64_t b) {
  return static_cast<double>(a) / static_cast<double>(b);
}

/// What lies under one predicted segment besides segments it could match.
struct Beneath {
  std::int64_t void_pixels = 0;
  std::int64_t crowd_pixels = 0;
};

std::vector<std::string> count_cells(const ClassQuality& c) {
  return {fmt::format("{}", c.tp), fmt::format("{}", c.fp), fmt::format("{}", c.fn)};
}

}  // namespace

double match_segments(std::span<const Segment> gt, std::span<const Segment> pred,
                      const PairTable& table, ClassQualities& counts) {
  const IndexById gt_index = index_by_id(gt, "ground truth");
  const IndexById pred_index = index_by_id(pred, "predicted");
  std::unordered_map<int, std::uint32_t> crowd_of_category;  // the last one stands
  for (const Segment& segment : gt)
    if (segment.crowd) crowd_of_category[segment.category] = segment.id;

  std::vector<Beneath> beneath(pred.size());
  for (const PairCount& pair : table) {
    const auto p = pred_index.find(pair.pred);
    if (p == pred_index.end()) continue;
    const auto crowd = crowd_of_category.find(pred[p->second].category);
    if (pair.gt == kVoid)
      beneath[p->second].void_pixels += pair.count;
    else if (crowd != crowd_of_category.end() && crowd->second == pair.gt)
      beneath[p->second].crowd_pixels += pair.count;
  }

  double largest_iou = 0;
  std::vector<bool> gt_matched(gt.size()), pred_matched(pred.size());
  for (const PairCount& pair : table) {
    const auto g = gt_index.find(pair.gt);
    const auto p = pred_index.find(pair.pred);
    if (g == gt_index.end() || p == pred_index.end()) continue;
    const Segment& truth = gt[g->second];
    const Segment& guess = pred[p->second];
    if (truth.crowd || truth.category != guess.category) continue;
    const std::int64_t union_pixels =
        guess.area + truth.area - pair.count - beneath[p->second].void_pixels;
    if (union_pixels <= 0)
      fail(
          "ground truth segment {} has area {} in the annotations, but {} pixels in the picture: "
          "the "
          "IoU with predicted segment {} cannot be computed",
          truth.id, truth.area, pair.count, guess.id);
    const double iou = divide(pair.count, union_pixels);
    if (!(iou > kMatchIou)) continue;
    ClassQuality& c = counts.of(truth.category);
    ++c.tp;
    c.iou.add(iou);
    largest_iou = std::max(largest_iou, iou);
    gt_matched[g->second] = pred_matched[p->second] = true;
  }

  for (std::size_t g = 0; g < gt.size(); ++g)
    if (!gt_matched[g] && !gt[g].crowd) ++counts.of(gt[g].category).fn;
  for (std::size_t p = 0; p < pred.size(); ++p) {
    if (pred_matched[p]) continue;
    const std::int64_t ignored = beneath[p].void_pixels + beneath[p].crowd_pixels;
    if (divide(ignored, pred[p].area) > 0.5) continue;
    ++counts.of(pred[p].category).fp;
  }
  return largest_iou;
}

void set_predicted_areas(std::vector<Segment>& pred, const PairTable& table) {
  IndexById index = index_by_id(pred, "predicted");
  for (Segment& segment : pred) segment.area = 0;
  for (const PairCount& pair : table) {
    if (pair.pred == kVoid) continue;
    const auto found = index.find(pair.pred);
    if (found == index.end())
      fail("the predicted picture has segment id {}, which its segments_info does not list",
           pair.pred);
    pred[found->second].area += pair.count;
  }
  for (const Segment& segment : pred)
    if (segment.area == 0)
      fail("segments_info lists the predicted segment id {}, which no pixel of the picture has",
           segment.id);
}

void count_areas(PanopticMap& map) {
  std::unordered_map<std::uint32_t, std::int64_t> pixels;
  for (const std::uint32_t id : map.ids.values()) ++pixels[id];
  for (Segment& segment : map.segments) segment.area = pixels[segment.id];
}

void check_categories(std::span<const Segment> segments, const std::vector<Category>& categories) {
  for (const Segment& segment : segments) {
    if (segment.id == kVoid) fail("a segment has id 0, which means void");
    const bool known =
        std::any_of(categories.begin(), categories.end(),
                    [&](const Category& category) { return category.id == segment.category; });
    if (!known)
      fail("segment {} has the category_id {}, which is not among the ground truth's categories",
           segment.id, segment.category);
  }
}

PanopticQuality::PanopticQuality(std::vector<Category> categories)
    : categories_(std::move(categories)) {}

void PanopticQuality::add(const PanopticMap& gt, const PanopticMap& pred) {
  add(gt.segments, pred.segments, PairCounter().count(gt.ids, pred.ids));
}

void PanopticQuality::add(const std::vector<Segment>& gt, std::vector<Segment> pred,
                          const PairTable& table) {
  check_categories(gt, categories_);
  check_categories(pred, categories_);
  set_predicted_areas(pred, table);
  if (match_segments(gt, pred, table, counts_) > 1)
    spdlog::warn("an IoU above 1: the areas in the ground truth's annotations are too small");
  ++pictures_;
}

Report PanopticQuality::report() const {
  Report report;
  report.json = coco_report_json(counts_, categories_);
  report.json["pictures"] = pictures_;
  report.tables = coco_report_tables("", counts_, categories_);
  const CocoAverages averages = coco_averages(counts_, categories_);
  report.headline = {{"PQ", format_percent(averages.all.pq)},
                     {"SQ", format_percent(averages.all.sq)},
                     {"RQ", format_percent(averages.all.rq)},
                     {"PQ, things", format_percent(averages.things.pq)},
                     {"PQ, stuff", format_percent(averages.stuff.pq)}};
  return report;
}

void PanopticQuality::merge(const Metric& other) {
  const auto& that = dynamic_cast<const PanopticQuality&>(other);
  if (categories_ != that.categories_) fail("the parts have different categories");
  counts_.merge(that.counts_);
  pictures_ += that.pictures_;
}

nlohmann::json PanopticQuality::save() const {
  return {{"categories", save_categories(categories_)},
          {"classes", counts_.save()},
          {"pictures", pictures_}};
}

std::unique_ptr<Metric> PanopticQuality::restore(const nlohmann::json& saved) {
  auto metric = std::make_unique<PanopticQuality>(restore_categories(saved.at("categories")));
  metric->counts_ = ClassQualities::restore(saved.at("classes"));
  metric->pictures_ = saved.at("pictures");
  return metric;
}

nlohmann::ordered_json to_json(const MeanQuality& mean) {
  return {{"pq", mean.pq}, {"sq", mean.sq}, {"rq", mean.rq}, {"n", mean.n}};
}

nlohmann::ordered_json coco_report_json(const ClassQualities& counts,
                                        const std::vector<Category>& categories) {
  const CocoAverages averages = coco_averages(counts, categories);
  nlohmann::ordered_json json = {{"All", to_json(averages.all)},
                                 {"Things", to_json(averages.things)},
                                 {"Stuff", to_json(averages.stuff)}};
  auto& per_class = json["per_class"] = nlohmann::ordered_json::object();
  for (const Category& category : categories) {
    const ClassQuality c = counts.at(category.id);
    const Quality quality = coco_quality(c);
    per_class[std::to_string(category.id)] = {
        {"name", category.name}, {"pq", quality.pq}, {"sq", quality.sq}, {"rq", quality.rq},
        {"iou", c.iou.value()},  {"tp", c.tp},       {"fp", c.fp},       {"fn", c.fn}};
  }
  return json;
}

std::vector<Table> coco_report_tables(const std::string& title, const ClassQualities& counts,
                                      const std::vector<Category>& categories) {
  const CocoAverages averages = coco_averages(counts, categories);
  Table summary{title, {"", "PQ", "SQ", "RQ", "N"}, {}};
  const auto add_mean = [&summary](const char* name, const MeanQuality& mean) {
    summary.rows.push_back({name, format_percent(mean.pq), format_percent(mean.sq),
                            format_percent(mean.rq), std::to_string(mean.n)});
  };
  add_mean("All", averages.all);
  add_mean("Things", averages.things);
  add_mean("Stuff", averages.stuff);

  Table per_class{"", {"class", "PQ", "SQ", "RQ", "IoU sum", "TP", "FP", "FN"}, {}};
  for (const Category& category : categories) {
    const ClassQuality c = counts.at(category.id);
    if (c.tp + c.fp + c.fn == 0) continue;
    const Quality quality = coco_quality(c);
    std::vector<std::string> row = {fmt::format("{} {}", category.id, category.name),
                                    format_percent(quality.pq), format_percent(quality.sq),
                                    format_percent(quality.rq), format_number(c.iou.value(), 3)};
    for (std::string& cell : count_cells(c)) row.push_back(std::move(cell));
    per_class.rows.push_back(std::move(row));
  }
  return {summary, per_class};
}

}  // namespace tessera
