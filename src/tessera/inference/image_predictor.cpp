#include "tessera/inference/image_predictor.h"

#include <torch/torch.h>

#include "tessera/core/error.h"
#include "tessera/data/loader/data_config.h"
#include "tessera/inference/knet_predictor.h"
#include "tessera/inference/semantic_predictor.h"
#include "tessera/models/knet/knet_config.h"
#include "tessera/models/knet/semantic_knet_config.h"
#include "tessera/nn/backend.h"
#include "tessera/nn/compat.h"
#include "tessera/nn/fill.h"
#include "tessera/nn/inference_form.h"
#include "tessera/nn/tensor_io.h"

namespace tessera {
namespace {

template <class Net>
Net prepared(Net net, const WeightSource& weights, const ComputeOptions& compute) {
  prepare_model(*net, weights, compute);
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
  reader.read("score_weight", options.merge.score_weight, {.low = 0, .high = 1});
  reader.read("duplicate_overlap", options.merge.duplicate_overlap, {.low = 0, .high = 1});
  reader.read("weak_things_compete", options.merge.weak_things_compete);
  reader.read("official_ids", options.official_ids);
}

void prepare_model(torch::nn::Module& module, const WeightSource& weights,
                   const ComputeOptions& compute) {
  set_compute_threads(compute.threads);
  if (const auto* checkpoint = std::get_if<std::filesystem::path>(&weights))
    load_checkpoint(module, *checkpoint);
  else
    fill_module(module, std::to_string(std::get<SeededWeights>(weights).seed));
  const torch::Device device(compute.device);
  warn_of_slow_precision(compute.precision, device);
  prepare_for_inference(module, device,
                        compute.precision == "bf16" ? torch::kBFloat16 : torch::kFloat32);
}

std::unique_ptr<ImagePredictor> make_image_predictor(const Config& config,
                                                     const WeightSource& weights,
                                                     const std::vector<ClassInfo>& classes,
                                                     const ComputeOptions& compute) {
  const auto type = config.section_text("model", "type");
  if (type == "knet")
    return std::make_unique<KNetPredictor>(
        prepared(KNet(config.section<KNetOptions>("model")), weights, compute),
        config.section<TestOptions>("test"), classes, compute.threads);
  if (type == "semantic_knet")
    return std::make_unique<SemanticPredictor>(
        prepared(SemanticKNet(config.section<SemanticKNetOptions>("model")), weights, compute),
        config.section<SemanticTestOptions>("test"), classes, compute.threads);
  fail("model.type is '{}', of which no images can be predicted; expected knet or semantic_knet",
       type);
}

}  // namespace tessera
