#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <utility>

#include "runners.h"
#include "stored_pictures.h"
#include "tessera/core/error.h"
#include "tessera/data/loader/batch.h"
#include "tessera/data/loader/mixed_clips.h"
#include "tessera/data/loader/sampler.h"
#include "tessera/data/transforms/duplicate.h"
#include "tessera/data/transforms/geometry.h"
#include "tessera/data/transforms/motion.h"

namespace tessera::parity {
namespace {

void compare_picture(Report& report, const std::string& name, const Image& picture) {
  report.compare(name, picture_values(picture));
}

void compare_ids(Report& report, const std::string& name, const IdMap& ids) {
  std::vector<std::int64_t> values(ids.values().begin(), ids.values().end());
  report.compare(name, make_values({ids.height(), ids.width()}, values));
}

Perspective perspective_in(const Json& setting) {
  Perspective perspective{.size = {setting.at("width"), setting.at("height")}};
  for (std::size_t i = 0; i < 9; ++i)
    perspective.matrix[i] = setting.at("matrix").at(i / 3).at(i % 3);
  return perspective;
}

void run_blur(Report& report, const std::string& name, const Json& setting, const Image& picture) {
  const BlurChoice choice{setting.at("k"), setting.at("angle"), setting.at("direction")};
  report.compare(name + ".kernel", make_values({choice.size, choice.size}, blur_kernel(choice)));
  compare_picture(report, name + ".image", blur(picture, choice));
}

/// imgaug's operations with the draws that are recorded.
void run_augmentation(const Case& c, Report& report) {
  const Image picture = stored_picture(report, "in.image");
  for (const auto& [name, setting] : c.data.at("settings").items()) {
    Frame frame{.image = picture, .ids = stored_ids(report, "in.segmap")};
    if (name.starts_with("motion_blur")) {
      run_blur(report, name, setting, picture);
      continue;
    }
    if (name.starts_with("affine"))
      warp_affine(frame, {setting.at("tx"), setting.at("ty")}, setting.at("rot"),
                  setting.at("scale"));
    else if (name.starts_with("perspective"))
      warp_perspective(frame, perspective_in(setting));
    else if (name.starts_with("add"))
      add_value(frame.image, setting);
    else if (name.starts_with("hue_sat"))
      add_hue_saturation(frame.image, setting);
    else
      fail("no operation is called '{}'", name);
    compare_picture(report, name + ".image", frame.image);
    if (report.has(name + ".segmap")) compare_ids(report, name + ".segmap", frame.ids);
    if (report.has(name + ".invalid")) compare_picture(report, name + ".invalid", frame.invalid);
  }
}

void run_duplicator(const Case& c, Report& report) {
  const Json& cases = c.data.at("settings").at("cases");
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto draws = cases[i].at("random_values").get<std::vector<double>>();
    Clip clip;
    for (std::int64_t t = 0; t < report.stored(fmt::format("in.masks{}", i)).shape[0]; ++t) {
      const int frame = static_cast<int>(t);
      clip.push_back({.image = stored_picture(report, fmt::format("in.images{}", i), frame)});
      FrameObject object{.track_id = 1};
      object.mask = stored_picture(report, fmt::format("in.masks{}", i), frame);
      clip.back().objects.push_back(std::move(object));
    }
    std::size_t drawn = 0;
    const bool copied = duplicate_object(clip, [&] { return draws.at(drawn++); });
    report.check(fmt::format("result{}", i), copied == (cases[i].at("result") == "ok"),
                 "whether there is a copy");
    report.check(fmt::format("consumed{}", i), drawn == cases[i].at("consumed").get<std::size_t>(),
                 fmt::format("{} draws", drawn));
    std::vector<Image> pictures, originals, copies;
    for (const Frame& frame : clip) {
      pictures.push_back(frame.image);
      // An object without a pixel left is no object.
      originals.emplace_back(frame.image.size(), 1);
      copies.emplace_back(frame.image.size(), 1);
      for (const FrameObject& object : frame.objects)
        (object.track_id == 1 ? originals : copies).back() = object.mask;
    }
    report.compare(fmt::format("images{}", i), picture_values(pictures));
    report.compare(fmt::format("original_masks{}", i), picture_values(originals));
    report.compare(fmt::format("copy_masks{}", i), picture_values(copies));
  }
}

void run_data_tables(const Case& c, Report& report) {
  const Json golden = read_json(c.file("file"));
  for (std::size_t i = 0; i < golden.at("concat").size(); ++i) {
    const Json& mix = golden.at("concat")[i];
    Json mapping = Json::array();
    for (const MixedSample& sample :
         mix_samples(mix.at("lengths").get<std::vector<std::size_t>>(),
                     mix.at("weights").get<std::vector<double>>(), mix.at("total")))
      mapping.push_back({sample.source, sample.index});
    report.compare_json(fmt::format("concat{}", i), mapping, mix.at("mapping"));
  }
  for (std::size_t i = 0; i < golden.at("clip_frames").size(); ++i) {
    const Json& clip = golden.at("clip_frames")[i];
    const ClipWindow window{0, clip.at("span"), clip.at("clip")};
    report.compare_json(fmt::format("clip_frames{}", i), clip_positions(clip.at("start"), window),
                        clip.at("frames"));
  }
}

/// A picture to the network's input.
void run_preprocess(const Case& c, Report& report) {
  const Json& settings = c.data.at("settings").at("INPUT");
  const Json& defaults = c.manifest->at("defaults_stemseg").at("INPUT");
  const Scale scale{settings.at("MAX_DIM"), settings.at("MIN_DIM")};
  CollateOptions options;
  options.normalize.blue_first = defaults.at("BGR_INPUT");
  for (std::size_t channel = 0; channel < 3; ++channel) {
    options.normalize.mean[2 - channel] = defaults.at("IMAGE_MEAN").at(channel);
    options.normalize.std[2 - channel] = defaults.at("IMAGE_STD").at(channel);
  }
  for (int i = 0; report.has(fmt::format("in.image{}", i)); ++i) {
    Frame frame{.image = stored_picture(report, fmt::format("in.image{}", i))};
    make_precise(frame);
    resize_frame(frame, rescaled_size(frame.size(), scale, Rounding::kHalfEven));
    const Size size = frame.size();
    report.compare(fmt::format("size{}", i),
                   make_values<std::int64_t>({2}, {size.height, size.width}));
    const Batch batch = collate({{std::move(frame)}}, options);
    report.compare(fmt::format("padded{}", i),
                   make_values<std::int64_t>({2}, {batch.size.height, batch.size.width}));
    const Values tensor = make_values<float>({3, batch.size.height, batch.size.width},
                                             {batch.pixels.begin(), batch.pixels.end()});
    report.compare(fmt::format("tensor{}", i), subsample(tensor, {1, 2, 2}));
  }
  // The official code subtracts before it turns the channels: the first mean is blue's.
  constexpr double kWhite = 255;
  CollateOptions unit;
  unit.divisor = 1;
  unit.normalize.mean = {.406 * kWhite, .456 * kWhite, .485 * kWhite};
  unit.normalize.std = {.225 * kWhite, .224 * kWhite, .229 * kWhite};
  const Batch batch = collate({{Frame{.image = stored_picture(report, "in.image2")}}}, unit);
  report.compare("rgb_unit_normalised2",
                 make_values<float>({3, batch.size.height, batch.size.width},
                                    {batch.pixels.begin(), batch.pixels.end()}));
}

}  // namespace

Runner find_vishv_data_runner(const Case& c) {
  const std::string kind = c.data.at("kind");
  if (kind == "augmentation") return run_augmentation;
  if (kind == "instance_duplicator") return run_duplicator;
  if (kind == "data_tables") return run_data_tables;
  if (kind == "preprocess") return run_preprocess;
  return {};
}

}  // namespace tessera::parity
