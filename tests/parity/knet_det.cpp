#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "runners.h"
#include "swin_case.h"
#include "tessera/checkpoint/checkpoint.h"
#include "tessera/core/error.h"
#include "tessera/inference/knet_postprocess.h"
#include "tessera/models/knet/kernel_updator.h"
#include "tessera/models/knet/knet.h"
#include "tessera/models/knet/mask_matcher.h"
#include "tessera/nn/inference_form.h"
#include "tessera/nn/losses.h"
#include "tessera/nn/make_backbone.h"
#include "tessera/nn/resize.h"
#include "tessera/nn/swin_checkpoint.h"
#include "tessera/nn/tensor_io.h"
#include "torch_case.h"

namespace tessera::parity {
namespace {

ResNetOptions resnet_options(const Json& model) {
  ResNetOptions options = {.depth = model.at("depth"),
                           .frozen_stages = model.value("frozen_stages", -1),
                           .norm_eval = model.value("norm_eval", false)};
  if (model.contains("dcn") && !model.at("dcn").is_null())
    options.deformable = model.at("stage_with_dcn").get<std::array<bool, 4>>();
  return options;
}

BackboneOptions backbone_options(const Json& model) {
  BackboneOptions options;
  if (model.value("type", "") == "SwinTransformer") {
    options.type = BackboneOptions::Type::kSwin;
    options.swin = swin_options(model);
  } else {
    options.resnet = resnet_options(model);
  }
  return options;
}

KNetOptions knet_options(const Json& model) {
  static const std::map<std::string, int> kDepths = {{"resnet50", 50}, {"resnet101", 101}};
  KNetOptions options;
  options.backbone.resnet = {
      .depth = kDepths.at(model.at("backbone")), .frozen_stages = 1, .norm_eval = true};
  options.head.proposals = model.at("num_proposals");
  options.head.thing_classes = model.at("num_thing_classes");
  options.head.stuff_classes = model.at("num_stuff_classes");
  return options;
}

void compare_levels(Report& report, const std::string& prefix,
                    const std::vector<torch::Tensor>& levels) {
  for (std::size_t i = 0; i < levels.size(); ++i)
    compare_if_stored(report, fmt::format("{}{}", prefix, i + 2), levels[i]);
}

Size size_of(const Json& height_and_width) {
  return {height_and_width.at(1), height_and_width.at(0)};
}

torch::Tensor packed_bits(const std::vector<std::uint8_t>& bits) {
  auto packed = torch::zeros({static_cast<std::int64_t>((bits.size() + 7) / 8)}, torch::kUInt8);
  auto* bytes = packed.data_ptr<std::uint8_t>();
  for (std::size_t i = 0; i < bits.size(); ++i)
    if (bits[i] != 0) bytes[i / 8] |= static_cast<std::uint8_t>(0x80 >> i % 8);
  return packed;
}

/// The official result lists detections class by class, in descending score within one.
void compare_detections(Report& report, const std::vector<InstanceDetection>& detections) {
  std::vector<std::int64_t> labels, rows, labels_by_class, areas;
  std::vector<float> scores, scores_by_class;
  for (const auto& d : detections) {
    labels.push_back(d.label);
    rows.push_back(d.row);
    scores.push_back(d.score);
  }
  report.compare("result/0/topk_labels", to_values(torch::tensor(labels)));
  report.compare("result/0/topk_proposals", to_values(torch::tensor(rows)));
  report.compare("result/0/topk_scores", to_values(torch::tensor(scores)));
  auto by_class = detections;
  std::stable_sort(by_class.begin(), by_class.end(),
                   [](const auto& a, const auto& b) { return a.label < b.label; });
  std::vector<std::uint8_t> bits;
  for (const auto& d : by_class) {
    labels_by_class.push_back(d.label);
    scores_by_class.push_back(d.score);
    areas.push_back(static_cast<std::int64_t>(rle_area(d.mask)));
    const auto mask = rle_decode(d.mask);
    bits.insert(bits.end(), mask.values().begin(), mask.values().end());
  }
  report.compare("result/0/labels_by_class", to_values(torch::tensor(labels_by_class)));
  report.compare("result/0/scores_by_class", to_values(torch::tensor(scores_by_class)));
  // Pixels within rounding of the threshold may fall on either side.
  const Values& wanted = report.stored("result/0/mask_areas_by_class");
  std::int64_t off = 0, total = 0;
  for (std::size_t i = 0; i < areas.size(); ++i) {
    off += std::abs(areas[i] - static_cast<std::int64_t>(wanted.data[i]));
    total += areas[i];
  }
  report.check("result/0/mask_areas_by_class", off * 1000 <= total,
               fmt::format("{} of {} pixels differ", off, total));
  report.compare("result/0/masks_by_class_packed", to_values(packed_bits(bits)));
}

void compare_map(Report& report, const MergedMap& map, int classes) {
  constexpr int kOffset = 1000;
  auto ids = torch::empty({map.segment.height(), map.segment.width()}, torch::kInt32);
  std::vector<std::int64_t> rows;
  std::transform(
      map.segment.values().begin(), map.segment.values().end(), ids.data_ptr<std::int32_t>(),
      [&](std::int32_t k) { return k < 0 ? classes : map.segments[k].claim.label + kOffset * k; });
  report.compare("result/0/panoptic", to_values(ids));
  std::map<std::int64_t, std::vector<std::int64_t>> by_id;
  for (std::size_t k = 0; k < map.segments.size(); ++k) {
    const auto& segment = map.segments[k];
    const std::int64_t id = segment.claim.label + kOffset * static_cast<std::int64_t>(k);
    by_id[id] = {id, segment.claim.label, segment.claim.thing, segment.area};
  }
  for (const auto& [id, row] : by_id) rows.insert(rows.end(), row.begin(), row.end());
  report.compare("result/0/segments", to_values(torch::tensor(rows).view({-1, 4})));
}

void compare_results(const Case& c, Report& report, const KernelUpdateOutput& last,
                     const KernelHeadOptions& sizes) {
  compare_if_stored(report, "final/scores", last.class_logits.sigmoid());
  compare_if_stored(report, "final/scaled_mask_preds", upsample_bilinear(last.mask_logits, 2));
  const Geometry geometry = {.original = size_of(c.data.at("ori_shape").at(0)),
                             .resized = size_of(c.data.at("img_shape").at(0)),
                             .padded = size_of(c.data.at("batch_input_shape"))};
  const auto probabilities = mask_probabilities(last.mask_logits[0], 2);
  const ScaledMasks masks = scaled_masks(probabilities, geometry);
  std::vector<torch::Tensor> full;
  for (int row = 0; row < masks.rows(); ++row)
    full.push_back(
        torch::tensor(masks.dense(row)).view({geometry.original.height, geometry.original.width}));
  report.compare("final/rescaled_prob/0", to_values(torch::stack(full)));
  const Json& model = c.data.at("model");
  if (sizes.stuff_classes == 0) {
    const InstanceOptions options = {.most = model.at("max_per_img"),
                                     .mask_threshold = model.at("mask_thr")};
    compare_detections(report, detect_instances(masks, last.class_logits[0], options, 2));
    return;
  }
  const auto claims = panoptic_claims(last.class_logits[0], sizes);
  const PanopticMergeOptions options = {.thing_score = model.at("instance_score_thr"),
                                        .overlap = model.at("overlap_thr")};
  std::vector<float> thing_scores, stuff_scores;
  std::vector<std::int64_t> thing_labels;
  for (const MaskClaim& claim : claims) {
    (claim.thing ? thing_scores : stuff_scores).push_back(claim.score);
    if (claim.thing) thing_labels.push_back(claim.label);
  }
  report.compare("result/0/thing_scores", to_values(torch::tensor(thing_scores)));
  report.compare("result/0/thing_labels", to_values(torch::tensor(thing_labels)));
  report.compare("result/0/stuff_scores", to_values(torch::tensor(stuff_scores)));
  compare_map(report, merge_panoptic(masks, claims, options, 2),
              static_cast<int>(sizes.thing_classes + sizes.stuff_classes));
}

void run_inference(const Case& c, Report& report) {
  const torch::NoGradGuard no_grad;
  KNet net(knet_options(c.data.at("model")));
  compare_keys(c, report, *net);
  fill_case_module(c, *net);
  prepare_for_inference(*net, torch::kCPU, torch::kFloat32);
  const auto features = net->backbone->forward(case_input(c, report, "img"));
  compare_levels(report, "backbone/c", features);
  const auto levels = net->neck(features);
  compare_levels(report, "neck/p", levels);
  KernelHeadOutput head = net->rpn_head(levels);
  net->rpn_head->append_stuff(head);
  compare_if_stored(report, "semantic_fpn/out0", head.pyramid.localization);
  compare_if_stored(report, "semantic_fpn/out1", head.pyramid.semantic);
  compare_if_stored(report, "kernel_head/loc_feats", head.localization);
  compare_if_stored(report, "kernel_head/seg_feats", head.semantic);
  compare_if_stored(report, "kernel_head/x_feats", head.features);
  compare_if_stored(report, "kernel_head/seg_preds", head.class_logits);
  compare_if_stored(report, "kernel_head/mask_preds", head.mask_logits);
  compare_if_stored(report, "kernel_head/proposal_feats", head.kernels);
  torch::Tensor kernels = head.kernels, masks = head.mask_logits;
  for (std::size_t s = 0; s < net->mask_heads.size(); ++s) {
    const KernelUpdateOutput stage = net->mask_heads[s](head.features, kernels, masks);
    const std::string name = fmt::format("stage{}/", s);
    compare_if_stored(report, name + "x", stage.features);
    compare_if_stored(report, name + "pooled", stage.pooled);
    compare_if_stored(report, name + "updated", stage.updated);
    compare_if_stored(report, name + "attended", stage.attended);
    compare_if_stored(report, name + "object_feats", stage.kernels);
    compare_if_stored(report, name + "mask_kernels", stage.mask_kernels);
    compare_if_stored(report, name + "mask_preds", stage.mask_logits);
    compare_if_stored(report, name + "cls_score", stage.class_logits);
    kernels = stage.kernels;
    masks = stage.mask_logits;
    if (s + 1 == net->mask_heads.size()) compare_results(c, report, stage, net->options().head);
  }
}

void run_features(const Case& c, Report& report) {
  const torch::NoGradGuard no_grad;
  const auto wrapper = std::make_shared<torch::nn::Module>();
  const auto backbone =
      wrapper->register_module("backbone", make_backbone(backbone_options(c.data.at("model"))));
  const auto neck = wrapper->register_module("neck", Fpn(backbone->out_channels(), 256));
  fill_case_module(c, *wrapper);
  if (c.data.contains("keys")) compare_keys(c, report, *wrapper);
  prepare_for_inference(*wrapper, torch::kCPU, torch::kFloat32);
  const auto features = backbone->forward(case_input(c, report, "img"));
  compare_levels(report, "backbone/c", features);
  compare_levels(report, "neck/p", neck->forward(features));
}

/// A checkpoint of the original Swin release, brought to the other layout.
void run_original_swin(const Case& c, Report& report) {
  const torch::NoGradGuard no_grad;
  const auto released = open_checkpoint(c.folder / c.data.at("files").at(0).get<std::string>());
  const NamedTensors converted = from_original_swin(released.tensors);
  for (const auto& [name, view] : converted)
    compare_if_stored(report, "converted/" + name, to_torch(view));
  Swin net(swin_options(c.data.at("model")));
  fill_case_module(c, *net);
  const LoadReport loaded = load_what_fits(*net, converted);
  const bool only_norms_missing =
      std::all_of(loaded.missing.begin(), loaded.missing.end(),
                  [](const std::string& name) { return name.starts_with("norm"); });
  report.check("load", only_norms_missing && loaded.unused.empty() && loaded.mismatched.empty(),
               loaded.describe());
  net->eval();
  const auto features = net(case_input(c, report, "img"));
  for (std::size_t i = 0; i < features.size(); ++i)
    compare_if_stored(report, fmt::format("features/{}", i), features[i]);
}

void run_kernel_updator(const Case& c, Report& report) {
  const Json& s = c.data.at("settings");
  KernelUpdator net(KernelUpdatorOptions{.channels = s.at("feat_channels"),
                                         .out_channels = s.at("out_channels"),
                                         .gate_sigmoid = s.at("gate_sigmoid"),
                                         .gate_norm_act = s.at("gate_norm_act"),
                                         .activate_out = s.at("activate_out")});
  fill_case_module(c, *net);
  auto features = case_input(c, report, "update_feature").set_requires_grad(true);
  auto kernels = case_input(c, report, "input_feature").set_requires_grad(true);
  const auto output = net(features.flatten(0, 1), kernels.flatten(0, 1));
  compare_if_stored(report, "output", output);
  (output * case_input(c, report, "w")).sum().backward();
  compare_if_stored(report, "grad/update_feature", features.grad());
  compare_if_stored(report, "grad/input_feature", kernels.grad());
  for (const auto& item : net->named_parameters())
    compare_if_stored(report, "grad/" + item.key(), item.value().grad());
}

void compare_assignment(Report& report, const std::string& prefix, const Assignment& assignment) {
  compare_if_stored(report, prefix + "gt_inds", assignment.objects + 1);
  compare_if_stored(report, prefix + "labels", assignment.labels);
}

void run_matcher(const Case& c, Report& report) {
  const Json& s = c.data.at("settings");
  const MaskMatcherOptions options = {.class_weight = s.at("cls_cost").at("weight"),
                                      .mask_weight = s.at("mask_cost").at("weight"),
                                      .dice_weight = s.at("dice_cost").at("weight"),
                                      .dice_epsilon = s.at("dice_cost").at("eps"),
                                      .rounds = s.at("topk")};
  const auto masks = case_input(c, report, "mask_preds");
  const auto logits =
      s.at("with_class_cost").get<bool>() ? case_input(c, report, "cls_logits") : torch::Tensor();
  const auto targets = to_torch_tensor(report.stored("gt_masks"));
  const auto labels = to_torch_tensor(report.stored("gt_labels"), torch::kInt64);
  const Assignment assignment = match_masks(masks, logits, targets, labels, options);
  if (report.has("cost/total")) {
    const MatchCosts costs =
        match_costs(masks, case_input(c, report, "cls_logits"), targets, labels, options);
    compare_if_stored(report, "cost/cls", costs.classes);
    compare_if_stored(report, "cost/mask", costs.mask);
    compare_if_stored(report, "cost/dice", costs.dice);
    const auto used = match_costs(masks, logits, targets, labels, options).total();
    compare_if_stored(report, "cost/total", used);
    if (options.rounds == 1) {
      compare_if_stored(report, "matched_rows", assignment.positives);
      const auto columns = assignment.objects.index_select(0, assignment.positives);
      compare_if_stored(report, "matched_cols", columns);
      compare_if_stored(report, "optimum",
                        used.index({assignment.positives, columns}).sum().view({1}));
    }
  }
  compare_assignment(report, "", assignment);
}

void compare_loss(Report& report, const std::string& name, const torch::Tensor& loss,
                  torch::Tensor& input) {
  input.mutable_grad() = torch::Tensor();
  loss.backward();
  compare_if_stored(report, name + "/loss", loss.view({1}));
  compare_if_stored(report, name + "/grad", input.grad());
}

void run_losses(const Case& c, Report& report) {
  auto classes = case_input(c, report, "cls").set_requires_grad(true);
  auto masks = case_input(c, report, "mask").set_requires_grad(true);
  const auto targets = to_torch_tensor(report.stored("mask/targets"));
  compare_loss(
      report, "focal",
      2 * sigmoid_focal_loss(classes, to_torch_tensor(report.stored("focal/labels"), torch::kInt64),
                             to_torch_tensor(report.stored("focal/weights")), torch::tensor(3.0F)),
      classes);
  compare_loss(report, "bce", mask_loss(masks, targets), masks);
  compare_loss(report, "dice", 4 * dice_loss(masks, targets), masks);
  const auto ranks = to_torch_tensor(report.stored("rank/targets"), torch::kInt64);
  compare_loss(report, "rank", 0.1 * pixel_cross_entropy(masks.unsqueeze(0), ranks, 255), masks);
}

std::vector<MaskTargets> stored_targets(const Case& c, const Report& report,
                                        const KNetOptions& options) {
  const auto padded = c.data.at("batch_input_shape").get<std::vector<std::int64_t>>();
  std::vector<MaskTargets> targets;
  for (std::size_t b = 0; b < c.data.at("img_shape").size(); ++b) {
    const std::string prefix = fmt::format("gt/{}/", b);
    const auto semantic = options.panoptic()
                              ? to_torch_tensor(report.stored(prefix + "semantic"), torch::kInt64)
                              : torch::Tensor();
    targets.push_back(
        make_mask_targets(to_torch_tensor(report.stored(prefix + "masks")),
                          to_torch_tensor(report.stored(prefix + "labels"), torch::kInt64),
                          semantic, options.head.thing_classes, padded, options.mask_stride()));
  }
  return targets;
}

/// The sum of every row's soft mask target, rows without one included.
torch::Tensor target_sums(const StageTargets& targets) {
  auto sums = torch::zeros({targets.labels.size(0)});
  return sums.index_put_({targets.positives}, targets.masks.flatten(1).sum(1));
}

void compare_stage(Report& report, const std::string& name, const StageTargets& targets) {
  for (std::size_t b = 0; b < targets.assignments.size(); ++b)
    compare_assignment(report, fmt::format("assign/{}/{}/", name, b), targets.assignments[b]);
  compare_if_stored(report, fmt::format("train/{}/labels", name), targets.labels);
  compare_if_stored(report, fmt::format("train/{}/label_weights", name),
                    targets.label_weights.to(torch::kUInt8));
  compare_if_stored(report, fmt::format("train/{}/mask_target_sums", name), target_sums(targets));
}

/// One step of AdamW as the official recipe has it, after clipping the gradients' norm to 1.
void compare_step(Report& report, KNetImpl& net) {
  std::vector<torch::Tensor> trained;
  torch::optim::AdamWOptions head_rate(1e-4), backbone_rate(2.5e-5);
  head_rate.weight_decay(0.05);
  backbone_rate.weight_decay(0.05);
  std::vector<torch::Tensor> head, backbone;
  std::map<std::string, torch::Tensor> before;
  for (const auto& item : net.named_parameters()) {
    if (!item.value().requires_grad()) continue;
    (item.key().starts_with("backbone") ? backbone : head).push_back(item.value());
    trained.push_back(item.value());
    before[item.key()] = item.value().detach().clone();
  }
  const double norm = torch::nn::utils::clip_grad_norm_(trained, 1.0);
  report.compare("grad_norm_total", to_values(torch::tensor({norm}, torch::kFloat64)));
  torch::optim::AdamW optimizer(
      {torch::optim::OptimizerParamGroup(head,
                                         std::make_unique<torch::optim::AdamWOptions>(head_rate)),
       torch::optim::OptimizerParamGroup(
           backbone, std::make_unique<torch::optim::AdamWOptions>(backbone_rate))},
      head_rate);
  optimizer.step();
  for (const auto& item : net.named_parameters())
    if (const std::string name = "step_norm/" + item.key(); report.has(name))
      report.compare(name, to_values((item.value() - before.at(item.key())).norm().view({1})));
}

void run_training(const Case& c, Report& report) {
  const KNetOptions options = knet_options(c.data.at("model"));
  KNet net(options);
  compare_keys(c, report, *net);
  fill_case_module(c, *net);
  net->train();
  KNetTrace trace;
  const LossTerms terms =
      net->losses(case_input(c, report, "img"), stored_targets(c, report, options), {}, &trace);
  compare_stage(report, "rpn", trace.head);
  compare_if_stored(report, "train/rpn/seg_targets", trace.head_segmentation);
  compare_if_stored(report, "train/rpn/mask_preds_with_stuff", trace.head_masks_with_stuff);
  for (std::size_t s = 0; s < trace.stages.size(); ++s) {
    const std::string name = fmt::format("stage{}", s);
    compare_stage(report, name, trace.stages[s]);
    compare_if_stored(report, fmt::format("train/{}/cls_score", name),
                      trace.outputs[s].class_logits);
    compare_if_stored(report, fmt::format("train/{}/object_feats", name), trace.outputs[s].kernels);
    compare_if_stored(report, fmt::format("train/{}/mask_preds", name),
                      trace.outputs[s].mask_logits);
  }
  for (const auto& [name, value] : terms)
    report.compare("loss/" + name, to_values(value.view({1})));
  const auto total = total_loss(terms);
  report.compare("loss_total", to_values(total.view({1})));
  total.backward();
  for (const auto& item : net->named_parameters()) {
    if (!item.value().grad().defined()) continue;
    compare_if_stored(report, "grad_norm/" + item.key(), item.value().grad().norm().view({1}));
    compare_if_stored(report, "grad/" + item.key(), item.value().grad());
  }
  compare_step(report, *net);
}

}  // namespace

Runner find_knet_det_runner(const Case& c) {
  static const std::map<std::string, Runner> kByKind = {
      {"inference", run_inference}, {"features", run_features}, {"matcher", run_matcher},
      {"losses", run_losses},       {"training", run_training}, {"module", run_kernel_updator}};
  const bool has_swin =
      c.data.contains("model") && c.data.at("model").value("backbone", Json()) == "swin";
  if (c.data.at("kind") == "checkpoint" && has_swin) return run_original_swin;
  const auto found = kByKind.find(c.data.at("kind"));
  return found == kByKind.end() ? find_knet_det_data_runner(c) : found->second;
}

}  // namespace tessera::parity
