#include "tessera/inference/predict_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "tessera/core/atomic_folder.h"
#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/interrupt.h"
#include "tessera/core/progress.h"
#include "tessera/image/image_io.h"
#include "tessera/inference/coco_results.h"
#include "tessera/inference/input_split.h"
#include "tessera/inference/overlay.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

std::vector<NamedPicture> pictures_in(const fs::path& folder) {
  std::vector<NamedPicture> pictures;
  for (const char* ending : {".jpg", ".jpeg", ".png"})
    for (const fs::path& path : list_files(folder, ending))
      pictures.push_back({path.stem().string(), path});
  std::sort(pictures.begin(), pictures.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  const auto twin =
      std::adjacent_find(pictures.begin(), pictures.end(),
                         [](const auto& a, const auto& b) { return a.name == b.name; });
  if (twin != pictures.end())
    fail("{} and {} would have results of the same name; rename one", twin->path.string(),
         (twin + 1)->path.string());
  if (pictures.empty()) fail("{}: there is no .jpg or .png file in it", folder.string());
  return pictures;
}

/// The numbers that the dataset's own files have for the classes; ADE20K's count from 1.
LabelMap numbers_of_classes(const LabelMap& labels, const std::vector<ClassInfo>& classes) {
  LabelMap numbers(labels.size(), 1);
  std::transform(labels.values().begin(), labels.values().end(), numbers.values().begin(),
                 [&](std::uint8_t label) { return static_cast<std::uint8_t>(classes[label].id); });
  return numbers;
}

/// An Error when a class has a number that label pictures cannot hold.
void check_numbers(const std::vector<ClassInfo>& classes) {
  for (const ClassInfo& info : classes)
    if (info.id < 0 || info.id > std::numeric_limits<std::uint8_t>::max())
      fail("class '{}' has the number {}; label pictures hold 0 to 255", info.name, info.id);
}

/// Writes whatever kind of results a model has.
class ResultFiles {
 public:
  ResultFiles(fs::path folder, const std::vector<ClassInfo>& classes)
      : folder_(std::move(folder)), classes_(classes) {}

  void add(const std::string& name, const Prediction& prediction) {
    if (prediction.panoptic) {
      if (!panoptic_) panoptic_.emplace(folder_ / "results", classes_);
      panoptic_->add(name, *prediction.panoptic);
    }
    if (prediction.instances) {
      if (!instances_) instances_.emplace(folder_ / "results", classes_);
      instances_->add(name, *prediction.instances);
    }
    if (prediction.semantic) {
      const fs::path path = folder_ / "semantic" / (name + ".png");
      make_directories(path.parent_path());
      check_numbers(classes_);
      write_png(path, numbers_of_classes(*prediction.semantic, classes_));
    }
  }

  void finish() {
    if (panoptic_) panoptic_->finish();
    if (instances_) instances_->finish();
  }

 private:
  fs::path folder_;
  const std::vector<ClassInfo>& classes_;
  std::optional<CocoPanopticWriter> panoptic_;
  std::optional<CocoInstanceWriter> instances_;
};

}  // namespace

std::vector<NamedPicture> find_pictures(const std::string& input, const Config& config) {
  if (fs::is_directory(input)) return pictures_in(input);
  if (fs::exists(input)) return {{fs::path(input).stem().string(), input}};
  const auto dataset = open_input_split(input, config);
  std::vector<NamedPicture> pictures;
  for (const FrameInfo& frame : dataset->frames())
    pictures.push_back({frame.key.name, frame.image_path});
  return pictures;
}

void predict_images(ImagePredictor& predictor, const std::vector<NamedPicture>& pictures,
                    const std::vector<ClassInfo>& classes, const fs::path& out,
                    const PredictOptions& options) {
  AtomicFolder folder(out, options.replace);
  ResultFiles files(folder.path(), classes);
  Progress progress("Predicting", pictures.size(), "images");
  for (const NamedPicture& picture : pictures) {
    check_interrupt();
    with_context(picture.path.string(), [&] {
      if (options.clock != nullptr) options.clock->start();
      const Image image = read_image(picture.path);
      if (options.clock != nullptr) options.clock->end("decode");
      const Prediction prediction = predictor.predict(image);
      files.add(picture.name, prediction);
      if (options.clock != nullptr) options.clock->end("encode");
      if (options.visualize) {
        const fs::path path = folder.path() / "overlay" / (picture.name + ".jpg");
        make_directories(path.parent_path());
        write_jpeg(path, draw_prediction(image, prediction, classes));
      }
    });
    progress.advance();
  }
  files.finish();
  folder.commit();
}

}  // namespace tessera
