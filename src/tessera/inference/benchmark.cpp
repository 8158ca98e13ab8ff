#include "tessera/inference/benchmark.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/machine.h"
#include "tessera/data/class_list.h"
#include "tessera/data/synth/synthesize.h"
#include "tessera/image/image_io.h"
#include "tessera/inference/predict_images.h"
#include "tessera/inference/predict_videos.h"
#include "tessera/metrics/pq.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

/// A folder that is gone when this is.
class ScratchFolder {
 public:
  ScratchFolder() : path_(fs::temp_directory_path() / fmt::format("tessera-bench-{}", ::getpid())) {
    fs::remove_all(path_);
    make_directories(path_);
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// Writes frames of a street as a camera would leave them: PNGs of a video, else JPEGs.
void draw_street(const fs::path& folder, const BenchmarkOptions& options, bool video) {
  make_directories(folder);
  synth::SynthOptions street;
  street.sequences = 0;
  street.val_sequences = 1;
  street.frames = options.frames + 1;
  street.size = options.size;
  street.seed = options.street_seed;
  street.threads = options.compute.threads;
  synth::FrameStages stages;
  stages.work = [&](const synth::SynthFrame& frame, std::size_t) {
    const std::string name = fmt::format("{:06}", frame.frame);
    if (video)
      write_png(folder / (name + ".png"), frame.image);
    else
      write_jpeg(folder / (name + ".jpg"), frame.image);
  };
  synth::draw_frames(street, stages);
}

/// Keeps what a predictor says.
class RecordingPredictor : public ImagePredictor {
 public:
  explicit RecordingPredictor(ImagePredictor& predictor) : predictor_(predictor) {}
  Prediction predict(const Image& picture) override {
    predictions.push_back(predictor_.predict(picture));
    if (clock_ != nullptr) clock_->end("other");
    return predictions.back();
  }
  std::vector<Prediction> predictions;

 private:
  ImagePredictor& predictor_;
};

std::size_t segments_of(const Prediction& prediction) {
  if (prediction.panoptic) return prediction.panoptic->segments.size();
  if (prediction.instances) return prediction.instances->size();
  const auto& labels = prediction.semantic->values();
  std::vector<bool> seen(256);
  for (const auto label : labels) seen[label] = true;
  return static_cast<std::size_t>(std::count(seen.begin(), seen.end(), true));
}

/// With ids from 1 on, as metrics want them.
PanopticMap panoptic_map(const PanopticPrediction& prediction) {
  PanopticMap map;
  std::vector<std::pair<std::int32_t, std::uint32_t>> numbers;
  for (const PredictedSegment& segment : prediction.segments) {
    const auto id = static_cast<std::uint32_t>(map.segments.size()) + 1;
    numbers.emplace_back(segment.id, id);
    map.segments.push_back({.id = id, .category = segment.label, .area = segment.area});
  }
  std::sort(numbers.begin(), numbers.end());
  map.ids = IdMap(prediction.ids.size(), 1);
  std::transform(prediction.ids.values().begin(), prediction.ids.values().end(),
                 map.ids.values().begin(), [&](std::int32_t id) -> std::uint32_t {
                   if (id == kVoidSegment) return 0;
                   return std::lower_bound(numbers.begin(), numbers.end(),
                                           std::pair<std::int32_t, std::uint32_t>{id, 0})
                       ->second;
                 });
  return map;
}

double panoptic_quality(const std::vector<PanopticMap>& truth,
                        const std::vector<PanopticMap>& others,
                        const std::vector<ClassInfo>& classes) {
  std::vector<Category> categories;
  for (std::size_t c = 0; c < classes.size(); ++c)
    categories.push_back({static_cast<int>(c), classes[c].name, classes[c].is_thing});
  PanopticQuality quality(std::move(categories));
  for (std::size_t i = 0; i < truth.size(); ++i) quality.add(truth[i], others[i]);
  const auto value = quality.report().json.at("All").at("pq");
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

/// Of each of the first's instances the best of the second's of its class.
double instance_agreement(const std::vector<PredictedInstance>& truth,
                          const std::vector<PredictedInstance>& others) {
  double sum = 0;
  for (const auto& wanted : truth) {
    double best = 0;
    for (const auto& found : others)
      if (found.label == wanted.label) best = std::max(best, rle_iou(wanted.mask, found.mask));
    sum += best;
  }
  return truth.empty() ? 1 : sum / static_cast<double>(truth.size());
}

double equal_pixels(const LabelMap& a, const LabelMap& b) {
  const auto equal = std::inner_product(a.values().begin(), a.values().end(), b.values().begin(),
                                        std::size_t{0}, std::plus<>(), std::equal_to<>());
  return static_cast<double>(equal) / static_cast<double>(a.values().size());
}

template <class Measure>
double mean_over(std::size_t count, Measure measure) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += measure(i);
  return sum / static_cast<double>(count);
}

BenchmarkAgreement agreement_of(const std::vector<Prediction>& truth,
                                const std::vector<Prediction>& others,
                                const std::vector<ClassInfo>& classes) {
  if (truth.front().instances)
    return {"mean IoU of instances", mean_over(truth.size(), [&](std::size_t i) {
              return instance_agreement(*truth[i].instances, *others[i].instances);
            })};
  if (truth.front().semantic)
    return {"equal pixels", mean_over(truth.size(), [&](std::size_t i) {
              return equal_pixels(*truth[i].semantic, *others[i].semantic);
            })};
  std::vector<PanopticMap> a, b;
  for (const auto& prediction : truth) a.push_back(panoptic_map(*prediction.panoptic));
  for (const auto& prediction : others) b.push_back(panoptic_map(*prediction.panoptic));
  return {"PQ", panoptic_quality(a, b, classes)};
}

void take_stages(BenchmarkRun& run, const StageClock& clock) {
  run.stages = clock.stages();
  for (const auto& stage : run.stages) run.frame_seconds += stage.median();
}

class ImageBenchmark {
 public:
  ImageBenchmark(const Config& config, const BenchmarkOptions& options)
      : config_(config), options_(options), classes_(class_list(config.text("classes"))) {
    const fs::path street = scratch_.path() / "street";
    if (options.input.empty()) draw_street(street, options, /*video=*/false);
    pictures_ = find_pictures(options.input.empty() ? street.string() : options.input, config);
    // A single picture is looked at again and again.
    for (std::size_t i = 0; pictures_.size() <= static_cast<std::size_t>(options.frames); ++i)
      pictures_.push_back({fmt::format("{}-{}", pictures_[i].name, i), pictures_[i].path});
    pictures_.resize(static_cast<std::size_t>(options.frames) + 1);
  }

  BenchmarkResult measure() {
    BenchmarkResult result;
    result.frames = pictures_.size() - 1;
    result.size = read_picture_info(pictures_.front().path).size;
    std::vector<Prediction> first;
    for (const std::string& precision : options_.precisions) {
      auto [run, predictions] = measure(precision);
      result.runs.push_back(std::move(run));
      if (first.empty())
        first = std::move(predictions);
      else
        result.agreement = agreement_of(first, predictions, classes_);
    }
    return result;
  }

 private:
  std::pair<BenchmarkRun, std::vector<Prediction>> measure(const std::string& precision) {
    BenchmarkRun run;
    run.precision = precision;
    reset_peak_memory();
    ComputeOptions compute = options_.compute;
    compute.precision = precision;
    const auto predictor = make_image_predictor(config_, options_.weights, classes_, compute);
    RecordingPredictor recorder(*predictor);
    const fs::path out = scratch_.path() / "results";
    predict_images(recorder, {pictures_.front()}, classes_, out, {.replace = true});
    recorder.predictions.clear();
    StageClock clock;
    predictor->time_stages(&clock);
    recorder.time_stages(&clock);
    predict_images(recorder, {pictures_.begin() + 1, pictures_.end()}, classes_, out,
                   {.replace = true, .clock = &clock});
    take_stages(run, clock);
    run.segments = mean_over(recorder.predictions.size(), [&](std::size_t i) {
      return static_cast<double>(segments_of(recorder.predictions[i]));
    });
    run.peak_memory_bytes = peak_memory_bytes();
    return {run, std::move(recorder.predictions)};
  }

  const Config& config_;
  const BenchmarkOptions& options_;
  std::vector<ClassInfo> classes_;
  ScratchFolder scratch_;
  std::vector<NamedPicture> pictures_;
};

class VideoBenchmark {
 public:
  VideoBenchmark(const Config& config, const BenchmarkOptions& options)
      : config_(config), options_(options), classes_(class_list(config.text("classes"))) {
    const fs::path street = scratch_.path() / "street";
    if (options.input.empty()) draw_street(street, options, /*video=*/true);
    video_ = find_videos(options.input.empty() ? street.string() : options.input, config).front();
    // Only so many frames of a longer video.
    video_.open = [open = video_.open, frames = options.frames + 1](std::size_t first) {
      return [read = open(first), left = frames - static_cast<int>(first)](
                 VideoFrame& frame) mutable { return left-- > 0 && read(frame); };
    };
    write_options_ = result_options(config.section<VideoTestOptions>("test"));
    write_options_.replace = true;
  }

  BenchmarkResult measure() {
    BenchmarkResult result;
    std::vector<PanopticMap> first;
    for (const std::string& precision : options_.precisions) {
      auto [run, maps] = measure(precision);
      result.frames = maps.size();
      result.size = maps.front().ids.size();
      result.runs.push_back(std::move(run));
      if (first.empty())
        first = std::move(maps);
      else
        result.agreement = {"PQ", panoptic_quality(first, maps, classes_)};
    }
    return result;
  }

 private:
  std::pair<BenchmarkRun, std::vector<PanopticMap>> measure(const std::string& precision) {
    BenchmarkRun run;
    run.precision = precision;
    reset_peak_memory();
    ComputeOptions compute = options_.compute;
    compute.precision = precision;
    const auto predictor = make_video_predictor(config_, options_.weights, classes_, compute);
    std::vector<PanopticMap> maps = measure_stages(*predictor, run);
    run.segments = mean_over(
        maps.size(), [&](std::size_t i) { return static_cast<double>(maps[i].segments.size()); });
    const auto start = std::chrono::steady_clock::now();
    predict_videos(*predictor, {video_}, classes_, scratch_.path() / "results", write_options_);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    run.pipeline_seconds = seconds.count() / static_cast<double>(maps.size() + 1);
    run.peak_memory_bytes = peak_memory_bytes();
    return {run, std::move(maps)};
  }

  /// One stage after another; the first frame is not measured.
  std::vector<PanopticMap> measure_stages(VideoPredictor& predictor, BenchmarkRun& run) {
    const std::vector<int> numbers = result_numbers(classes_, write_options_.numbers);
    StageClock first, others;
    std::vector<PanopticMap> maps;
    predictor.start_sequence();
    const FrameReader read = video_.open(0);
    bool is_first = true;
    for (VideoFrame frame;; is_first = false) {
      StageClock& clock = is_first ? first : others;
      predictor.time_stages(&clock);
      clock.start();
      if (!read(frame)) break;
      clock.end("decode");
      PanopticMap map = predictor.predict(frame.picture, frame.number);
      clock.end("other");
      write_frame_results(scratch_.path() / "stages", video_.name, frame.name, map, numbers,
                          write_options_);
      clock.end("encode");
      if (!is_first) maps.push_back(std::move(map));
    }
    predictor.time_stages(nullptr);
    if (maps.empty()) fail("{}: a benchmark needs two frames at least", video_.name);
    take_stages(run, others);
    return maps;
  }

  const Config& config_;
  const BenchmarkOptions& options_;
  std::vector<ClassInfo> classes_;
  ScratchFolder scratch_;
  VideoInput video_;
  PredictVideosOptions write_options_;
};

}  // namespace

BenchmarkResult measure_prediction(const Config& config, const BenchmarkOptions& options) {
  if (predicts_videos(config)) return VideoBenchmark(config, options).measure();
  return ImageBenchmark(config, options).measure();
}

}  // namespace tessera
