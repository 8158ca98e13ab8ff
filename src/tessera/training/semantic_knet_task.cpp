#include "tessera/training/semantic_knet_task.h"

#include <torch/torch.h>

#include <algorithm>

#include "tessera/core/error.h"
#include "tessera/core/interrupt.h"
#include "tessera/core/progress.h"
#include "tessera/data/label_coding.h"
#include "tessera/image/widen.h"
#include "tessera/inference/overlay.h"
#include "tessera/metrics/miou.h"
#include "tessera/models/knet/semantic_knet_config.h"

namespace tessera {
namespace {

constexpr std::size_t kShown = 4;
constexpr int kUnlabelled = 255;

LabelMap class_labels(const Sample& sample) {
  if (sample.panoptic) return semantic_map(*sample.panoptic);
  if (sample.semantic) return *sample.semantic;
  fail("{}: a semantic model needs a class for every pixel, and there are none", sample.key.name);
}

torch::Tensor label_batch(const Batch& batch) {
  const auto frames = static_cast<std::int64_t>(batch.frames.size());
  auto labels = torch::empty({frames, batch.size.height, batch.size.width}, torch::kUInt8);
  auto* to = labels.data_ptr<std::uint8_t>();
  for (const BatchFrame& frame : batch.frames) {
    if (frame.semantic.empty())
      fail("{}: a semantic model learns from a class for every pixel, and there are none",
           frame.key.name);
    to = std::copy(frame.semantic.values().begin(), frame.semantic.values().end(), to);
  }
  return labels.to(torch::kInt64);
}

MeanIou make_metric(const std::vector<ClassInfo>& classes) {
  std::vector<Category> categories;
  for (std::size_t c = 0; c < classes.size(); ++c)
    categories.push_back({static_cast<int>(c), classes[c].name, classes[c].is_thing});
  return {std::move(categories), kUnlabelled, MiouRules::kMmseg};
}

class SemanticScorer : public ValidationScorer {
 public:
  explicit SemanticScorer(const std::vector<ClassInfo>& classes) : metric_(make_metric(classes)) {}

  void add(const LabelMap& truth, const LabelMap& prediction) {
    metric_.add(pairs_.count(widen(truth), widen(prediction)));
  }
  nlohmann::json save() const override { return metric_.save(); }
  void merge(const nlohmann::json& saved) override { metric_.merge(*MeanIou::restore(saved)); }
  Scores scores() const override {
    const ClassScores scores = class_scores(metric_.areas());
    return {{"mIoU", 100 * mean_of_numbers(scores.iou)},
            {"mAcc", 100 * mean_of_numbers(scores.accuracy)},
            {"aAcc", 100 * scores.all_accuracy}};
  }

 private:
  MeanIou metric_;
  PairCounter pairs_;
};

Prediction as_prediction(LabelMap labels) {
  Prediction prediction;
  prediction.semantic = std::move(labels);
  return prediction;
}

}  // namespace

SemanticKNetTask::SemanticKNetTask(const Config& config, const std::vector<ClassInfo>& classes)
    : net_(config.section<SemanticKNetOptions>("model")),
      test_(config.section<SemanticTestOptions>("test")),
      classes_(classes) {
  check_semantic_classes(net_->options(), classes);
}

LossTerms SemanticKNetTask::losses(const Batch& batch, const StepContext& context) {
  return net_->losses(batch_pixels(batch, context.device), label_batch(batch).to(context.device));
}

Scores SemanticKNetTask::validate(const Dataset& validation, int threads,
                                  const std::function<void(ValidationSample)>& show) {
  SemanticPredictor predictor(net_, test_, classes_, threads);
  SemanticScorer scorer(classes_);
  Progress progress("Validating", validation.size(), "images");
  for (std::size_t i = 0; i < validation.size(); ++i) {
    check_interrupt();
    progress.advance();
    if (!takes(i)) continue;
    const Sample sample = validation.load(i);
    const LabelMap truth = class_labels(sample);
    const Prediction prediction = predictor.predict(sample.image);
    scorer.add(truth, *prediction.semantic);
    if (i < kShown)
      show({sample.key.name, draw_prediction(sample.image, as_prediction(truth), classes_),
            draw_prediction(sample.image, prediction, classes_)});
  }
  return scores_of_all(scorer);
}

}  // namespace tessera
