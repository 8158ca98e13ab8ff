#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "tessera/core/config.h"
#include "tessera/data/dataset.h"
#include "tessera/image/panoptic_map.h"
#include "tessera/inference/image_predictor.h"
#include "tessera/tracking/quasi_dense_tracker.h"

namespace tessera {

/// How classes are numbered in the files of results.
enum class ResultNumbers {
  kDataset,     ///< as in the dataset's own files
  kStuffFirst,  ///< stuff from 0 on, then things: VIPSeg's results
};

/// What objects are recognised by.
enum class Association {
  kEmbedding,  ///< the quasi-dense tracker
  kOverlap,    ///< the overlap of masks with the frame before: what tracking has to beat
};

/// The faults of the official inference that published numbers depend on.
struct OfficialFaults {
  bool shifted_ids = true;  ///< from the first duplicate on every object has its neighbour's id
  bool unassigned_is_road =
      true;  ///< pixels of dropped segments are class 0, not the likeliest stuff
  bool stretched_filter =
      true;  ///< the map of things is stretched over the picture with its padding
  bool uncounted_frames = true;  ///< the tracker does not see frames without things
};

/// The section `test` of a video model's configuration.
struct VideoTestOptions : TestOptions {
  VideoTestOptions() {
    scale.reset();
    things = ThingClaims::kBestPairs;
    merge.thing_score = 0.25F;
  }
  /// `official: false` in a configuration is all of them false.
  OfficialFaults faults;
  Association association = Association::kEmbedding;
  ResultNumbers result_numbers = ResultNumbers::kDataset;
  QuasiDenseTrackerOptions tracker;
};
void read_fields(ConfigReader& reader, VideoTestOptions& options);

/// A trained model for the frames of videos, one after another, with a state of bounded size.
class VideoPredictor {
 public:
  virtual ~VideoPredictor() = default;

  /// Forgets what it has seen.
  virtual void start_sequence() = 0;
  /// The segments of the next frame; `frame` is its number in the sequence. A thing's track_id is
  /// positive, or -1 where it belongs to no track. Categories are indexes of the class list.
  virtual PanopticMap predict(const Image& picture, int frame) = 0;

  /// Writes what predict() depends on, so that another predictor of the same model goes on.
  virtual void save_state(const std::filesystem::path& path) const = 0;
  virtual void load_state(const std::filesystem::path& path) = 0;

  /// From now on the stages of predict() end on `clock`; null: on none.
  void time_stages(StageClock* clock) { clock_ = clock; }

 protected:
  StageClock* clock_ = nullptr;
};

/// The predictor of a configuration's `model`.
std::unique_ptr<VideoPredictor> make_video_predictor(const Config& config,
                                                     const WeightSource& weights,
                                                     const std::vector<ClassInfo>& classes,
                                                     const ComputeOptions& compute);

/// Whether a configuration's model is one for videos.
bool predicts_videos(const Config& config);

}  // namespace tessera
