#include "tessera/training/knet_task.h"

#include <spdlog/spdlog.h>
#include <torch/torch.h>

#include <algorithm>
#include <set>

#include "tessera/core/error.h"
#include "tessera/core/interrupt.h"
#include "tessera/core/progress.h"
#include "tessera/data/label_coding.h"
#include "tessera/image/widen.h"
#include "tessera/inference/knet_predictor.h"
#include "tessera/inference/overlay.h"
#include "tessera/metrics/coco.h"
#include "tessera/metrics/miou.h"
#include "tessera/metrics/pq.h"
#include "tessera/models/knet/knet_config.h"

namespace tessera {
namespace {

constexpr std::size_t kShown = 4;

PanopticMap to_map(const PanopticPrediction& prediction) {
  PanopticMap map;
  map.ids = IdMap(prediction.ids.size(), 1);
  std::transform(
      prediction.ids.values().begin(), prediction.ids.values().end(), map.ids.values().begin(),
      [](std::int32_t id) { return id == kVoidSegment ? 0U : static_cast<std::uint32_t>(id); });
  for (const auto& segment : prediction.segments)
    map.segments.push_back({.id = static_cast<std::uint32_t>(segment.id),
                            .category = segment.label,
                            .area = segment.area,
                            .score = segment.score});
  return map;
}

/// Ignored segments become void.
PanopticMap without_ignored(PanopticMap map) {
  std::set<std::uint32_t> ignored;
  for (const Segment& segment : map.segments)
    if (segment.ignore) ignored.insert(segment.id);
  if (ignored.empty()) return map;
  for (auto& id : map.ids.values())
    if (ignored.contains(id)) id = 0;
  std::erase_if(map.segments, [](const Segment& segment) { return segment.ignore; });
  return map;
}

/// The truth as a prediction that is drawn.
Prediction as_prediction(const Sample& sample) {
  Prediction truth;
  if (sample.panoptic) {
    truth.panoptic.emplace();
    truth.panoptic->ids = Pixels<std::int32_t>(sample.panoptic->ids.size(), 1);
    std::transform(sample.panoptic->ids.values().begin(), sample.panoptic->ids.values().end(),
                   truth.panoptic->ids.values().begin(), [](std::uint32_t id) {
                     return id == 0 ? kVoidSegment : static_cast<std::int32_t>(id);
                   });
    for (const Segment& segment : sample.panoptic->segments)
      truth.panoptic->segments.push_back(
          {static_cast<std::int32_t>(segment.id), segment.category, 1, segment.area});
  } else {
    truth.instances.emplace();
    for (const Instance& instance : sample.instances)
      truth.instances->push_back({instance.category, 1, instance.mask});
  }
  return truth;
}

/// Adds up what a kind of prediction is scored by.
class Scorer : public ValidationScorer {
 public:
  virtual void add(std::size_t picture, const Sample& sample, const Prediction& prediction) = 0;
};

class PanopticScorer : public Scorer {
 public:
  explicit PanopticScorer(const std::vector<ClassInfo>& classes)
      : quality_(categories(classes)), iou_(categories(classes), kIgnored) {}

  void add(std::size_t, const Sample& sample, const Prediction& prediction) override {
    PanopticMap truth = without_ignored(*sample.panoptic);
    const PanopticMap predicted = to_map(*prediction.panoptic);
    iou_.add(pairs_.count(widen(semantic_map(truth)), widen(semantic_map(predicted))));
    quality_.add(truth, predicted);
  }

  nlohmann::json save() const override {
    return {{"quality", quality_.save()}, {"iou", iou_.save()}};
  }
  void merge(const nlohmann::json& saved) override {
    quality_.merge(*PanopticQuality::restore(saved.at("quality")));
    iou_.merge(*MeanIou::restore(saved.at("iou")));
  }

  Scores scores() const override {
    const auto json = quality_.report().json;
    Scores scores;
    for (const char* group : {"All", "Things", "Stuff"})
      scores.emplace_back(std::string("PQ ") + group, 100 * number(json[group]["pq"]));
    scores.emplace_back("mIoU", 100 * iou_.mean_of_present());
    return scores;
  }

 private:
  static constexpr int kIgnored = 255;

  static std::vector<Category> categories(const std::vector<ClassInfo>& classes) {
    std::vector<Category> result;
    for (std::size_t c = 0; c < classes.size(); ++c)
      result.push_back({static_cast<int>(c), classes[c].name, classes[c].is_thing});
    return result;
  }
  static double number(const nlohmann::ordered_json& value) {
    return value.is_number() ? value.get<double>() : 0;
  }

  PanopticQuality quality_;
  MeanIou iou_;
  PairCounter pairs_;
};

class InstanceScorer : public Scorer {
 public:
  explicit InstanceScorer(const std::vector<ClassInfo>& classes)
      : ap_(categories(classes), {"segm"}) {}

  void add(std::size_t picture, const Sample& sample, const Prediction& prediction) override {
    std::vector<CocoInstance> objects, detections;
    for (const Instance& instance : sample.instances)
      objects.push_back({.category = instance.category,
                         .area = instance.area,
                         .box = instance.box,
                         .mask = instance.mask,
                         .crowd = instance.crowd});
    for (const PredictedInstance& instance : *prediction.instances)
      detections.push_back({.category = instance.label,
                            .area = static_cast<double>(rle_area(instance.mask)),
                            .box = rle_box(instance.mask),
                            .mask = instance.mask,
                            .score = instance.score});
    ap_.add(static_cast<std::int64_t>(picture), objects, detections);
  }

  nlohmann::json save() const override { return ap_.save(); }
  void merge(const nlohmann::json& saved) override { ap_.merge(*CocoAp::restore(saved)); }

  Scores scores() const override {
    Scores scores;
    const auto report = ap_.report().json;
    // -1 where there is nothing to find.
    for (const auto& [name, value] : report.at("segm").at("stats").items())
      if (value.is_number() && value.get<double>() >= 0)
        scores.emplace_back(name, 100 * value.get<double>());
    if (scores.empty()) spdlog::warn("the validation pictures have no object to find: no AP");
    return scores;
  }

 private:
  static std::vector<ApCategory> categories(const std::vector<ClassInfo>& classes) {
    std::vector<ApCategory> result;
    for (std::size_t c = 0; c < classes.size(); ++c)
      result.push_back({static_cast<std::int64_t>(c), classes[c].name});
    return result;
  }

  CocoAp ap_;
};

}  // namespace

MaskTargets knet_targets(const BatchFrame& frame, const ClassOrder& order,
                         const KNetOptions& options, Size padded, torch::Device device) {
  const auto objects = static_cast<std::int64_t>(frame.objects.size());
  auto* bytes = const_cast<std::uint8_t*>(frame.masks.data());
  const auto masks =
      torch::from_blob(bytes, {objects, padded.height, padded.width}, torch::kUInt8).to(device);
  std::vector<std::int64_t> labels;
  for (const FrameObject& object : frame.objects)
    labels.push_back(order.model_of_dataset[object.category]);
  torch::Tensor semantic;
  if (options.panoptic()) {
    if (frame.semantic.empty())
      fail("{}: a panoptic model learns from panoptic labels, and there are none", frame.key.name);
    constexpr int kLabels = 256;
    std::array<std::uint8_t, kLabels> model_of_dataset;
    model_of_dataset.fill(255);
    for (std::size_t c = 0; c < order.model_of_dataset.size(); ++c)
      model_of_dataset[c] = static_cast<std::uint8_t>(order.model_of_dataset[c]);
    semantic = torch::empty({padded.height, padded.width}, torch::kUInt8);
    std::transform(frame.semantic.values().begin(), frame.semantic.values().end(),
                   semantic.data_ptr<std::uint8_t>(),
                   [&](std::uint8_t label) { return model_of_dataset[label]; });
    semantic = semantic.to(device);
  }
  return make_mask_targets(masks, torch::tensor(labels, torch::kInt64).to(device), semantic,
                           order.things, {padded.height, padded.width}, options.mask_stride());
}

void check_data_classes(const KNetOptions& options, const ClassOrder& order) {
  const KernelHeadOptions& sizes = options.head;
  if (sizes.thing_classes != order.things ||
      (sizes.stuff_classes > 0 && sizes.stuff_classes != order.stuff))
    fail(
        "the data have {} thing and {} stuff classes, the model {} and {}; set "
        "model.thing_classes and model.stuff_classes",
        order.things, order.stuff, sizes.thing_classes, sizes.stuff_classes);
}

KNetTask::KNetTask(const Config& config, const std::vector<ClassInfo>& classes)
    : net_(config.section<KNetOptions>("model")),
      test_(config.section<TestOptions>("test")),
      classes_(classes),
      order_(classes) {
  check_data_classes(net_->options(), order_);
  test_.official_ids = false;
}

LossTerms KNetTask::losses(const Batch& batch, const StepContext& context) {
  const auto images = batch_pixels(batch, context.device);
  std::vector<MaskTargets> targets;
  for (const BatchFrame& frame : batch.frames)
    targets.push_back(knet_targets(frame, order_, net_->options(), batch.size, context.device));
  return net_->losses(images, targets, context.mean_over_ranks);
}

Scores KNetTask::validate(const Dataset& validation, int threads,
                          const std::function<void(ValidationSample)>& show) {
  KNetPredictor predictor(net_, test_, classes_, threads);
  std::unique_ptr<Scorer> scorer;
  if (net_->options().panoptic())
    scorer = std::make_unique<PanopticScorer>(classes_);
  else
    scorer = std::make_unique<InstanceScorer>(classes_);
  Progress progress("Validating", validation.size(), "images");
  for (std::size_t i = 0; i < validation.size(); ++i) {
    check_interrupt();
    progress.advance();
    if (!takes(i)) continue;
    const Sample sample = validation.load(i);
    const Prediction prediction = predictor.predict(sample.image);
    scorer->add(i, sample, prediction);
    if (i < kShown)
      show({sample.key.name, draw_prediction(sample.image, as_prediction(sample), classes_),
            draw_prediction(sample.image, prediction, classes_)});
  }
  return scores_of_all(*scorer);
}

}  // namespace tessera
