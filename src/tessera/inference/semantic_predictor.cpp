#include "tessera/inference/semantic_predictor.h"

#include <torch/torch.h>

#include <algorithm>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/data/transforms/pipeline.h"
#include "tessera/inference/network_input.h"
#include "tessera/nn/resize.h"

namespace tessera {
namespace {

struct Stretch {
  std::int64_t begin, end;
};

/// mmseg's windows along one side: the last one is moved back to end with the picture.
std::vector<Stretch> windows(std::int64_t size, std::int64_t crop, std::int64_t stride) {
  const std::int64_t count = std::max<std::int64_t>(size - crop + stride - 1, 0) / stride + 1;
  std::vector<Stretch> result;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t end = std::min(i * stride + crop, size);
    result.push_back({std::max<std::int64_t>(end - crop, 0), end});
  }
  return result;
}

/// The mean of the logits that windows have at each pixel: [N, H, W] at the input's size.
torch::Tensor slide(SemanticKNet& net, const torch::Tensor& pixels,
                    const SemanticTestOptions& options) {
  const std::int64_t height = pixels.size(2), width = pixels.size(3);
  auto sum = torch::zeros({net->options().classes, height, width}, torch::kFloat32);
  auto count = torch::zeros({height, width}, torch::kFloat32);
  for (const Stretch& y : windows(height, options.crop[0], options.stride[0]))
    for (const Stretch& x : windows(width, options.crop[1], options.stride[1])) {
      const auto part = pixels.slice(2, y.begin, y.end).slice(3, x.begin, x.end);
      const auto logits = resize_bilinear(net(part), part.sizes().slice(2));
      sum.slice(1, y.begin, y.end).slice(2, x.begin, x.end).add_(logits[0].to(sum.device()));
      count.slice(0, y.begin, y.end).slice(1, x.begin, x.end).add_(1);
    }
  return sum.div_(count);
}

}  // namespace

void read_fields(ConfigReader& reader, SemanticTestOptions& options) {
  using Mode = SemanticTestOptions::Mode;
  reader.read("mode", options.mode, {{"whole", Mode::kWhole}, {"slide", Mode::kSlide}});
  reader.read("scale", options.scale);
  reader.read("ratios", options.ratios);
  reader.read("flip", options.flip);
  reader.read("crop", options.crop);
  reader.read("stride", options.stride);
  reader.read("mean", options.normalize.mean);
  reader.read("std", options.normalize.std);
  if (options.ratios.empty()) reader.refuse("ratios", "expected one ratio at least, such as [1]");
  for (const double ratio : options.ratios)
    if (ratio <= 0) reader.refuse("ratios", "a ratio must be more than 0");
  if (!options.scale && options.ratios != std::vector<double>{1})
    reader.refuse("ratios", "ratios are of 'scale', which is null");
  for (int side = 0; side < 2; ++side)
    if (options.stride[side] < 1 || options.stride[side] > options.crop[side])
      reader.refuse("stride",
                    "must be 1 at least and not more than 'crop', or pixels are left out");
}

void check_semantic_classes(const SemanticKNetOptions& options,
                            const std::vector<ClassInfo>& classes) {
  if (static_cast<std::size_t>(options.classes) != classes.size())
    fail(
        "the model has {} classes, but the class list has {}; set model.classes, or 'classes' to "
        "the list that the model was trained on",
        options.classes, classes.size());
}

SemanticView view_picture(SemanticKNet& net, const Image& picture,
                          const SemanticTestOptions& options, double ratio, bool mirrored) {
  const auto scale = options.scale ? std::optional(scaled_by(*options.scale, ratio)) : std::nullopt;
  const NetworkInput input(picture, scale, 1, options.normalize);
  auto pixels = input.on_device_of(*net);
  if (mirrored) pixels = pixels.flip(3);
  const bool whole = options.mode == SemanticTestOptions::Mode::kWhole;
  return {whole ? net(pixels)[0] : slide(net, pixels, options), input.geometry, mirrored};
}

SemanticPredictor::SemanticPredictor(SemanticKNet net, SemanticTestOptions test,
                                     const std::vector<ClassInfo>& classes, int threads)
    : net_(std::move(net)), test_(std::move(test)), threads_(threads) {
  check_semantic_classes(net_->options(), classes);
  net_->eval();
}

Prediction SemanticPredictor::predict(const Image& picture) {
  const torch::InferenceMode inference;
  std::vector<SemanticView> views;
  for (const double ratio : test_.ratios) {
    views.push_back(view_picture(net_, picture, test_, ratio, false));
    if (test_.flip) views.push_back(view_picture(net_, picture, test_, ratio, true));
  }
  Prediction prediction;
  prediction.semantic = SemanticScores(views).labels(threads_);
  return prediction;
}

}  // namespace tessera
