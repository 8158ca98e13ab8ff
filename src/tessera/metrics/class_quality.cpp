#include "tessera/metrics/class_quality.h"

#include <limits>

namespace tessera {
namespace {

constexpr double kVideoKNetEpsilon = 1e-10;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

template <class Takes>
MeanQuality mean_quality(const ClassQualities& counts, const std::vector<Category>& categories,
                         const Takes& takes) {
  MeanQuality mean;
  for (const Category& category : categories) {
    const ClassQuality& c = counts.at(category.id);
    if (!takes(category) || c.tp + c.fp + c.fn == 0) continue;
    const Quality quality = coco_quality(c);
    mean.pq += quality.pq;
    mean.sq += quality.sq;
    mean.rq += quality.rq;
    ++mean.n;
  }
  if (mean.n == 0) return {kNan, kNan, kNan, 0};
  return {mean.pq / mean.n, mean.sq / mean.n, mean.rq / mean.n, mean.n};
}

template <class Takes>
double videoknet_mean(const ClassQualities& counts, const std::vector<Category>& categories,
                      const Takes& takes) {
  double sum = 0;
  int n = 0;
  for (const Category& category : categories) {
    if (!takes(category)) continue;
    sum += videoknet_quality(counts.at(category.id)).pq;
    ++n;
  }
  return n == 0 ? kNan : 100 * sum / n;
}

bool any(const Category&) { return true; }
bool is_thing(const Category& category) { return category.thing; }
bool is_stuff(const Category& category) { return !category.thing; }

}  // namespace

nlohmann::json save_categories(const std::vector<Category>& categories) {
  nlohmann::json saved = nlohmann::json::array();
  for (const Category& category : categories)
    saved.push_back({category.id, category.name, category.thing});
  return saved;
}

std::vector<Category> restore_categories(const nlohmann::json& saved) {
  std::vector<Category> categories;
  for (const auto& entry : saved)
    categories.push_back({entry.at(0), entry.at(1), entry.at(2).get<bool>()});
  return categories;
}

ClassQuality ClassQualities::at(int category) const {
  const auto found = classes_.find(category);
  return found == classes_.end() ? ClassQuality() : found->second;
}

void ClassQualities::merge(const ClassQualities& other) {
  for (const auto& [category, counts] : other.classes_) {
    ClassQuality& mine = classes_[category];
    mine.tp += counts.tp;
    mine.fp += counts.fp;
    mine.fn += counts.fn;
    mine.iou.add(counts.iou);
  }
}

nlohmann::json ClassQualities::save() const {
  nlohmann::json saved = nlohmann::json::array();
  for (const auto& [category, counts] : classes_)
    saved.push_back({category, counts.tp, counts.fp, counts.fn, counts.iou.save()});
  return saved;
}

ClassQualities ClassQualities::restore(const nlohmann::json& saved) {
  ClassQualities restored;
  for (const auto& entry : saved)
    restored.of(entry.at(0)) = {entry.at(1), entry.at(2), entry.at(3),
                                ExactSum::restore(entry.at(4))};
  return restored;
}

Quality coco_quality(const ClassQuality& counts) {
  if (counts.tp + counts.fp + counts.fn == 0) return {};
  const double iou = counts.iou.value();
  const double tp = static_cast<double>(counts.tp);
  const double denominator =
      tp + 0.5 * static_cast<double>(counts.fp) + 0.5 * static_cast<double>(counts.fn);
  return {iou / denominator, counts.tp == 0 ? 0 : iou / tp, tp / denominator};
}

Quality videoknet_quality(const ClassQuality& counts) {
  const double tp = static_cast<double>(counts.tp);
  const double sq = counts.iou.value() / (tp + kVideoKNetEpsilon);
  const double rq = tp / (tp + 0.5 * static_cast<double>(counts.fn) +
                          0.5 * static_cast<double>(counts.fp) + kVideoKNetEpsilon);
  return {sq * rq, sq, rq};
}

CocoAverages coco_averages(const ClassQualities& counts, const std::vector<Category>& categories) {
  return {mean_quality(counts, categories, any), mean_quality(counts, categories, is_thing),
          mean_quality(counts, categories, is_stuff)};
}

VideoKNetAverages videoknet_averages(const ClassQualities& counts,
                                     const std::vector<Category>& categories) {
  return {videoknet_mean(counts, categories, any), videoknet_mean(counts, categories, is_thing),
          videoknet_mean(counts, categories, is_stuff)};
}

}  // namespace tessera
