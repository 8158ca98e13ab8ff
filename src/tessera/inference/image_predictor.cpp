#include "tessera/inference/image_predictor.h"

#include <torch/torch.h>

#include "tessera/core/error.h"
#include "tessera/data/loader/data_config.h"
#include "tessera/inference/knet_predictor.h"
#include "tessera/models/knet/knet_config.h"
#include "tessera/nn/compat.h"
#include "tessera/nn/tensor_io.h"

namespace tessera {

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
  if (type != "knet")
    fail("model.type is '{}', of which no images can be predicted; expected knet", type);
  set_compute_threads(compute.threads);
  KNet net(config.section<KNetOptions>("model"));
  load_checkpoint(*net, checkpoint);
  net->to(torch::Device(compute.device));
  if (compute.precision == "bf16") net->to(torch::kBFloat16);
  return std::make_unique<KNetPredictor>(net, config.section<TestOptions>("test"), classes,
                                         compute.threads);
}

}  // namespace tessera
