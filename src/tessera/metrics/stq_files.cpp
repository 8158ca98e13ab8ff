#include "tessera/metrics/evaluate.h"
#include "tessera/metrics/miou.h"
#include "tessera/metrics/step_files.h"
#include "tessera/metrics/step_observer.h"
#include "tessera/metrics/step_variants.h"
#include "tessera/metrics/stq.h"

namespace tessera {
namespace {

/// Mean IoU of one frame alone.
double frame_quality(const PairTable& table, const StqSettings& settings) {
  MeanIou alone(settings.categories, settings.ignore_label);
  const auto label = [](std::uint32_t id) { return id >> 16; };
  alone.add(map_values(table, label, label));
  return alone.mean_of_present();
}

EvalResult evaluate_stq(const EvalOptions& options) {
  StqSettings settings;
  settings.categories = step_categories(
      options, options.variant == "deeplab2" ? StepThings::kTracked : StepThings::kAllMovable);
  settings.ignore_label = options.ignore_label.value_or(kStepIgnoreLabel);
  settings.mask_ignored = options.variant != "deeplab2";
  auto metric = std::make_unique<SegmentationTrackingQuality>(settings);
  StepObserver observer(options, settings.categories, settings.ignore_label);
  const std::uint64_t dataset = for_each_step_frame(
      options, [&](const StepPair& pair) { metric->begin_sequence(pair.order, pair.gt.id); },
      [&](const StepPair& pair, std::size_t frame, const PairTable& table) {
        metric->add_frame(table);
        observer.add(pair, frame, table, [&] { return frame_quality(table, settings); });
      });
  return {std::move(metric), dataset};
}

}  // namespace

MetricKind stq_kind() {
  return {
      "stq",
      "Segmentation and tracking quality (KITTI-STEP, VIPSeg)",
      "tessera eval stq --gt video_sequence/val --pred results/panoptic --variant videoknet",
      {{"videoknet", "Video K-Net's driver: unlabelled pixels left out, things are 11 to 18",
        kStepOptions},
       {"deeplab2", "deeplab2 and the KITTI-STEP benchmark: things are 11 and 13", kStepOptions},
       {"vipseg", "Video K-Net's driver for VIPSeg's 124 classes", kStepOptions}},
      evaluate_stq,
      SegmentationTrackingQuality::restore};
}

}  // namespace tessera
