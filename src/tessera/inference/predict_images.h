#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tessera/core/config.h"
#include "tessera/data/dataset.h"
#include "tessera/inference/image_predictor.h"

namespace tessera {

struct NamedPicture {
  std::string name;  ///< what its results are called
  std::filesystem::path path;
};

/// The pictures that `input` means: a picture file, a folder of them, or a split of the dataset
/// that the configuration validates on.
std::vector<NamedPicture> find_pictures(const std::string& input, const Config& config);

struct PredictOptions {
  bool visualize = false;       ///< overlays beside the results
  bool replace = false;         ///< a folder that holds something may be replaced
  StageClock* clock = nullptr;  ///< takes the time of reading (`decode`) and writing (`encode`)
};

/// Predicts every picture and writes the official programs' files into the folder `out`:
/// results.panoptic.json with panoptic/, results.segm.json and results.bbox.json, or semantic/ with
/// label pictures that hold the numbers of ClassInfo::id. The folder appears whole or not at all.
void predict_images(ImagePredictor& predictor, const std::vector<NamedPicture>& pictures,
                    const std::vector<ClassInfo>& classes, const std::filesystem::path& out,
                    const PredictOptions& options);

}  // namespace tessera
