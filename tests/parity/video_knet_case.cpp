#include "video_knet_case.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <map>
#include <regex>
#include <sstream>

#include "tessera/core/error.h"
#include "tessera/nn/fill.h"
#include "tessera/nn/tensor_io.h"

namespace tessera::parity {
namespace {

/// One assignment: "name[index] op value".
struct Assignment {
  std::string name, index, op, value;
};

Assignment parse(const std::string& text) {
  static const std::regex kForm(
      R"re(^\s*([\w.]+?)(?:\[([^\]]+)\])?\s*(=|\*=)\s*(-?[\d.]+|the stored tensor "[^"]+")(?: \(all\))?\s*$)re");
  std::smatch parts;
  if (!std::regex_match(text, parts, kForm)) fail("the override '{}' is not understood", text);
  return {parts[1], parts[2], parts[3], parts[4]};
}

torch::Tensor part_of(const torch::Tensor& whole, const std::string& index) {
  if (index.empty()) return whole;
  if (index.starts_with(":,")) return whole.select(1, std::stoi(index.substr(2)));
  if (const auto colon = index.find(':'); colon != std::string::npos)
    return whole.slice(0, std::stoi(index), std::stoi(index.substr(colon + 1)));
  return whole[std::stoi(index)];
}

void apply(const Assignment& assignment, const std::string& prefix, const Report& report,
           torch::nn::Module& module) {
  for (auto& [name, whole] : named_state(module)) {
    if (name != prefix + assignment.name) continue;
    auto part = part_of(whole, assignment.index);
    if (assignment.value.starts_with("the stored"))
      part.copy_(to_torch_tensor(report.stored("override/" + name)));
    else if (assignment.op == "*=")
      part.mul_(std::stod(assignment.value));
    else
      part.fill_(std::stod(assignment.value));
    return;
  }
  fail("no parameter is called '{}'", prefix + assignment.name);
}

std::vector<std::string> split(std::string text, const std::string& separator) {
  std::vector<std::string> parts;
  for (auto at = text.find(separator); at != std::string::npos; at = text.find(separator)) {
    parts.push_back(text.substr(0, at));
    text = text.substr(at + separator.size());
  }
  parts.push_back(text);
  return parts;
}

/// "for s in 0..2 with p = roi_head.mask_head.s: p.a = 1; p.b = 2", or assignments joined by
/// ", then ".
void apply_text(const std::string& text, const Report& report, torch::nn::Module& module) {
  if (!text.starts_with("for s in 0..2")) {
    for (const auto& part : split(text, ", then ")) apply(parse(part), "", report, module);
    return;
  }
  const auto parts = split(text.substr(text.find(": ") + 2), "; ");
  for (int stage = 0; stage < 3; ++stage)
    for (std::string part : parts) {
      part = part.substr(part.find("p.") + 2);
      apply(parse(part), fmt::format("roi_head.mask_head.{}.", stage), report, module);
    }
}

}  // namespace

VideoKNetOptions video_knet_options(const Case& c) {
  const std::string config = c.data.at("config");
  const auto has = [&](const char* part) { return config.find(part) != std::string::npos; };
  VideoKNetOptions options;
  options.backbone.resnet = {.depth = 50, .frozen_stages = 1, .norm_eval = true};
  options.head.thing_classes = has("vipseg") ? 58 : 2;
  options.head.stuff_classes = has("vipseg") ? 66 : 17;
  if (has("swinb")) {
    options.backbone.type = BackboneOptions::Type::kSwin;
    options.backbone.swin = {.channels = 128,
                             .depths = {2, 2, 18, 2},
                             .heads = {4, 8, 16, 32},
                             .layout = SwinLayout::kOriginal};
    options.track_link = TrackLink::kUpdate;
    options.fusion = KernelFusion::kUpdate;
  }
  if (has("updator_concatenate")) options.update = KernelUpdate::kConcatenate;
  if (has("updator_skip")) options.update = KernelUpdate::kSkip;
  if (has("updator_concatenate_skip")) options.update = KernelUpdate::kConcatenateSkip;
  if (has("updator_mlp")) options.update = KernelUpdate::kMlp;
  return options;
}

void fill_video_knet(const Case& c, const Report& report, torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  fill_module(module, c.data.value("salt", ""));
  for (const Json& text : c.data.at("overrides"))
    apply_text(text.get<std::string>(), report, module);
}

std::vector<torch::Tensor> signals_in(const std::string& text) {
  static const std::regex kForm(
      R"re(signal\('([^']+)',\s*(?:\(([\d, ]+)\),\s*([\d.]+)|\.\.\.)\))re");
  std::vector<torch::Tensor> signals;
  std::vector<std::int64_t> shape;
  double scale = 1;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), kForm);
       it != std::sregex_iterator(); ++it) {
    if ((*it)[2].matched) {
      shape.clear();
      std::istringstream sides((*it)[2].str());
      for (std::string side; std::getline(sides, side, ',');) shape.push_back(std::stoi(side));
      scale = std::stod((*it)[3]);
    }
    signals.push_back(signal((*it)[1], shape, scale));
  }
  if (signals.empty()) fail("no signal is described by '{}'", text);
  return signals;
}

void compare_pixels(Report& report, const std::string& name, const torch::Tensor& map,
                    int most_pixels) {
  const auto stored = to_torch_tensor(report.stored(name), torch::kInt64);
  const bool same_shape = stored.sizes() == map.sizes();
  const auto off = same_shape ? (stored != map.to(torch::kInt64)).sum().item<std::int64_t>() : -1;
  report.check(
      name, same_shape && off <= most_pixels,
      same_shape ? fmt::format("{} pixels differ, {} may", off, most_pixels) : "the shapes differ");
}

void compare_merged(Report& report, const std::string& prefix, const MergedMap& map,
                    const std::vector<MaskClaim>& claims, int thing_classes, int most_pixels) {
  std::vector<std::int64_t> ids, things, categories, instances, areas;
  std::vector<float> scores;
  for (std::size_t k = 0; k < map.segments.size(); ++k) {
    const MaskClaim& claim = map.segments[k].claim;
    const auto place = std::find_if(claims.begin(), claims.end(), [&](const MaskClaim& other) {
      return other.row == claim.row && other.label == claim.label;
    });
    ids.push_back(static_cast<std::int64_t>(k) + 1);
    things.push_back(claim.thing);
    categories.push_back(claim.thing ? claim.label : claim.label - thing_classes + 1);
    scores.push_back(claim.thing ? claim.score : -1);
    instances.push_back(claim.thing ? place - claims.begin() : -1);
    areas.push_back(claim.thing ? -1 : map.segments[k].area);
  }
  const auto integers = [&](const char* name, const std::vector<std::int64_t>& values) {
    report.compare(prefix + name, to_values(torch::tensor(values, torch::kInt64)));
  };
  integers("seg_id", ids);
  integers("seg_isthing", things);
  integers("seg_category", categories);
  report.compare(prefix + "seg_score", to_values(torch::tensor(scores)));
  integers("seg_instance", instances);
  const Values& stored_areas = report.stored(prefix + "seg_area");
  std::int64_t off = 0;
  for (std::size_t k = 0; k < std::min(areas.size(), stored_areas.data.size()); ++k)
    off += std::abs(areas[k] - static_cast<std::int64_t>(stored_areas.data[k]));
  report.check(prefix + "seg_area", areas.size() == stored_areas.data.size() && off <= most_pixels,
               fmt::format("{} pixels differ, {} may", off, most_pixels));
  auto owners = torch::empty({map.segment.height(), map.segment.width()}, torch::kInt32);
  std::copy(map.segment.values().begin(), map.segment.values().end(),
            owners.data_ptr<std::int32_t>());
  compare_pixels(report, prefix + "panoptic_seg", owners + 1, most_pixels);
}

}  // namespace tessera::parity
