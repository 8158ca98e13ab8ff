#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "runners.h"
#include "swin_case.h"
#include "tessera/core/error.h"
#include "tessera/inference/network_input.h"
#include "tessera/inference/semantic_predictor.h"
#include "tessera/models/knet/semantic_knet.h"
#include "tessera/nn/fill.h"
#include "tessera/nn/inference_form.h"
#include "tessera/nn/resize.h"
#include "tessera/nn/swin_checkpoint.h"
#include "tessera/nn/tensor_io.h"
#include "tessera/training/optimizer.h"
#include "torch_case.h"

namespace tessera::parity {
namespace {

BackboneOptions backbone_options(const Json& backbone) {
  BackboneOptions options;
  if (backbone.at("type") == "SwinTransformer") {
    options.type = BackboneOptions::Type::kSwin;
    options.swin = swin_options(backbone);
    return options;
  }
  options.resnet = {.depth = backbone.at("depth"),
                    .stem_channels = backbone.value("stem_channels", 0),
                    .base_channels = backbone.value("base_channels", 64),
                    .deep_stem = true,
                    .strides = backbone.at("strides").get<std::array<std::int64_t, 4>>(),
                    .dilations = backbone.at("dilations").get<std::array<std::int64_t, 4>>(),
                    .contract_dilation = backbone.at("contract_dilation"),
                    .norm_eval = backbone.at("norm_eval")};
  return options;
}

DecodeHeadOptions head_options(const Json& head) {
  using Type = DecodeHeadOptions::Type;
  static const std::map<std::string, Type> kTypes = {
      {"FCNHead", Type::kFcn},   {"FCNKernelHead", Type::kFcn},
      {"PSPHead", Type::kPsp},   {"PSPKernelHead", Type::kPsp},
      {"ASPPHead", Type::kAspp}, {"ASPPKernelHead", Type::kAspp},
      {"UPerHead", Type::kUper}, {"UPerKernelHead", Type::kUper}};
  DecodeHeadOptions options = {.type = kTypes.at(head.at("type")),
                               .channels = head.at("channels"),
                               .dropout = head.at("dropout_ratio")};
  if (head.at("in_index").is_number()) options.level = head.at("in_index");
  options.convs = head.value("num_convs", options.convs);
  options.concat_input = head.value("concat_input", options.concat_input);
  options.pool_scales = head.value("pool_scales", options.pool_scales);
  options.dilations = head.value("dilations", options.dilations);
  return options;
}

SemanticKNetOptions model_options(const Case& c) {
  const Json& settings = c.data.at("settings");
  const Json& head = settings.at("decode_head");
  const Json& auxiliary = settings.at("auxiliary_head");
  SemanticKNetOptions options = {.backbone = backbone_options(settings.at("backbone")),
                                 .classes = c.data.at("num_classes"),
                                 .stages = head.value("num_stages", 0),
                                 .auxiliary = head_options(auxiliary),
                                 .auxiliary_weight = auxiliary.at("loss_decode").at("loss_weight")};
  options.head = head_options(options.stages > 0 ? head.at("kernel_generate_head") : head);
  if (options.stages > 0) {
    const Json& update = head.at("kernel_update_head").at(0);
    options.update.updator_channels = update.at("kernel_updator_cfg").at("in_channels");
    options.update.attention_heads = update.at("num_heads");
    options.update.feedforward_channels = update.at("feedforward_channels");
  }
  return options;
}

torch::Tensor signal_input(const Case& c) {
  const Json& input = c.data.at("input");
  return signal(input.at("name"), input.at("shape").get<std::vector<std::int64_t>>(),
                input.at("scale"));
}

torch::Tensor rows_of(const torch::Tensor& updated, std::int64_t channels) {
  return updated.reshape({-1, channels});
}

void run_inference(const Case& c, Report& report) {
  const torch::NoGradGuard no_grad;
  const SemanticKNetOptions options = model_options(c);
  SemanticKNet net(options);
  fill_case_module(c, *net);
  net->eval();
  const auto images = signal_input(c);
  SemanticKNetTrace trace;
  const auto head_logits = net(images, &trace);
  for (std::size_t i = 0; i < trace.maps.size(); ++i)
    compare_if_stored(report, fmt::format("backbone.{}", i), trace.maps[i]);
  if (trace.stages) {
    compare_if_stored(report, "feats", trace.stages->features);
    compare_if_stored(report, "stage0.mask", trace.stages->logits);
    compare_if_stored(report, "stage0.kernels", trace.stages->kernels);
    for (std::size_t s = 0; s < trace.stages->stages.size(); ++s) {
      const SemanticStageOutput& stage = trace.stages->stages[s];
      const std::string name = fmt::format("stage{}.", s + 1);
      compare_if_stored(report, name + "feat_transform", stage.features);
      compare_if_stored(report, name + "updator",
                        rows_of(stage.updated, options.update.updator_channels));
      compare_if_stored(report, name + "kernels", stage.kernels);
      compare_if_stored(report, name + "mask", stage.logits);
    }
  }
  compare_if_stored(report, "head.logits", head_logits);
  compare_if_stored(report, "aux.logits", net->auxiliary_logits(trace.maps));
  const auto size = images.sizes().slice(2);
  const auto logits = resize_bilinear(head_logits, size);
  compare_if_stored(report, "logits", logits);
  compare_if_stored(report, "pred", logits.argmax(1).to(torch::kUInt8));
  move_module(*net, torch::kCPU, torch::kFloat64);
  compare_if_stored(report, "f64.logits", resize_bilinear(net(images.to(torch::kFloat64)), size));
}

OptimizerOptions optimizer_options(const Case& c) {
  const Json& given = c.data.at("optimizer");
  OptimizerOptions options = {.lr = given.at("lr"),
                              .weight_decay = given.at("weight_decay"),
                              .max_norm = c.data.at("grad_clip").at("grad_clip").at("max_norm")};
  if (given.contains("paramwise_cfg"))
    for (const auto& [pattern, factors] : given.at("paramwise_cfg").at("custom_keys").items())
      options.rules.push_back(
          {pattern, factors.value("lr_mult", 1.0), factors.value("decay_mult", 1.0)});
  return options;
}

/// Whether as many parameters are spared from decay as in the official optimiser's groups: without
/// gradients, a step does nothing but decay.
void check_decays(const Case& c, Report& report) {
  SemanticKNet net(model_options(c));
  OptimizerOptions options = optimizer_options(c);
  options.weight_decay = 0.5;
  Optimizer optimizer(*net, options);
  {
    const torch::NoGradGuard no_grad;
    for (auto& parameter : net->parameters()) {
      parameter.fill_(1);
      parameter.mutable_grad() = torch::zeros_like(parameter);
    }
  }
  optimizer.step([](double) { return 1.0; });
  std::size_t spared = 0, expected = 0;
  for (const auto& parameter : net->parameters())
    spared += parameter.flatten()[0].item<float>() == 1 ? 1 : 0;
  for (const Json& group : c.data.at("param_groups"))
    if (group.at("weight_decay") == 0.0) expected += group.at("parameters").get<std::size_t>();
  report.check("param_groups", spared == expected,
               fmt::format("{} parameters have no decay, expected {}", spared, expected));
}

void compare_gradients(Report& report, const std::string& type, const torch::nn::Module& net) {
  for (const auto& item : net.named_parameters()) {
    const auto& gradient = item.value().grad();
    if (!gradient.defined()) continue;
    compare_if_stored(report, type + "grad_norm." + item.key(), gradient.norm().view({1}));
    compare_if_stored(report, type + "grad." + item.key(), gradient);
  }
}

void compare_state(Report& report, const std::string& type, const torch::nn::Module& net) {
  for (const auto& item : net.named_parameters())
    compare_if_stored(report, type + "param_after_step0." + item.key(), item.value());
  for (const auto& item : net.named_buffers())
    compare_if_stored(report, type + "buffer_after_step0." + item.key(), item.value());
}

/// Some steps on one batch; `type` goes before the names of what is compared.
void train(const Case& c, Report& report, torch::ScalarType scalar, const std::string& type) {
  SemanticKNet net(model_options(c));
  fill_case_module(c, *net);
  move_module(*net, torch::kCPU, scalar);
  net->train();
  Optimizer optimizer(*net, optimizer_options(c));
  const auto images = signal_input(c).to(scalar);
  const auto labels = to_torch_tensor(report.stored("gt"), torch::kInt64);
  for (int step = 0; step < c.data.at("nsteps").get<int>(); ++step) {
    const std::string name = fmt::format("{}step{}.", type, step);
    const LossTerms terms = net->losses(images, labels);
    for (const auto& [term, value] : terms) compare_if_stored(report, name + term, value.view({1}));
    const auto total = total_loss(terms);
    compare_if_stored(report, name + "loss", total.view({1}));
    optimizer.clear_gradients();
    total.backward();
    // In float32 rounding flips rectifiers, so that gradients are compared where float64 is stored.
    if (step == 0 && scalar == torch::kFloat64) compare_gradients(report, type, *net);
    compare_if_stored(report, name + "total_grad_norm",
                      torch::tensor({optimizer.clip()}, torch::kFloat64));
    optimizer.step([](double rate) { return rate; });
    if (step == 0) compare_state(report, type, *net);
  }
}

void run_training(const Case& c, Report& report) {
  check_decays(c, report);
  train(c, report, torch::kFloat32, "");
  train(c, report, torch::kFloat64, "f64.");
}

/// The stored picture is blue first.
Image stored_image(const Report& report) {
  const Values& values = report.stored("image");
  Image image({static_cast<int>(values.shape[1]), static_cast<int>(values.shape[0])}, 3);
  for (std::size_t i = 0; i < values.data.size(); ++i)
    image.values()[i] = static_cast<std::uint8_t>(values.data[i / 3 * 3 + 2 - i % 3]);
  return image;
}

/// Mean probabilities at the picture's size: [1, N, H, W].
torch::Tensor dense_probabilities(const std::vector<SemanticView>& views) {
  constexpr std::int64_t kTile = ScaledMasks::kTile;
  const SemanticScores scores(views);
  const Size size = views.front().geometry.original;
  auto dense = torch::empty({1, scores.classes(), size.height, size.width});
  auto values = torch::empty({scores.classes(), kTile, kTile});
  for (int t = 0; t < scores.tile_count(); ++t) {
    const auto tile = scores.tile(t);
    scores.probabilities(tile, values.data_ptr<float>());
    dense[0]
        .slice(1, tile.y, tile.y + tile.height)
        .slice(2, tile.x, tile.x + tile.width)
        .copy_(values.slice(1, 0, tile.height).slice(2, 0, tile.width));
  }
  return dense;
}

torch::Tensor label_tensor(const std::vector<SemanticView>& views) {
  LabelMap labels = SemanticScores(views).labels(2);
  return torch::from_blob(labels.data(), {1, labels.height(), labels.width()}, torch::kUInt8)
      .clone();
}

void run_augmented(const Case& c, Report& report) {
  const torch::NoGradGuard no_grad;
  SemanticKNet net(model_options(c));
  fill_case_module(c, *net);
  net->eval();
  const Image image = stored_image(report);
  const Json& pipeline = c.data.at("test_pipeline");
  SemanticTestOptions options;
  options.scale = Scale{pipeline.at("img_scale").at(0), pipeline.at("img_scale").at(1)};
  options.ratios = pipeline.at("img_ratios").get<std::vector<double>>();
  options.normalize.mean = pipeline.at("normalize").at("mean").get<std::array<double, 3>>();
  options.normalize.std = pipeline.at("normalize").at("std").get<std::array<double, 3>>();
  options.crop = c.data.at("slide").at("crop_size").get<std::array<int, 2>>();
  options.stride = c.data.at("slide").at("stride").get<std::array<int, 2>>();
  const auto input = [&](double ratio) {
    return NetworkInput(image, scaled_by(*options.scale, ratio), 1, options.normalize).pixels;
  };
  compare_if_stored(report, "input.single", input(1));
  for (const auto& [name, mode] : {std::pair("whole.", SemanticTestOptions::Mode::kWhole),
                                   std::pair("slide.", SemanticTestOptions::Mode::kSlide)}) {
    options.mode = mode;
    const SemanticView single = view_picture(net, image, options, 1, false);
    const Size size = single.geometry.resized;
    compare_if_stored(report, std::string(name) + "logits_no_rescale",
                      resize_bilinear(single.logits.unsqueeze(0), {size.height, size.width}));
    compare_if_stored(report, std::string(name) + "prob", dense_probabilities({single}));
    compare_if_stored(report, std::string(name) + "pred", label_tensor({single}));
    std::vector<SemanticView> views;
    for (const double ratio : options.ratios)
      for (const bool mirrored : {false, true}) {
        const auto pixels = input(ratio);
        if (mode == SemanticTestOptions::Mode::kWhole)
          compare_if_stored(report, fmt::format("input.tta{}", views.size()),
                            mirrored ? pixels.flip(3) : pixels);
        views.push_back(view_picture(net, image, options, ratio, mirrored));
        compare_if_stored(report, fmt::format("{}tta{}.prob", name, views.size() - 1),
                          dense_probabilities({views.back()}));
      }
    compare_if_stored(report, std::string(name) + "tta.prob", dense_probabilities(views));
    compare_if_stored(report, std::string(name) + "tta.pred", label_tensor(views));
  }
}

/// Weights under the Swin repository's names, brought to mmseg's.
void run_swin_import(const Case& c, Report& report) {
  const torch::NoGradGuard no_grad;
  SwinOptions options = swin_options(c.data.at("settings"));
  Swin net(options);
  options.layout = SwinLayout::kOriginal;
  Swin original(options);
  Case with_keys = c;
  with_keys.data["keys"] = "keys_swin_t_repo.json";  // the manifest tells of it in prose
  compare_keys(with_keys, report, *original);
  fill_case_module(c, *original);
  const NamedTensors converted = from_original_swin(state_views(*original));
  for (const auto& [name, view] : converted) {
    compare_if_stored(report, "mmseg." + name, to_torch(view));
    if (const std::string head = "mmseg." + name + ".head"; report.has(head))
      report.compare(head, to_values(to_torch(view).slice(0, 0, report.stored(head).shape[0])));
  }
  const LoadReport loaded = load_what_fits(*net, converted);
  report.check("load", loaded.complete(), loaded.describe());
  net->eval();
  const auto maps = net(signal_input(c));
  for (std::size_t i = 0; i < maps.size(); ++i)
    compare_if_stored(report, fmt::format("out{}", i), maps[i]);
}

/// Files that PyTorch wrote: whole ones hold the filled weights, one is in half precision.
void run_checkpoints(const Case& c, Report& report) {
  const torch::NoGradGuard no_grad;
  const auto images = signal_input(c);
  SemanticKNet filled(model_options(c));
  fill_case_module(c, *filled);
  for (const Json& description : c.data.at("checkpoints")) {
    const std::string text = description;
    const std::string file = text.substr(0, text.find(':'));
    const bool half = file.find("half") != std::string::npos;
    SemanticKNet net(model_options(c));
    load_checkpoint(*net, c.folder / file);
    net->eval();
    if (!half) {
      const auto ours = named_state(*filled), theirs = named_state(*net);
      const bool equal = std::equal(
          ours.begin(), ours.end(), theirs.begin(), theirs.end(), [](const auto& a, const auto& b) {
            return a.first.ends_with("num_batches_tracked") || torch::equal(a.second, b.second);
          });
      report.check(file, equal, "holds other weights than the fill rule's");
    }
    const auto logits = resize_bilinear(net(images), images.sizes().slice(2));
    report.compare(half ? "half.logits" : "logits", to_values(logits));
    if (!half) compare_if_stored(report, "pred", logits.argmax(1).to(torch::kUInt8));
  }
}

}  // namespace

Runner find_knet_seg_runner(const Case& c) {
  static const std::map<std::string, Runner> kByType = {{"infer", run_inference},
                                                        {"train", run_training},
                                                        {"tta", run_augmented},
                                                        {"backbone_import", run_swin_import},
                                                        {"checkpoint", run_checkpoints}};
  const auto found = kByType.find(c.data.at("type"));
  if (found != kByType.end()) return found->second;
  const Runner data = find_knet_seg_data_runner(c);
  return data ? data : find_knet_seg_miou_runner(c);
}

}  // namespace tessera::parity
