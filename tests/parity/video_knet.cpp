#include <fmt/format.h>
#include <torch/torch.h>

#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "runners.h"
#include "tessera/checkpoint/checkpoint.h"
#include "tessera/core/error.h"
#include "tessera/data/class_list.h"
#include "tessera/data/step_png.h"
#include "tessera/inference/knet_postprocess.h"
#include "tessera/models/knet/kernel_updator.h"
#include "tessera/nn/fill.h"
#include "tessera/nn/inference_form.h"
#include "tessera/nn/resize.h"
#include "tessera/nn/tensor_io.h"
#include "tessera/training/lr_schedule.h"
#include "video_knet_case.h"

namespace tessera::parity {
namespace {

/// A few pixels at borders, where two claims are equal but for rounding, may change hands.
constexpr int kBorderPixels = 3;

KernelUpdate updator_kind(const std::string& type) {
  static const std::map<std::string, KernelUpdate> kKinds = {
      {"KernelUpdator", KernelUpdate::kOriginal},
      {"KernelUpdatorConcatenate", KernelUpdate::kConcatenate},
      {"KernelUpdatorSkip", KernelUpdate::kSkip},
      {"KernelUpdatorConcatenateSkip", KernelUpdate::kConcatenateSkip},
      {"KernelUpdatorMLP", KernelUpdate::kMlp}};
  return kKinds.at(type);
}

/// The keys of a small module, which stand in the manifest itself.
void compare_listed_keys(const Case& c, Report& report, const torch::nn::Module& module) {
  auto expected = c.data.at("keys").get<std::map<std::string, std::vector<std::int64_t>>>();
  bool same = true;
  for (const auto& [name, tensor] : named_state(module))
    same = same && expected.contains(name) && expected.at(name) == tensor.sizes().vec() &&
           expected.erase(name) == 1;
  report.check("keys", same && expected.empty(), "the names or shapes differ");
}

void compare_gradients(Report& report, const torch::nn::Module& module) {
  for (const auto& item : module.named_parameters())
    if (item.value().grad().defined())
      compare_if_stored(report, "gradnorm/" + item.key(), item.value().grad().norm().view({1}));
}

void run_updator(const Case& c, Report& report) {
  const Json& s = c.data.at("settings");
  KernelUpdator net(KernelUpdatorOptions{.channels = s.at("feat_channels"),
                                         .out_channels = s.at("out_channels"),
                                         .update = updator_kind(s.at("type")),
                                         .gate_norm_act = s.value("gate_norm_act", false),
                                         .activate_out = s.value("activate_out", false)});
  compare_listed_keys(c, report, *net);
  fill_video_knet(c, report, *net);
  const auto inputs = signals_in(c.data.at("input"));
  auto features = inputs[0].clone().set_requires_grad(true);
  auto kernels = inputs[1].clone().set_requires_grad(true);
  compare_if_stored(report, "update_feature", features);
  compare_if_stored(report, "input_feature", kernels);
  const auto output = net(features.flatten(0, 1), kernels.flatten(0, 1));
  report.compare("out", to_values(output));
  // The manifest says by which weights the outputs are summed up.
  static const std::regex kWeights(R"re(signal\("([^"]+)", out\.shape\))re");
  const std::string meaning = c.data.at("meaning");
  std::smatch weights;
  if (!std::regex_search(meaning, weights, kWeights)) fail("{}: no weights are named", c.name);
  (output * signal(weights[1].str(), output.sizes())).sum().backward();
  report.compare("grad/update_feature", to_values(features.grad()));
  report.compare("grad/input_feature", to_values(kernels.grad()));
  compare_gradients(report, *net);
}

void run_head(const Case& c, Report& report) {
  const torch::NoGradGuard no_grad;
  const Json& s = c.data.at("settings");
  KernelUpdateHeadOptions options = {.channels = s.at("in_channels"),
                                     .classes = s.at("num_classes"),
                                     .attention_heads = s.at("num_heads"),
                                     .feedforward_channels = s.at("feedforward_channels")};
  static const std::map<std::string, TrackLink> kLinks = {
      {"", TrackLink::kNone}, {"ffn", TrackLink::kAttention}, {"update", TrackLink::kUpdate}};
  static const std::map<std::string, KernelFusion> kFusions = {
      {"", KernelFusion::kNone},
      {"link_atten", KernelFusion::kAttention},
      {"update_dynamic_cov", KernelFusion::kUpdate}};
  options.track_link = kLinks.at(s.value("previous_type", ""));
  options.fusion = kFusions.at(s.value("previous_link", ""));
  KernelUpdateHead net(options);
  compare_listed_keys(c, report, *net);
  fill_video_knet(c, report, *net);
  const auto input = [&](const char* name) { return to_torch_tensor(report.stored(name)); };
  const KernelUpdateOutput out =
      net(input("x"), input("kernels"), input("mask_logits"),
          report.has("previous_kernels") ? input("previous_kernels") : torch::Tensor());
  report.compare("out/pooled_x_feat", to_values(out.pooled));
  report.compare("out/cls_score", to_values(out.class_logits));
  report.compare("out/mask_preds", to_values(out.mask_logits));
  const auto kernels_as_convolution = [](const torch::Tensor& kernels) {
    return to_values(kernels.unsqueeze(-1).unsqueeze(-1));
  };
  report.compare("out/object_feats", kernels_as_convolution(out.kernels));
  if (report.has("out/object_feats_track"))
    report.compare("out/object_feats_track", kernels_as_convolution(out.track_kernels));
}

torch::Tensor every(const torch::Tensor& x, std::int64_t dimension, std::int64_t step) {
  return x.slice(dimension, 0, torch::nullopt, step);
}

/// The cases of other updators store less than the table of steps says; their note says how much.
torch::Tensor thin_out(const Case& c, const std::string& name, const torch::Tensor& tensor) {
  if (c.name.find("updator") == std::string::npos) return tensor;
  const auto ends = [&](const char* end) { return name.ends_with(end); };
  const bool last = name.starts_with("stage2");
  if (ends("x_feat_pooled")) return every(tensor, 2, 4);
  if (ends("mask_preds")) return every(tensor, 1, 2);
  if (ends("object_feats")) return last ? every(tensor, 2, 4) : every(tensor, 1, 4);
  if (ends("track_embed")) return every(tensor, 1, 4);
  if (ends("track/embed")) return every(tensor, 1, 4);
  return tensor;
}

/// An image model, or a video model on the first frame of a video.
void run_single(const Case& c, Report& report) {
  const torch::NoGradGuard no_grad;
  const bool video = c.name.find("citystep") == std::string::npos;
  VideoKNetOptions options = video_knet_options(c);
  if (!video) options.mask_upsampling = 2;
  VideoKNet net(options);
  fill_video_knet(c, report, *net);
  prepare_for_inference(*net, torch::kCPU, torch::kFloat32);
  const auto image = signals_in(c.data.at("input")).front();
  const auto features = net->backbone->forward(image);
  for (std::size_t i = 0; i < features.size(); ++i)
    compare_if_stored(report, fmt::format("backbone/c{}", i + 2), features[i]);
  const auto levels = net->neck(features);
  for (std::size_t i = 0; i < levels.size(); ++i)
    compare_if_stored(report, fmt::format("neck/p{}", i + 2), levels[i]);
  KernelHeadOutput head = net->rpn_head(levels);
  net->rpn_head->append_stuff(head);
  compare_if_stored(report, "rpn/loc_fpn_0", head.pyramid.localization);
  compare_if_stored(report, "rpn/loc_fpn_1", head.pyramid.semantic);
  compare_if_stored(report, "rpn/x_feats", head.features);
  compare_if_stored(report, "rpn/proposal_feats", head.kernels);
  compare_if_stored(report, "rpn/mask_preds", head.mask_logits);
  compare_if_stored(report, "rpn/seg_preds", head.class_logits);
  KernelUpdateOutput stage;
  stage.kernels = head.kernels;
  stage.mask_logits = head.mask_logits;
  for (std::size_t s = 0; s < net->mask_heads.size(); ++s) {
    stage = net->mask_heads[s](head.features, stage.kernels, stage.mask_logits);
    const std::string name = fmt::format("stage{}/", s);
    const auto compare = [&](const std::string& part, const torch::Tensor& tensor) {
      compare_if_stored(report, name + part, thin_out(c, name + part, tensor));
    };
    compare("x_feat_pooled", stage.pooled);
    compare("cls_score", stage.class_logits);
    compare("mask_preds", stage.mask_logits);
    compare("object_feats", stage.kernels);
  }
  compare_if_stored(report, "final/scaled_mask_preds",
                    upsample_bilinear(stage.mask_logits, options.mask_upsampling));
  const auto proposals = stage.kernels[0].slice(0, 0, options.head.proposals);
  if (report.has("track/embed")) {
    const auto embedded = net->fc_embed(net->embed_norm(net->embed_linear(proposals)).relu());
    report.compare("track/embed", to_values(thin_out(c, "track/embed", embedded.unsqueeze(0))));
    report.compare("track/track_embed",
                   to_values(thin_out(c, "track/track_embed", net->embed(proposals))));
  }
  const Values& map = report.stored("pano/panoptic_seg");
  const Size size = {static_cast<int>(map.shape[1]), static_cast<int>(map.shape[0])};
  const Geometry geometry = {
      size, size, {static_cast<int>(image.size(3)), static_cast<int>(image.size(2))}};
  const auto claims = panoptic_claims(stage.class_logits[0], options.head, ThingClaims::kBestPairs);
  const auto probabilities = mask_probabilities(stage.mask_logits[0], options.mask_upsampling);
  const MergedMap merged = merge_panoptic(scaled_masks(probabilities, geometry), claims,
                                          {.thing_score = video ? 0.25F : 0.3F}, 2);
  compare_merged(report, "pano/", merged, claims, static_cast<int>(options.head.thing_classes),
                 kBorderPixels);
}

void run_linked_pair(const Case& c, Report& report) {
  const torch::NoGradGuard no_grad;
  VideoKNet net(video_knet_options(c));
  compare_keys(c, report, *net);
  fill_video_knet(c, report, *net);
  prepare_for_inference(*net, torch::kCPU, torch::kFloat32);
  torch::Tensor previous;
  for (int frame = 0; frame < 2; ++frame) {
    const auto image = signal(fmt::format("video_knet/swinb/1/f{}", frame), {1, 3, 64, 96}, 2.0);
    const auto features = net->backbone->forward(image);
    for (std::size_t i = 0; frame == 0 && i < features.size(); ++i) {
      const std::int64_t step = i < 2 ? 2 : 1;
      report.compare(fmt::format("backbone/c{}", i + 2),
                     to_values(every(every(every(features[i], 1, 16), 2, step), 3, step)));
    }
    KernelHeadOutput head = net->rpn_head(net->neck(features));
    net->rpn_head->append_stuff(head);
    const std::string prefix = fmt::format("f{}/", frame);
    report.compare(prefix + "rpn_mask_preds", to_values(every(head.mask_logits, 1, 4)));
    KernelUpdateOutput stage;
    stage.kernels = head.kernels;
    stage.mask_logits = head.mask_logits;
    for (std::size_t s = 0; s < net->mask_heads.size(); ++s) {
      stage = net->mask_heads[s](head.features, stage.kernels, stage.mask_logits,
                                 s == 2 ? previous : torch::Tensor());
      report.compare(fmt::format("{}s{}_cls", prefix, s), to_values(stage.class_logits));
      report.compare(fmt::format("{}s{}_masks", prefix, s),
                     to_values(every(stage.mask_logits, 1, 4)));
    }
    report.compare(prefix + "object_feats", to_values(every(stage.kernels[0], 1, 4)));
    compare_if_stored(report, prefix + "object_feats_track", every(stage.track_kernels[0], 1, 4));
    report.compare(prefix + "track_embed",
                   to_values(every(net->embed(stage.track_kernels[0].slice(0, 0, 100)), 1, 4)));
    previous = stage.kernels;
  }
}

torch::Tensor zero_outside(torch::Tensor image, const Json& height_and_width) {
  image.slice(2, height_and_width.at(0).get<std::int64_t>()).zero_();
  image.slice(3, height_and_width.at(1).get<std::int64_t>()).zero_();
  return image;
}

MaskTargets stored_targets(const Report& report, const std::string& prefix,
                           const KNetOptions& options) {
  const auto stored = [&](const char* name, torch::ScalarType type) {
    return to_torch_tensor(report.stored(prefix + name), type);
  };
  const bool vipseg = options.head.thing_classes == 58;
  const auto classes = class_list(vipseg ? "vipseg" : "kitti-step");
  const auto numbers = vipseg ? stuff_first_numbers(classes) : dataset_numbers(classes);
  const ClassOrder order(classes);
  auto labels = torch::full({256}, 255, torch::kInt64);
  for (std::size_t i = 0; i < numbers.size(); ++i) labels[numbers[i]] = order.model_of_dataset[i];
  const auto file_labels = stored("semantic_u8", torch::kInt64);
  const auto semantic = labels.index_select(0, file_labels.flatten()).view_as(file_labels);
  return make_mask_targets(stored("masks_u8", torch::kUInt8), stored("labels", torch::kInt64),
                           semantic, options.head.thing_classes, semantic.sizes(),
                           options.mask_stride());
}

void compare_assignments(Report& report, const std::string& name, const Assignment& assignment) {
  compare_if_stored(report, "assign/" + name, assignment.objects + 1);
}

/// One clipped AdamW step as the official recipe has it; the first values of what it leaves.
void compare_step(Report& report, torch::nn::Module& net) {
  std::vector<torch::Tensor> all, head, backbone;
  for (const auto& item : net.named_parameters()) {
    if (!item.value().requires_grad()) continue;
    (item.key().starts_with("backbone") ? backbone : head).push_back(item.value());
    if (item.value().grad().defined()) all.push_back(item.value());
  }
  report.compare("gradnorm_total",
                 to_values(torch::tensor({torch::nn::utils::clip_grad_norm_(all, 1.0)})));
  const auto group = [](std::vector<torch::Tensor> parameters, double rate) {
    auto options = std::make_unique<torch::optim::AdamWOptions>(rate);
    options->weight_decay(0.05);
    return torch::optim::OptimizerParamGroup(std::move(parameters), std::move(options));
  };
  torch::optim::AdamW optimizer({group(head, 1e-4), group(backbone, 2.5e-5)},
                                torch::optim::AdamWOptions(1e-4));
  optimizer.step();
  constexpr std::int64_t kStored = 64;
  for (const auto& item : net.named_parameters())
    compare_if_stored(report, "after_step/" + item.key(),
                      item.value().flatten().slice(0, 0, kStored));
}

void compare_terms(Report& report, const LossTerms& terms) {
  for (const auto& [name, value] : terms)
    report.compare("loss/" + name, to_values(value.view({1})));
}

void run_pair_training(const Case& c, Report& report) {
  const VideoKNetOptions options = video_knet_options(c);
  VideoKNet net(options);
  fill_video_knet(c, report, *net);
  net->train();
  const auto images = signals_in(c.data.at("key_img"));
  FramePair pair = {
      stored_targets(report, "key/", options), stored_targets(report, "ref/", options), {}};
  const auto key_ids = to_torch_tensor(report.stored("key/instance_ids"), torch::kInt64);
  const auto reference_ids = to_torch_tensor(report.stored("ref/instance_ids"), torch::kInt64);
  pair.matches = match_objects(key_ids, reference_ids);
  VideoKNetTrace trace;
  const LossTerms terms =
      net->pair_losses(zero_outside(images[0], c.data.at("img_shape")),
                       zero_outside(images[1], c.data.at("img_shape")), {pair}, {}, &trace);
  compare_assignments(report, "rpn_key", trace.key.head.assignments[0]);
  compare_assignments(report, "rpn_ref", trace.reference.head.assignments[0]);
  for (std::size_t s = 0; s < 3; ++s) {
    compare_assignments(report, fmt::format("key_s{}", s), trace.key.stages[s].assignments[0]);
    compare_assignments(report, fmt::format("ref_s{}", s),
                        trace.reference.stages[s].assignments[0]);
  }
  compare_assignments(report, "track_key", trace.key_tracks[0]);
  compare_assignments(report, "track_ref", trace.reference_tracks[0]);
  compare_terms(report, terms);
  const auto total = total_loss(terms);
  report.compare("loss_total", to_values(total.view({1})));
  total.backward();
  compare_gradients(report, *net);
  std::vector<std::string> untouched;
  for (const auto& item : net->named_parameters())
    if (item.value().requires_grad() && !item.value().grad().defined())
      untouched.push_back(item.key());
  const auto expected = c.data.at("params_without_grad").get<std::vector<std::string>>();
  report.check(
      "params_without_grad",
      std::set(untouched.begin(), untouched.end()) == std::set(expected.begin(), expected.end()),
      fmt::format("{} parameters have no gradient, {} officially", untouched.size(),
                  expected.size()));
  compare_step(report, *net);
}

void run_image_training(const Case& c, Report& report) {
  KNetOptions options = video_knet_options(c);
  const KNetOptions image;
  options.mask_upsampling = image.mask_upsampling;
  options.stage_rank_loss = image.stage_rank_loss;
  options.pixel_loss = image.pixel_loss;
  options.track_link = TrackLink::kNone;
  KNet net(options);
  fill_video_knet(c, report, *net);
  net->train();
  auto images = signals_in(c.data.at("input")).front();
  std::vector<MaskTargets> targets;
  for (std::int64_t b = 0; b < images.size(0); ++b) {
    const std::string prefix = fmt::format("im{}/", b);
    const auto shape = report.stored(prefix + "img_shape").data;
    images[b].slice(1, static_cast<std::int64_t>(shape[0])).zero_();
    images[b].slice(2, static_cast<std::int64_t>(shape[1])).zero_();
    targets.push_back(stored_targets(report, prefix, options));
  }
  KNetTrace trace;
  const LossTerms terms = net->losses(images, targets, {}, &trace);
  for (std::size_t b = 0; b < targets.size(); ++b) {
    compare_assignments(report, fmt::format("rpn_im{}", b), trace.head.assignments[b]);
    for (std::size_t s = 0; s < trace.stages.size(); ++s)
      compare_assignments(report, fmt::format("s{}_im{}", s, b), trace.stages[s].assignments[b]);
  }
  compare_terms(report, terms);
  const auto total = total_loss(terms);
  report.compare("loss_total", to_values(total.view({1})));
  total.backward();
  compare_gradients(report, *net);
  compare_step(report, *net);
}

void run_track_losses(const Case& c, Report& report) {
  const Json& s = c.data.at("settings");
  TrackHead net(TrackHeadOptions{.channels = s.at("in_channels"),
                                 .hidden_channels = s.at("fc_out_channels"),
                                 .embedding_channels = s.at("embed_channels"),
                                 .layers = s.at("num_fcs")});
  compare_listed_keys(c, report, *net);
  fill_video_knet(c, report, *net);
  auto key_in = to_torch_tensor(report.stored("key_in")).set_requires_grad(true);
  auto reference_in = to_torch_tensor(report.stored("ref_in")).set_requires_grad(true);
  const auto key = net(key_in), reference = net(reference_in);
  report.compare("key_embed", to_values(key));
  report.compare("ref_embed", to_values(reference));
  const auto integers = [&](const char* name) {
    return to_torch_tensor(report.stored(name), torch::kInt64);
  };
  const TrackPairs pairs = pair_tracks(key, reference, integers("key_assigned_gt"),
                                       integers("ref_assigned_gt"), integers("gt_match_indices"));
  report.compare("dists", to_values(pairs.similarities));
  report.compare("cos_dists", to_values(pairs.cosines));
  report.compare("targets", to_values(pairs.same.to(torch::kInt64)));
  report.compare("weights", to_values(pairs.same.any(1).to(torch::kFloat32)));
  const LossTerms terms = track_losses(pairs);
  for (const auto& [name, value] : terms) report.compare(name, to_values(value.view({1})));
  total_loss(terms).backward();
  report.compare("grad_key", to_values(key_in.grad()));
  report.compare("grad_ref", to_values(reference_in.grad()));
  compare_gradients(report, *net);
}

void run_schedule(const Case& c, Report& report) {
  for (const auto& [name, s] : c.data.at("settings").items()) {
    LrScheduleOptions options;
    options.policy = LrScheduleOptions::Policy::kStep;
    options.steps = s.at("step").get<std::vector<std::int64_t>>();
    options.warmup_iterations = 1000;
    TrainingPosition position;
    position.iterations_per_epoch = s.at("iters_per_epoch");
    position.iterations = position.iterations_per_epoch * s.at("epochs").get<std::int64_t>();
    std::vector<double> rates;
    for (const double iteration : report.stored(name + "/iter").data) {
      position.iteration = static_cast<std::int64_t>(iteration);
      rates.push_back(learning_rate(options, s.at("base"), position));
    }
    report.compare(name + "/lr", to_values(torch::tensor(rates, torch::kFloat64)));
  }
}

/// Checkpoints of every age of PyTorch, with and without DataParallel's prefix, in half precision.
void run_checkpoints(const Case& c, Report& report) {
  for (const Json& file : c.data.at("files")) {
    auto checkpoint = open_checkpoint(c.folder / file.get<std::string>());
    strip_module_prefix(checkpoint.tensors);
    auto expected = c.data.at("keys").get<std::map<std::string, std::vector<std::int64_t>>>();
    for (const auto& [name, view] : checkpoint.tensors) {
      const auto tensor = to_torch(view);
      bool right = expected.contains(name) && expected.at(name) == tensor.sizes().vec();
      if (right && tensor.is_floating_point()) {
        const auto filled = torch::tensor(fill_values(name, expected.at(name))).view_as(tensor);
        right = torch::equal(tensor, filled.to(tensor.scalar_type()));
      }
      report.check(file.get<std::string>() + "/" + name, right, "not the fill rule's values");
      expected.erase(name);
    }
    report.check(file.get<std::string>(), expected.empty(), "tensors are missing");
  }
}

}  // namespace

Runner find_video_knet_runner(const Case& c) {
  const auto starts = [&](const char* prefix) { return c.name.starts_with(prefix); };
  if (starts("updator_")) return run_updator;
  if (starts("head_")) return run_head;
  if (starts("track_loss_")) return run_track_losses;
  if (c.name == "kitti_swinb_link_update") return run_linked_pair;
  if (c.name == "kitti_train" || c.name == "vipseg_train") return run_pair_training;
  if (c.name == "citystep_train") return run_image_training;
  if (c.name == "lr_schedule") return run_schedule;
  if (c.name == "tiny_pth") return run_checkpoints;
  if (c.name.find("_single") != std::string::npos) return run_single;
  return find_video_knet_tracking_runner(c);
}

}  // namespace tessera::parity
