#pragma once

#include <array>
#include <optional>
#include <vector>

#include "tessera/inference/image_predictor.h"
#include "tessera/inference/semantic_scores.h"
#include "tessera/models/knet/semantic_knet.h"

namespace tessera {

/// How a semantic model looks at a picture: the section `test` of its configuration.
struct SemanticTestOptions {
  enum class Mode {
    kWhole,  ///< the resized picture at once
    kSlide,  ///< in windows that overlap; their logits are averaged
  };
  Mode mode = Mode::kWhole;
  std::optional<Scale> scale = Scale{2048, 512};  ///< limits of the resized picture; or as it is
  std::vector<double> ratios = {1};               ///< of the scale: a view each
  bool flip = false;                              ///< and each view mirrored as well
  std::array<int, 2> crop = {512, 512};           ///< kSlide: height and width of a window
  std::array<int, 2> stride = {341, 341};         ///< kSlide: down and right
  NormalizeOptions normalize;
};
void read_fields(ConfigReader& reader, SemanticTestOptions& options);

/// The logits of one view, on the grid that they are resized to the picture from.
SemanticView view_picture(SemanticKNet& net, const Image& picture,
                          const SemanticTestOptions& options, double ratio, bool mirrored);

/// Semantic K-Net on one picture after another: one view or several, a class a pixel.
class SemanticPredictor : public ImagePredictor {
 public:
  /// Sets the network to evaluation. It counts the classes as `classes` does.
  SemanticPredictor(SemanticKNet net, SemanticTestOptions test,
                    const std::vector<ClassInfo>& classes, int threads);

  Prediction predict(const Image& picture) override;

 private:
  SemanticKNet net_;
  SemanticTestOptions test_;
  int threads_;
};

/// An Error when a model has another number of classes than a class list.
void check_semantic_classes(const SemanticKNetOptions& options,
                            const std::vector<ClassInfo>& classes);

}  // namespace tessera
