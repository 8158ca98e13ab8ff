#include "tessera/inference/model_summary.h"

#include <torch/torch.h>

#include <type_traits>

#include "tessera/core/error.h"
#include "tessera/inference/network_input.h"
#include "tessera/inference/video_predictor.h"
#include "tessera/models/knet/knet_config.h"
#include "tessera/models/video_knet/video_knet.h"
#include "tessera/models/video_knet/video_knet_config.h"

namespace tessera {
namespace {

/// `forward` is given the network's input.
template <class Net, class Forward>
ModelSummary summarize(Net net, Size size, const TestOptions& test, const Forward& forward) {
  const torch::InferenceMode inference;
  net->eval();
  const NetworkInput input(Image(size, 3), test);
  return {input.geometry.padded, count_work(*net, [&] { forward(net, input.pixels); })};
}

}  // namespace

ModelSummary summarize_model(const Config& config, Size size) {
  const auto type = config.section_text("model", "type");
  if (type == "knet")
    return summarize(KNet(config.section<KNetOptions>("model")), size,
                     config.section<TestOptions>("test"),
                     [](KNet& net, const torch::Tensor& pixels) { net(pixels); });
  if (type == "video_knet") {
    VideoKNetOptions options = config.section<VideoKNetOptions>("model");
    const auto previous = torch::zeros(
        {1, options.head.proposals + options.head.stuff_classes, options.head.channels});
    return summarize(VideoKNet(options), size, config.section<VideoTestOptions>("test"),
                     [&](VideoKNet& net, const torch::Tensor& pixels) {
                       const KNetOutput output = net->forward(pixels, previous);
                       net->embed(output.track_kernels[0].slice(0, 0, options.head.proposals));
                     });
  }
  fail("model.type is '{}'; expected knet or video_knet", type);
}

}  // namespace tessera
