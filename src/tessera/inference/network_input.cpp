#include "tessera/inference/network_input.h"

#include <torch/torch.h>

#include "tessera/core/error.h"
#include "tessera/data/transforms/geometry.h"

namespace tessera {

NetworkInput::NetworkInput(const Image& picture, const std::optional<Scale>& scale, int divisor,
                           const NormalizeOptions& normalize) {
  const Size resized = scale ? rescaled_size(picture.size(), *scale) : picture.size();
  geometry = {picture.size(), resized, padded_size(resized, divisor)};
  pixels = torch::empty({1, 3, geometry.padded.height, geometry.padded.width});
  normalize_into(resized == picture.size()
                     ? picture
                     : resize_image(picture, resized, Interpolation::kBilinear),
                 normalize, geometry.padded, pixels.data_ptr<float>());
}

torch::Tensor NetworkInput::on_device_of(const torch::nn::Module& net) const {
  const auto parameter = net.parameters().front();
  return pixels.to(parameter.device(), parameter.scalar_type());
}

torch::Tensor finite_scores(const torch::Tensor& scores) {
  const auto values = scores.to(torch::kCPU, torch::kFloat32);
  if (!values.isfinite().all().item<bool>())
    fail("the network computes scores that are not finite; check the checkpoint's weights");
  return values;
}

void check_classes(const KNetOptions& options, const ClassOrder& classes) {
  const KernelHeadOptions& sizes = options.head;
  if (classes.things != sizes.thing_classes ||
      (sizes.stuff_classes > 0 && classes.stuff != sizes.stuff_classes))
    fail(
        "the model has {} thing and {} stuff classes, but the class list has {} and {}; set "
        "'classes' to the list that the model was trained on",
        sizes.thing_classes, sizes.stuff_classes, classes.things, classes.stuff);
}

}  // namespace tessera
