#include "tessera/inference/image_predictor.h"

#include <torch/torch.h>

#include "tessera/core/error.h"
#include "tessera/data/loader/data_config.h"
#include "tessera/inference/knet_predictor.h"
#include "tessera/inference/semantic_predictor.h"
#include "tessera/models/knet/knet_config.h"
#include "tessera/models/knet/semantic_knet_config.h"
#include "tessera/nn/compat.h"
#include "tessera/nn/tensor_io.h"

namespace tessera {
namespace {

template <class Net>
Net load_network(Net net, const std::filesystem::path& checkpoint, const ComputeOptions& compute) {
  load_checkpoint(*net, checkpoint);
  net->to(torch::Device(compute.device));
  if (compute.precision == "bf16") net->to(torch::kBFloat16);
  return net;
}

}  // namespace

void read_fields(ConfigReader& reader, TestOptions& options) {
  reader.read("scale", options.scale);
  reader.read("divisor", options.divisor, {.low = 32});
  reader.read("mean", options.normalize.mean);
  reader.read("std", options.normalize.std);
  reader.read("max_instances", options.instances.most, {.low = 1});
  reader.read("mask_threshold", options.instances.mask_threshold, {.low = 0, .high = 1});
  reader.read("things", options.things,
              {{"best_class", ThingClaims::kBestClass}, {"best_pairs", ThingClaims::kBestPairs}});
  reader.read("thing_score", options.merge.thing_score, {.low = 0, .high = 1});
  reader.read("overlap", options.merge.overlap, {.low = 0, .high = 1});
  reader.read("official_ids", options.official_ids);
}

std::unique_ptr<ImagePredictor> make_image_predictor(const Config& config,
                                                     const std::filesystem::path& checkpoint,
                                                     const std::vector<ClassInfo>& classes,
                                                     const ComputeOptions& compute) {
  const auto type = config.section_text("model", "type");
  set_compute_threads(compute.threads);
  if (type == "knet")
    return std::make_unique<KNetPredictor>(
        load_network(KNet(config.section<KNetOptions>("model")), checkpoint, compute),
        config.section<TestOptions>("test"), classes, compute.threads);
  if (type == "semantic_knet")
    return std::make_unique<SemanticPredictor>(
        load_network(SemanticKNet(config.section<SemanticKNetOptions>("model")), checkpoint,
                     compute),
        config.section<SemanticTestOptions>("test"), classes, compute.threads);
  fail("model.type is '{}', of which no images can be predicted; expected knet or semantic_knet",
       type);
}

}  // namespace tessera
