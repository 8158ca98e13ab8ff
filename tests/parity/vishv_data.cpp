#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runners.h"
#include "stored_pictures.h"
#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/data/loader/batch.h"
#include "tessera/data/loader/mixed_clips.h"
#include "tessera/data/loader/sampler.h"
#include "tessera/data/open_dataset.h"
#include "tessera/data/transforms/duplicate.h"
#include "tessera/data/transforms/geometry.h"
#include "tessera/data/transforms/motion.h"
#include "tessera/image/image_io.h"

namespace tessera::parity {
namespace {

namespace fs = std::filesystem;

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

/// An annotation file with black pictures for every entry, which the case has none of.
class AnnotatedPictures {
 public:
  explicit AnnotatedPictures(const Json& annotations)
      : root_(fs::temp_directory_path() / fmt::format("tessera_parity_{}", ::getpid())) {
    make_directories(root_);
    write_text_file(root_ / "train.json", annotations.dump());
    for (const char* list : {"images", "sequences"})
      for (const Json& entry : annotations.value(list, Json::array())) write_pictures(entry);
  }
  ~AnnotatedPictures() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  std::unique_ptr<Dataset> open(std::optional<ClassMapping> classes = std::nullopt) const {
    DatasetSpec spec{DatasetFormat::kStemSeg, root_, "train"};
    spec.classes = std::move(classes);
    return open_dataset(spec);
  }

 private:
  void write_pictures(const Json& entry) const {
    const Image black({entry.at("width"), entry.at("height")}, 3);
    const Json paths = entry.value("image_paths", Json::array({entry.value("image_path", "")}));
    for (const std::string path : paths) {
      make_directories((root_ / path).parent_path());
      path.ends_with(".png") ? write_png(root_ / path, black) : write_jpeg(root_ / path, black, 90);
    }
  }

  fs::path root_;
};

/// The masks of these tracks, in their order; empty where a track is not to be seen.
std::vector<Image> masks_of(const Sample& sample, const std::vector<std::int64_t>& tracks) {
  std::vector<Image> masks;
  for (const std::int64_t track : tracks) {
    const auto found = std::ranges::find(sample.instances, track, &Instance::track_id);
    masks.push_back(found == sample.instances.end() ? Image(sample.image.size(), 1)
                                                    : rle_decode(found->mask));
  }
  return masks;
}

std::vector<Image> all_masks(const Sample& sample) {
  std::vector<Image> masks;
  for (const Instance& instance : sample.instances) masks.push_back(rle_decode(instance.mask));
  return masks;
}

void check_classes(Report& report, const std::string& name, const Dataset& dataset,
                   const std::vector<int>& categories, const std::vector<std::string>& expected) {
  std::vector<std::string> names;
  for (const int category : categories) names.push_back(dataset.classes().at(category).name);
  report.check(name, names == expected, fmt::format("{}", fmt::join(names, ", ")));
}

/// A video's tracks.
void run_annotated_video(const Case& c, const Json& expected, Report& report) {
  const Json annotations = read_json(c.folder / "dataset_video.json");
  const AnnotatedPictures pictures(annotations);
  const auto dataset = pictures.open();
  const auto ids = expected.at("instance_ids").get<std::vector<std::int64_t>>();
  std::vector<Image> masks;
  std::map<std::int64_t, int> category_of;
  for (std::size_t t = 0; t < dataset->size(); ++t) {
    const Sample sample = dataset->load(t);
    for (Image& mask : masks_of(sample, ids)) masks.push_back(std::move(mask));
    for (const Instance& instance : sample.instances)
      category_of[instance.track_id] = dataset->classes().at(instance.category).id;
  }
  std::vector<std::int64_t> tracks;
  std::vector<int> labels;
  for (const auto& [track, category] : category_of) {
    tracks.push_back(track);
    labels.push_back(category);
  }
  report.check("instance_ids", tracks == ids, fmt::format("{}", fmt::join(tracks, ", ")));
  report.check("category_labels", labels == expected.at("category_labels").get<std::vector<int>>(),
               fmt::format("{}", fmt::join(labels, ", ")));
  Values values = picture_values(masks);
  values.shape.insert(values.shape.begin(), static_cast<std::int64_t>(dataset->size()));
  values.shape[1] = static_cast<std::int64_t>(ids.size());
  report.compare("video_masks", values);
}

std::vector<int> categories_of(const Sample& sample) {
  std::vector<int> categories;
  for (const Instance& instance : sample.instances) categories.push_back(instance.category);
  return categories;
}

/// A still picture's objects, as they are and as the loader for Mapillary chooses among them.
void run_annotated_picture(const Case& c, Report& report) {
  Json annotations = read_json(c.folder / "dataset_image.json");
  {
    const AnnotatedPictures pictures(annotations);
    const auto dataset = pictures.open();
    const Sample sample = dataset->load(0);
    check_classes(report, "image_classes", *dataset, categories_of(sample),
                  {"Person", "Car", "Bicyclist", "Bird", "Car"});
    report.compare("image_masks", picture_values(all_masks(sample)));
    compare_picture(report, "image_ignore", sample.ignored.value());
  }
  // The official loader for Mapillary forgets a picture's own mask, of which its file has none.
  annotations.at("images").at(0).erase("ignore");
  const AnnotatedPictures pictures(annotations);
  const auto dataset =
      pictures.open(ClassMapping{.names = {"car", "pedestrian"},
                                 .from = {{"Car", "car"}, {"Person", "pedestrian"}},
                                 .ignored = {"Bicyclist"},
                                 .least_area = 10,
                                 .most_objects = 2});
  const Sample sample = dataset->load(0);
  check_classes(report, "mapillary_kept_labels", *dataset, categories_of(sample),
                {"car", "pedestrian"});
  report.compare("mapillary_kept", picture_values(all_masks(sample)));
  compare_picture(report, "mapillary_ignore", sample.ignored.value());
  report.check("mapillary_samples", dataset->load(1).instances.empty(),
               "a picture that the official loader leaves out has objects");
}

void run_dataset(const Case& c, Report& report) {
  run_annotated_video(c, c.data.at("outputs").at("expected"), report);
  run_annotated_picture(c, report);
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
  if (kind == "dataset") return run_dataset;
  return {};
}

}  // namespace tessera::parity
