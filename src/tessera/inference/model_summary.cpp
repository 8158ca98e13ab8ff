#include "tessera/inference/model_summary.h"

#include <torch/torch.h>

#include <type_traits>

#include "tessera/core/error.h"
#include "tessera/inference/network_input.h"
#include "tessera/inference/semantic_predictor.h"
#include "tessera/inference/video_predictor.h"
#include "tessera/models/knet/knet_config.h"
#include "tessera/models/knet/semantic_knet_config.h"
#include "tessera/models/video_knet/video_knet.h"
#include "tessera/models/video_knet/video_knet_config.h"

namespace tessera {
namespace {

/// `forward` is given the network's input.
template <class Net, class Forward>
ModelSummary summarize(Net net, const NetworkInput& input, const Forward& forward) {
  const torch::InferenceMode inference;
  net->eval();
  return {input.geometry.padded, count_work(*net, [&] { forward(net, input.pixels); })};
}

}  // namespace

ModelSummary summarize_model(const Config& config, Size size) {
  const auto type = config.section_text("model", "type");
  const Image picture(size, 3);
  if (type == "knet")
    return summarize(KNet(config.section<KNetOptions>("model")),
                     NetworkInput(picture, config.section<TestOptions>("test")),
                     [](KNet& net, const torch::Tensor& pixels) { net(pixels); });
  if (type == "semantic_knet") {
    const auto test = config.section<SemanticTestOptions>("test");
    return summarize(SemanticKNet(config.section<SemanticKNetOptions>("model")),
                     NetworkInput(picture, test.scale, 1, test.normalize),
                     [](SemanticKNet& net, const torch::Tensor& pixels) { net(pixels); });
  }
  if (type == "video_knet") {
    VideoKNetOptions options = config.section<VideoKNetOptions>("model");
    const auto previous = torch::zeros(
        {1, options.head.proposals + options.head.stuff_classes, options.head.channels});
    return summarize(VideoKNet(options),
                     NetworkInput(picture, config.section<VideoTestOptions>("test")),
                     [&](VideoKNet& net, const torch::Tensor& pixels) {
                       const KNetOutput output = net->forward(pixels, previous);
                       net->embed(output.track_kernels[0].slice(0, 0, options.head.proposals));
                     });
  }
  fail("model.type is '{}'; expected knet, semantic_knet or video_knet", type);
}

}  // namespace tessera
