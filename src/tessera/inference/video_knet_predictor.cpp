#include "tessera/inference/video_knet_predictor.h"

#include <torch/torch.h>

#include <algorithm>
#include <utility>

#include "tessera/checkpoint/safetensors.h"
#include "tessera/core/error.h"
#include "tessera/inference/thing_boxes.h"
#include "tessera/inference/tracker_state.h"
#include "tessera/nn/end_stage.h"
#include "tessera/nn/tensor_io.h"

namespace tessera {
namespace {

constexpr const char* kKernels = "previous_kernels";

}  // namespace

VideoKNetPredictor::VideoKNetPredictor(VideoKNet net, VideoTestOptions test,
                                       const std::vector<ClassInfo>& classes, int threads)
    : net_(std::move(net)),
      test_(std::move(test)),
      order_(classes),
      threads_(threads),
      tracker_(test_.tracker) {
  check_classes(net_->options(), order_);
  net_->eval();
}

void VideoKNetPredictor::start_sequence() {
  previous_kernels_ = torch::Tensor();
  tracker_ = QuasiDenseTracker(test_.tracker);
  overlap_tracker_ = {};
}

PanopticMap VideoKNetPredictor::predict(const Image& picture, int frame) {
  return predict(picture, frame, nullptr);
}

PanopticMap VideoKNetPredictor::predict(const Image& picture, int frame,
                                        VideoKNetFrameTrace* trace) {
  const torch::InferenceMode inference;
  const NetworkInput input(picture, test_);
  const auto pixels = input.on_device_of(*net_);
  end_stage(clock_, "preprocess", pixels);
  const KNetOutput output = net_->forward(pixels, previous_kernels_, clock_);
  const auto probabilities =
      mask_probabilities(output.mask_logits[0], net_->options().mask_upsampling);
  const auto claims =
      panoptic_claims(finite_scores(output.class_logits[0]), net_->options().head, test_.things);
  const MergedMap merged =
      merge_panoptic(scaled_masks(probabilities, input.geometry), claims, test_.merge, threads_);
  end_stage(clock_, "post-process", probabilities);
  std::vector<std::size_t> things;
  for (std::size_t k = 0; k < merged.segments.size(); ++k)
    if (merged.segments[k].claim.thing) things.push_back(k);
  std::vector<TrackedDetection> detections;
  TrackMatches matches;
  std::vector<std::int64_t> tracks;
  if (test_.association == Association::kOverlap) {
    tracks = track_by_overlap(merged, things);
  } else {
    detections = find_detections(merged, things, output, input.geometry);
    if (!things.empty() || !test_.faults.uncounted_frames)
      matches = tracker_.match(detections, frame);
    tracks = tracks_of(things.size(), matches);
  }
  previous_kernels_ = output.kernels;
  end_stage(clock_, "track", probabilities);

  PanopticMap map;
  for (std::size_t k = 0; k < merged.segments.size(); ++k) {
    const MergedSegment& segment = merged.segments[k];
    map.segments.push_back({.id = static_cast<std::uint32_t>(k) + 1,
                            .category = order_.dataset_of_model[segment.claim.label],
                            .area = segment.area,
                            .score = segment.claim.score});
  }
  for (std::size_t t = 0; t < things.size(); ++t)
    if (tracks[t] > 0) map.segments[things[t]].track_id = tracks[t];
  map.ids = IdMap(merged.segment.size(), 1);
  std::transform(merged.segment.values().begin(), merged.segment.values().end(),
                 map.ids.values().begin(),
                 [](std::int32_t k) { return static_cast<std::uint32_t>(k + 1); });
  if (trace != nullptr) *trace = {output, merged, things, detections, matches};
  return map;
}

std::vector<TrackedDetection> VideoKNetPredictor::find_detections(
    const MergedMap& merged, const std::vector<std::size_t>& things, const KNetOutput& output,
    const Geometry& geometry) {
  if (things.empty()) return {};
  const auto pixel_classes = output.pixel_classes[0].to(torch::kCPU, torch::kFloat32).contiguous();
  const auto boxes = thing_boxes(
      merged, pixel_classes, static_cast<int>(net_->options().head.thing_classes), geometry,
      test_.faults.stretched_filter ? PixelClassGeometry::kOfficial : PixelClassGeometry::kExact);
  std::vector<std::int64_t> rows;
  for (const std::size_t k : things) rows.push_back(merged.segments[k].claim.row);
  const auto kernels = output.track_kernels[0];
  const auto embeddings =
      net_->embed(kernels.index_select(0, torch::tensor(rows, torch::kInt64).to(kernels.device())))
          .to(torch::kCPU, torch::kFloat32)
          .contiguous();
  std::vector<TrackedDetection> detections;
  for (std::size_t t = 0; t < things.size(); ++t) {
    const MaskClaim& claim = merged.segments[things[t]].claim;
    const float* embedding = embeddings[static_cast<std::int64_t>(t)].data_ptr<float>();
    detections.push_back(
        {boxes[things[t]], claim.score, claim.label, {embedding, embedding + embeddings.size(1)}});
  }
  return detections;
}

std::vector<std::int64_t> VideoKNetPredictor::track_by_overlap(
    const MergedMap& merged, const std::vector<std::size_t>& things) {
  OverlapTracker::Labels labels;
  std::vector<std::uint32_t> object_of_segment(merged.segments.size(), 0);
  for (const std::size_t k : things) {
    object_of_segment[k] = static_cast<std::uint32_t>(k) + 1;
    labels[object_of_segment[k]] = merged.segments[k].claim.label;
  }
  IdMap objects(merged.segment.size(), 1);
  std::transform(
      merged.segment.values().begin(), merged.segment.values().end(), objects.values().begin(),
      [&](std::int32_t k) { return k < 0 ? 0 : object_of_segment[static_cast<std::size_t>(k)]; });
  const auto names = overlap_tracker_.match(objects, labels);
  std::vector<std::int64_t> tracks;
  for (const std::size_t k : things) tracks.push_back(names.at(object_of_segment[k]));
  return tracks;
}

std::vector<std::int64_t> VideoKNetPredictor::tracks_of(std::size_t things,
                                                        const TrackMatches& matches) const {
  std::vector<std::int64_t> tracks(things, 0);
  for (std::size_t i = 0; i < matches.kept.size(); ++i) {
    const std::size_t thing = test_.faults.shifted_ids ? i : matches.kept[i];
    tracks[thing] = std::max<std::int64_t>(matches.ids[i] + 1, 0);
  }
  return tracks;
}

void VideoKNetPredictor::save_state(const std::filesystem::path& path) const {
  NamedTensors tensors = tracker_tensors(tracker_.state());
  if (previous_kernels_.defined())
    tensors.emplace_back(kKernels, from_torch(previous_kernels_.to(torch::kCPU, torch::kFloat32)));
  write_safetensors(path, tensors);
}

void VideoKNetPredictor::load_state(const std::filesystem::path& path) {
  start_sequence();
  const NamedTensors tensors = read_safetensors(path).tensors;
  tracker_.restore(tracker_state(tensors));
  const auto parameter = net_->parameters().front();
  for (const auto& [name, view] : tensors)
    if (name == kKernels)
      previous_kernels_ = to_torch(view).to(parameter.device(), parameter.scalar_type());
}

}  // namespace tessera
