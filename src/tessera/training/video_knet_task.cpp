#include "tessera/training/video_knet_task.h"

#include <torch/torch.h>

#include "tessera/core/error.h"
#include "tessera/core/interrupt.h"
#include "tessera/core/progress.h"
#include "tessera/inference/video_knet_predictor.h"
#include "tessera/models/video_knet/video_knet_config.h"
#include "tessera/report/panoptic_view.h"
#include "tessera/training/knet_task.h"
#include "tessera/training/video_scorer.h"

namespace tessera {
namespace {

constexpr std::size_t kShown = 4;

torch::Tensor track_ids(const BatchFrame& frame) {
  std::vector<std::int64_t> ids;
  for (const FrameObject& object : frame.objects) ids.push_back(object.track_id);
  return torch::tensor(ids, torch::kInt64);
}

}  // namespace

VideoKNetTask::VideoKNetTask(const Config& config, const std::vector<ClassInfo>& classes)
    : net_(config.section<VideoKNetOptions>("model")),
      test_(config.section<VideoTestOptions>("test")),
      classes_(classes),
      order_(classes) {
  check_data_classes(net_->options(), order_);
}

LossTerms VideoKNetTask::losses(const Batch& batch, const StepContext& context) {
  if (batch.frames_per_clip != 2)
    fail("{} frames a sample; Video K-Net learns from pairs: set data.references",
         batch.frames_per_clip);
  const auto frames = batch_pixels(batch, context.device)
                          .view({batch.clips, 2, 3, batch.size.height, batch.size.width});
  std::vector<FramePair> pairs;
  for (int clip = 0; clip < batch.clips; ++clip) {
    const BatchFrame& key = batch.frames[static_cast<std::size_t>(clip) * 2];
    const BatchFrame& reference = batch.frames[static_cast<std::size_t>(clip) * 2 + 1];
    const auto targets = [&](const BatchFrame& frame) {
      return knet_targets(frame, order_, net_->options(), batch.size, context.device);
    };
    pairs.push_back({targets(key), targets(reference),
                     match_objects(track_ids(key), track_ids(reference)).to(context.device)});
  }
  return net_->pair_losses(frames.select(1, 0).contiguous(), frames.select(1, 1).contiguous(),
                           pairs, context.mean_over_ranks);
}

Scores VideoKNetTask::validate(const Dataset& validation, int threads,
                               const std::function<void(ValidationSample)>& show) {
  if (validation.sequences().empty()) fail("the validation data have no sequences to track in");
  VideoKNetPredictor predictor(net_, test_, classes_, threads);
  VideoScorer scorer(classes_);
  std::size_t frames = 0;
  for (std::size_t order = 0; order < validation.sequences().size(); ++order)
    if (takes(order)) frames += validation.sequences()[order].count;
  Progress progress("Validating", frames, "frames");
  const std::size_t show_every = std::max<std::size_t>(1, validation.size() / kShown);
  for (std::size_t order = 0; order < validation.sequences().size(); ++order) {
    if (!takes(order)) continue;
    const SequenceInfo& sequence = validation.sequences()[order];
    predictor.start_sequence();
    scorer.begin_sequence(order, sequence.name);
    for (std::size_t i = sequence.first; i < sequence.first + sequence.count; ++i) {
      check_interrupt();
      const Sample sample = validation.load(i);
      const PanopticMap predicted = predictor.predict(sample.image, sample.key.frame);
      scorer.add(*sample.panoptic, predicted);
      if (i % show_every == show_every / 2) {
        const ViewOptions view{ViewMode::kOverlay, kNameHeight};
        show({sample.key.name, draw_panoptic(view, *sample.panoptic, classes_, sample.image),
              draw_panoptic(view, predicted, classes_, sample.image)});
      }
      progress.advance();
    }
  }
  return scores_of_all(scorer);
}

}  // namespace tessera
