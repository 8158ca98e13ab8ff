#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tessera/core/config.h"
#include "tessera/core/stage_clock.h"
#include "tessera/data/dataset.h"
#include "tessera/data/transforms/geometry.h"
#include "tessera/data/transforms/normalize.h"
#include "tessera/inference/knet_postprocess.h"
#include "tessera/inference/prediction.h"

namespace tessera {

/// What happens to a picture before the network sees it, and to what the network says: the section
/// `test` of a configuration.
struct TestOptions {
  std::optional<Scale> scale = Scale{1333, 800};  ///< limits of the resized picture; or as it is
  int divisor = 32;                               ///< the padded sides are multiples
  NormalizeOptions normalize;
  InstanceOptions instances;
  ThingClaims things = ThingClaims::kBestClass;
  PanopticMergeOptions merge;
  /// Numbers segments from 0 as the official K-Net does; then a first segment of class 0 has the id
  /// of void in the files. Otherwise from 1.
  bool official_ids = false;
};
void read_fields(ConfigReader& reader, TestOptions& options);

/// A trained model for single pictures. One picture at a time; not for several threads at once.
class ImagePredictor {
 public:
  virtual ~ImagePredictor() = default;
  virtual Prediction predict(const Image& picture) = 0;
  /// From now on the stages of predict() end on `clock`; null: on none.
  void time_stages(StageClock* clock) { clock_ = clock; }

 protected:
  StageClock* clock_ = nullptr;
};

/// Where and how a model computes.
struct ComputeOptions {
  std::string device = "cpu";
  std::string precision = "fp32";
  int threads = 1;
};

/// Made-up weights, for measurements: by the fill rule, salted with the seed.
struct SeededWeights {
  std::uint64_t seed = 0;
};
/// A checkpoint's weights, or made-up ones.
using WeightSource = std::variant<std::filesystem::path, SeededWeights>;

/// Gives a module its weights and makes it ready to compute.
void prepare_model(torch::nn::Module& module, const WeightSource& weights,
                   const ComputeOptions& compute);

/// The predictor of a configuration's `model`. Labels are the indexes of `classes`.
std::unique_ptr<ImagePredictor> make_image_predictor(const Config& config,
                                                     const WeightSource& weights,
                                                     const std::vector<ClassInfo>& classes,
                                                     const ComputeOptions& compute);

}  // namespace tessera
