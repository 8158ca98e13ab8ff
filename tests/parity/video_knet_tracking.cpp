#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <string>
#include <vector>

#include "runners.h"
#include "tessera/data/class_list.h"
#include "tessera/data/step_png.h"
#include "tessera/image/image_io.h"
#include "tessera/inference/knet_postprocess.h"
#include "tessera/inference/network_input.h"
#include "tessera/inference/video_knet_predictor.h"
#include "tessera/nn/inference_form.h"
#include "tessera/tracking/quasi_dense_tracker.h"
#include "video_knet_case.h"

namespace tessera::parity {
namespace {

constexpr int kBorderPixels = 3;

torch::Tensor boxes_of(const std::vector<TrackedDetection>& detections) {
  auto boxes = torch::empty({static_cast<std::int64_t>(detections.size()), 5});
  for (std::size_t i = 0; i < detections.size(); ++i) {
    const TrackBox& box = detections[i].box;
    boxes[static_cast<std::int64_t>(i)].copy_(
        torch::tensor({box.left, box.top, box.right, box.bottom, detections[i].score}));
  }
  return boxes;
}

torch::Tensor labels_of(const std::vector<TrackedDetection>& detections) {
  std::vector<std::int64_t> labels;
  for (const auto& detection : detections) labels.push_back(detection.label);
  return torch::tensor(labels, torch::kInt64);
}

torch::Tensor embeddings_of(const std::vector<TrackedDetection>& detections,
                            std::int64_t channels) {
  auto rows = torch::empty({static_cast<std::int64_t>(detections.size()), channels});
  for (std::size_t i = 0; i < detections.size(); ++i)
    rows[static_cast<std::int64_t>(i)].copy_(torch::tensor(detections[i].embedding));
  return rows;
}

std::vector<TrackedDetection> detections_of(const torch::Tensor& boxes, const torch::Tensor& labels,
                                            const torch::Tensor& embeddings) {
  std::vector<TrackedDetection> detections;
  for (std::int64_t i = 0; i < boxes.size(0); ++i) {
    const auto box = boxes[i].contiguous();
    const float* b = box.data_ptr<float>();
    const auto row = embeddings[i].contiguous();
    detections.push_back({{b[0], b[1], b[2], b[3]},
                          b[4],
                          labels[i].item<int>(),
                          {row.data_ptr<float>(), row.data_ptr<float>() + row.numel()}});
  }
  return detections;
}

template <class T, class Value>
torch::Tensor column(const std::vector<T>& items, Value value) {
  std::vector<std::int64_t> values;
  for (const T& item : items) values.push_back(value(item));
  return torch::tensor(values, torch::kInt64);
}

/// A track as a detection, so that both are compared alike.
std::vector<TrackedDetection> as_detections(const std::vector<QuasiDenseTracker::Track>& tracks) {
  std::vector<TrackedDetection> result;
  for (const auto& track : tracks)
    result.push_back({track.box, track.score, track.label, track.embedding});
  return result;
}

void compare_matches(Report& report, const std::string& prefix,
                     const std::vector<TrackedDetection>& detections, const TrackMatches& matches) {
  std::vector<TrackedDetection> kept;
  for (const std::size_t i : matches.kept) kept.push_back(detections[i]);
  compare_if_stored(report, prefix + "bboxes", boxes_of(kept));
  compare_if_stored(report, prefix + "labels", labels_of(kept));
  compare_if_stored(report, prefix + "ids", torch::tensor(matches.ids, torch::kInt64));
}

void compare_tracks(Report& report, const std::string& prefix,
                    std::vector<QuasiDenseTracker::Track> tracks, std::int64_t channels,
                    std::int64_t channel_step) {
  using Track = QuasiDenseTracker::Track;
  compare_if_stored(report, prefix + "ids", column(tracks, [](const Track& t) { return t.id; }));
  compare_if_stored(report, prefix + "last_frame",
                    column(tracks, [](const Track& t) { return t.last_frame; }));
  compare_if_stored(report, prefix + "label",
                    column(tracks, [](const Track& t) { return t.label; }));
  compare_if_stored(report, prefix + "bbox", boxes_of(as_detections(tracks)));
  compare_if_stored(
      report, prefix + "embed",
      embeddings_of(as_detections(tracks), channels).slice(1, 0, torch::nullopt, channel_step));
}

QuasiDenseTrackerOptions tracker_options(const Json& s) {
  using Similarity = QuasiDenseTrackerOptions::Similarity;
  const std::string metric = s.at("match_metric");
  return {.new_track_score = s.at("init_score_thr"),
          .known_track_score = s.at("obj_score_thr"),
          .match_similarity = s.at("match_score_thr"),
          .weak_match_similarity = s.at("nms_conf_thr"),
          .track_memory = s.at("memo_tracklet_frames"),
          .backdrop_memory = s.at("memo_backdrop_frames"),
          .momentum = s.at("memo_momentum"),
          .backdrop_overlap = s.at("nms_backdrop_iou_thr"),
          .duplicate_overlap = s.at("nms_class_iou_thr"),
          .same_class = s.at("with_cats"),
          .similarity = metric == "bisoftmax" ? Similarity::kBisoftmax
                        : metric == "softmax" ? Similarity::kSoftmax
                                              : Similarity::kCosine};
}

void run_tracker(const Case& c, Report& report) {
  QuasiDenseTracker tracker(tracker_options(c.data.at("settings")));
  for (int call = 0; report.has(fmt::format("call{}/frame_id", call)); ++call) {
    const std::string prefix = fmt::format("call{}/", call);
    const auto stored = [&](const char* name) {
      return to_torch_tensor(report.stored(prefix + name));
    };
    const auto embeddings = stored("in_embeds");
    const auto detections = detections_of(stored("in_bboxes"), stored("in_labels"), embeddings);
    const auto matches = tracker.match(detections, stored("frame_id").item<int>());
    compare_matches(report, prefix + "out_", detections, matches);
    compare_tracks(report, prefix + "mem_", tracker.tracks(), embeddings.size(1), 1);
    report.compare(prefix + "num_tracklets", to_values(torch::tensor({tracker.next_id()})));
    report.compare(
        prefix + "n_backdrop_entries",
        to_values(torch::tensor({static_cast<std::int64_t>(tracker.backdrops().size())})));
    for (std::size_t j = 0; j < tracker.backdrops().size(); ++j) {
      const auto& backdrop = tracker.backdrops()[j];
      const std::string name = fmt::format("{}backdrop{}_", prefix, j);
      compare_if_stored(report, name + "bboxes", boxes_of(backdrop));
      compare_if_stored(report, name + "labels", labels_of(backdrop));
      compare_if_stored(report, name + "embeds", embeddings_of(backdrop, embeddings.size(1)));
    }
  }
}

/// Pictures stored as [T, h, w, 3].
Image picture_of(const Values& frames, std::size_t index) {
  const Size size = {static_cast<int>(frames.shape[2]), static_cast<int>(frames.shape[1])};
  Image picture(size, 3);
  const auto* from = frames.data.data() + index * picture.values().size();
  std::transform(from, from + picture.values().size(), picture.values().begin(),
                 [](double value) { return static_cast<std::uint8_t>(value); });
  return picture;
}

/// The pictures that the official script writes of a frame.
void compare_written(Report& report, const std::string& prefix, const PanopticMap& map,
                     const std::vector<int>& numbers) {
  const auto classes_and_tracks = step_maps(map, numbers, 0);
  const auto as_tensor = [](const IdMap& ids) {
    auto tensor = torch::empty({ids.height(), ids.width()}, torch::kInt64);
    std::copy(ids.values().begin(), ids.values().end(), tensor.data_ptr<std::int64_t>());
    return tensor;
  };
  compare_pixels(report, prefix + "semantic_map", as_tensor(classes_and_tracks.classes),
                 kBorderPixels);
  compare_pixels(report, prefix + "track_map", as_tensor(classes_and_tracks.tracks), kBorderPixels);
}

void run_sequence(const Case& c, Report& report) {
  const bool vipseg = c.name.starts_with("vipseg");
  const VideoKNetOptions options = video_knet_options(c);
  const auto classes = class_list(vipseg ? "vipseg" : "kitti-step");
  VideoKNet net(options);
  fill_video_knet(c, report, *net);
  net->eval();
  VideoKNetPredictor predictor(net, {}, classes, 2);
  const Values& frames = report.stored("frames_rgb_u8");
  const auto ids = c.data.at("frame_ids").get<std::vector<int>>();
  const auto things = static_cast<int>(options.head.thing_classes);
  std::size_t picture = 0;
  for (std::size_t t = 0; t < ids.size(); ++t, ++picture) {
    if (ids[t] == 0) {
      predictor.start_sequence();
      picture = 0;
    }
    const std::string prefix = fmt::format("f{}/", t);
    VideoKNetFrameTrace trace;
    const PanopticMap map = predictor.predict(picture_of(frames, picture), ids[t], &trace);
    const auto every = [](const torch::Tensor& x, std::int64_t dimension, std::int64_t step) {
      return x.slice(dimension, 0, torch::nullopt, step);
    };
    const auto compare_kernels = [&](const char* name, const torch::Tensor& kernels) {
      compare_if_stored(report, prefix + name, every(kernels[0], 1, vipseg ? 16 : 8));
    };
    compare_if_stored(report, prefix + "cls_sigmoid", trace.output.class_logits[0].sigmoid());
    compare_if_stored(
        report, prefix + "mask_preds",
        every(every(every(trace.output.mask_logits[0], 0, vipseg ? 2 : 1), 1, 2), 2, 2));
    compare_kernels("object_feats", trace.output.kernels);
    compare_kernels("object_feats_track", trace.output.track_kernels);
    const auto claims =
        panoptic_claims(trace.output.class_logits[0], options.head, ThingClaims::kBestPairs);
    compare_merged(report, prefix, trace.merged, claims, things, kBorderPixels);
    std::vector<std::int64_t> rows;
    for (const std::size_t k : trace.things) rows.push_back(trace.merged.segments[k].claim.row);
    compare_if_stored(
        report, prefix + "query_out",
        every(trace.output.track_kernels[0].index_select(0, torch::tensor(rows)), 1, 4));
    const std::int64_t channels = options.track.embedding_channels;
    compare_if_stored(report, prefix + "tracker_in/bboxes", boxes_of(trace.detections));
    compare_if_stored(report, prefix + "tracker_in/labels", labels_of(trace.detections));
    compare_if_stored(report, prefix + "tracker_in/embeds",
                      embeddings_of(trace.detections, channels));
    compare_matches(report, prefix + "tracker_out/", trace.detections, trace.matches);
    auto tracks = predictor.tracker().tracks();
    std::sort(tracks.begin(), tracks.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    compare_tracks(report, prefix + "memory/", tracks, channels, 4);
    compare_written(report, prefix, map,
                    vipseg ? stuff_first_numbers(classes) : dataset_numbers(classes));
  }
}

/// The image model of Cityscapes-STEP on one picture.
void run_picture(const Case& c, Report& report) {
  const torch::InferenceMode inference;
  KNetOptions options = video_knet_options(c);
  options.mask_upsampling = KNetOptions().mask_upsampling;
  options.track_link = TrackLink::kNone;
  KNet net(options);
  fill_video_knet(c, report, *net);
  prepare_for_inference(*net, torch::kCPU, torch::kFloat32);
  TestOptions test;
  test.scale.reset();
  const Values& frame = report.stored("frame_rgb_u8");
  const Values frames = {{1, frame.shape[0], frame.shape[1], frame.shape[2]}, frame.data, true};
  const NetworkInput input(picture_of(frames, 0), test);
  const KNetOutput output = net(input.pixels);
  report.compare("cls_sigmoid", to_values(output.class_logits[0].sigmoid()));
  report.compare(
      "mask_preds",
      to_values(
          output.mask_logits[0].slice(1, 0, torch::nullopt, 2).slice(2, 0, torch::nullopt, 2)));
  const auto claims =
      panoptic_claims(output.class_logits[0], options.head, ThingClaims::kBestPairs);
  const auto probabilities = mask_probabilities(output.mask_logits[0], options.mask_upsampling);
  const MergedMap merged =
      merge_panoptic(scaled_masks(probabilities, input.geometry), claims, {.thing_score = 0.3F}, 2);
  compare_merged(report, "", merged, claims, static_cast<int>(options.head.thing_classes),
                 kBorderPixels);
}

void run_merge(const Case&, Report& report) {
  const auto masks = torch::cat({to_torch_tensor(report.stored("thing_masks")),
                                 to_torch_tensor(report.stored("stuff_masks"))})
                         .contiguous();
  std::vector<MaskClaim> claims;
  for (const bool thing : {true, false}) {
    const std::string kind = thing ? "thing" : "stuff";
    const auto scores = to_torch_tensor(report.stored(kind + "_scores"));
    const auto labels = to_torch_tensor(report.stored(kind + "_labels"), torch::kInt64);
    for (std::int64_t i = 0; i < scores.size(0); ++i)
      claims.push_back(
          {labels[i].item<int>(), scores[i].item<float>(), thing, static_cast<int>(claims.size())});
  }
  const Size size = {static_cast<int>(masks.size(2)), static_cast<int>(masks.size(1))};
  const MergedMap merged =
      merge_panoptic(scaled_masks(masks, {size, size, size}), claims, {.thing_score = 0.25F}, 1);
  compare_merged(report, "joint/", merged, claims, 2, 0);
}

/// The encoding of the official script's pictures, track ids beyond 8 bits included.
void run_outputs(const Case& c, Report& report) {
  for (const int frame : {0, 2, 5}) {
    const std::string prefix = fmt::format("f{}/", frame);
    const auto map_of = [&](const char* name) {
      const Values& values = report.stored(prefix + name);
      IdMap map({static_cast<int>(values.shape[1]), static_cast<int>(values.shape[0])}, 1);
      std::transform(values.data.begin(), values.data.end(), map.values().begin(),
                     [](double value) { return static_cast<std::uint32_t>(value); });
      return map;
    };
    const StepMaps maps = {map_of("semantic_map"), map_of("track_map")};
    const Image written = step_picture(maps, "the case");
    const auto as_tensor = [](const Image& image) {
      return torch::from_blob(const_cast<std::uint8_t*>(image.data()),
                              {image.height(), image.width(), image.channels()}, torch::kUInt8)
          .clone();
    };
    report.compare(prefix + "final_png_rgb", to_values(as_tensor(written)));
    const auto file =
        c.folder / "kitti_outputs" / "final" / "0018" / fmt::format("{:06}.png", frame);
    report.check(file.filename().string(),
                 torch::equal(as_tensor(written), as_tensor(read_rgb_png(file))),
                 "the file decodes to other pixels");
    for (const char* kind : {"cat", "ins"}) {
      const auto path = c.folder / "kitti_outputs" / "panoptic" / "18" /
                        fmt::format("000018_{:06}_{}.png", frame, kind);
      const Image16 official = read_label16_png(path);
      const IdMap& ours = std::string(kind) == "cat" ? maps.classes : maps.tracks;
      report.check(
          path.filename().string(),
          official.size() == ours.size() &&
              std::equal(ours.values().begin(), ours.values().end(), official.values().begin()),
          "the file decodes to other values");
    }
  }
}

}  // namespace

Runner find_video_knet_tracking_runner(const Case& c) {
  if (c.name.starts_with("tracker_")) return run_tracker;
  if (c.name == "merge") return run_merge;
  if (c.name == "citystep_panoptic") return run_picture;
  if (c.name == "kitti_outputs") return run_outputs;
  if (c.name.find("_seq") != std::string::npos) return run_sequence;
  return find_video_knet_data_runner(c);
}

}  // namespace tessera::parity
