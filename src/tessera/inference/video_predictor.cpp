#include "tessera/inference/video_predictor.h"

#include <torch/torch.h>

#include "tessera/core/error.h"
#include "tessera/inference/video_knet_predictor.h"
#include "tessera/models/video_knet/video_knet_config.h"

namespace tessera {

void read_fields(ConfigReader& reader, QuasiDenseTrackerOptions& options) {
  using Similarity = QuasiDenseTrackerOptions::Similarity;
  constexpr Limits kShare = {.low = 0, .high = 1};
  reader.read("new_track_score", options.new_track_score, kShare);
  reader.read("known_track_score", options.known_track_score, kShare);
  reader.read("match_similarity", options.match_similarity, kShare);
  reader.read("weak_match_similarity", options.weak_match_similarity, kShare);
  reader.read("track_memory", options.track_memory, {.low = 1});
  reader.read("backdrop_memory", options.backdrop_memory, {.low = 0});
  reader.read("momentum", options.momentum, kShare);
  reader.read("backdrop_overlap", options.backdrop_overlap, kShare);
  reader.read("duplicate_overlap", options.duplicate_overlap, kShare);
  reader.read("same_class", options.same_class);
  reader.read("similarity", options.similarity,
              {{"bisoftmax", Similarity::kBisoftmax},
               {"softmax", Similarity::kSoftmax},
               {"cosine", Similarity::kCosine}});
  reader.read("overlap_weight", options.overlap_weight, {.low = 0});
  reader.read("move_boxes", options.move_boxes);
  reader.read("best_pairs_first", options.best_pairs_first);
}

void read_fields(ConfigReader& reader, OfficialFaults& faults) {
  reader.read("shifted_ids", faults.shifted_ids);
  reader.read("unassigned_is_road", faults.unassigned_is_road);
  reader.read("stretched_filter", faults.stretched_filter);
  reader.read("uncounted_frames", faults.uncounted_frames);
}

void read_fields(ConfigReader& reader, VideoTestOptions& options) {
  read_fields(reader, static_cast<TestOptions&>(options));
  bool official = true;
  reader.read("official", official);
  if (!official) options.faults = {false, false, false, false};
  reader.read("faults", options.faults);
  options.merge.fill_with_stuff = !options.faults.unassigned_is_road;
  reader.read("association", options.association,
              {{"embedding", Association::kEmbedding}, {"overlap", Association::kOverlap}});
  reader.read("result_numbers", options.result_numbers,
              {{"dataset", ResultNumbers::kDataset}, {"stuff_first", ResultNumbers::kStuffFirst}});
  reader.read("tracker", options.tracker);
}

bool predicts_videos(const Config& config) {
  return config.section_text("model", "type") == "video_knet";
}

std::unique_ptr<VideoPredictor> make_video_predictor(const Config& config,
                                                     const WeightSource& weights,
                                                     const std::vector<ClassInfo>& classes,
                                                     const ComputeOptions& compute) {
  if (!predicts_videos(config))
    fail("model.type is '{}', which tracks nothing; expected video_knet",
         config.section_text("model", "type"));
  VideoKNet net(config.section<VideoKNetOptions>("model"));
  prepare_model(*net, weights, compute);
  return std::make_unique<VideoKNetPredictor>(net, config.section<VideoTestOptions>("test"),
                                              classes, compute.threads);
}

}  // namespace tessera
