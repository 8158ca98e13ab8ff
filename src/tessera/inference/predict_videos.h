#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tessera/data/dataset.h"
#include "tessera/inference/video_input.h"
#include "tessera/inference/video_predictor.h"

namespace tessera {

struct PredictVideosOptions {
  ResultNumbers numbers = ResultNumbers::kDataset;
  /// The class of pixels without a segment: the official script leaves them at 0.
  int unassigned = 0;
  bool cat_ins = false;   ///< panoptic/SEQUENCE/*_{cat,ins}.png as well, 16 bits each
  bool video = false;     ///< video/SEQUENCE.mp4 with five views
  bool gif = false;       ///< the same as GIF
  bool pictures = false;  ///< pictures/VIEW/SEQUENCE/FRAME.png of four views
  bool replace = false;   ///< a folder that holds something may be replaced
  /// What the results depend on: an unfinished run goes on only where this is the same.
  std::string run;
};

/// What a model's configuration says about its results.
PredictVideosOptions result_options(const VideoTestOptions& test);

/// Writes what is asked for of one frame below `folder`; `numbers` has each class's.
void write_frame_results(const std::filesystem::path& folder, const std::string& video,
                         const std::string& frame, const PanopticMap& map,
                         const std::vector<int>& numbers, const PredictVideosOptions& options);

/// The number of each class in the files of results.
std::vector<int> result_numbers(const std::vector<ClassInfo>& classes, ResultNumbers numbers);

/// Predicts every frame and writes final/SEQUENCE/FRAME.png (KITTI-STEP's encoding) and what the
/// options ask for into the folder `out`. The folder appears when all is done. A run that is
/// interrupted, fails or is killed leaves `out`.partial; the same run called again goes on from
/// there.
void predict_videos(VideoPredictor& predictor, const std::vector<VideoInput>& videos,
                    const std::vector<ClassInfo>& classes, const std::filesystem::path& out,
                    const PredictVideosOptions& options);

}  // namespace tessera
