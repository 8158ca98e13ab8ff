#pragma once

#include <string>
#include <vector>

#include "tessera/inference/panoptic_merge.h"
#include "tessera/models/video_knet/video_knet.h"
#include "torch_case.h"

namespace tessera::parity {

/// The options of the configuration that a case names.
VideoKNetOptions video_knet_options(const Case& c);

/// Fills a model by the fill rule, then changes it as the case's `overrides` say, assignments in
/// words: "a.weight *= 8, then a.weight[:,0] = -1.5".
void fill_video_knet(const Case& c, const Report& report, torch::nn::Module& module);

/// The signals that a text describes: "signal('name',(1,3,64,96),2.0)"; a later one may leave out
/// what the first has said.
std::vector<torch::Tensor> signals_in(const std::string& text);

/// What a frame's merge gave, as the official code lists it, under `prefix`. Up to `most_pixels` of
/// the map may differ.
void compare_merged(Report& report, const std::string& prefix, const MergedMap& map,
                    const std::vector<MaskClaim>& claims, int thing_classes, int most_pixels);

/// Compares a map of whole numbers of which a few pixels at borders may differ.
void compare_pixels(Report& report, const std::string& name, const torch::Tensor& map,
                    int most_pixels);

}  // namespace tessera::parity
