#include "tessera/inference/predict_videos.h"

#include <fmt/format.h>

#include <chrono>
#include <deque>
#include <future>
#include <memory>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/interrupt.h"
#include "tessera/core/log.h"
#include "tessera/core/progress.h"
#include "tessera/core/read_ahead.h"
#include "tessera/data/step_png.h"
#include "tessera/image/image_io.h"
#include "tessera/inference/unfinished_run.h"
#include "tessera/report/panoptic_view.h"
#include "tessera/video/frame_writer.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kWaitingFrames = 4;  ///< encoded at the same time at most
constexpr std::chrono::seconds kSaveEvery{20};

/// "18" for "0018", as the official script calls a sequence's folder.
std::string without_zeros(const std::string& name) {
  const auto first = name.find_first_not_of('0');
  return first == std::string::npos ? "0" : name.substr(first);
}

bool is_number(const std::string& name) {
  return !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
}

Image16 narrow(const IdMap& ids) {
  Image16 picture(ids.size(), 1);
  for (std::size_t i = 0; i < ids.values().size(); ++i)
    picture.values()[i] = static_cast<std::uint16_t>(ids.values()[i]);
  return picture;
}

/// Encodes and writes frames on threads of its own.
class ResultWriter {
 public:
  ResultWriter(fs::path folder, std::vector<int> numbers, const PredictVideosOptions& options)
      : folder_(std::move(folder)), numbers_(std::move(numbers)), options_(options) {}
  ~ResultWriter() {
    for (auto& task : tasks_) task.wait();
  }

  void add(const std::string& video, const std::string& frame, PanopticMap map) {
    if (tasks_.size() >= kWaitingFrames) take_one();
    tasks_.push_back(std::async(std::launch::async, [this, video, frame, map = std::move(map)] {
      write_frame_results(folder_, video, frame, map, numbers_, options_);
    }));
  }
  /// Whether a frame could not be written.
  bool failed() const { return failed_; }
  /// Until everything is on disk.
  void wait() {
    while (!tasks_.empty()) take_one();
  }

 private:
  void take_one() {
    std::future<void> task = std::move(tasks_.front());
    tasks_.pop_front();
    try {
      task.get();
    } catch (...) {
      failed_ = true;
      throw;
    }
  }

  fs::path folder_;
  std::vector<int> numbers_;
  const PredictVideosOptions& options_;
  std::deque<std::future<void>> tasks_;
  bool failed_ = false;
};

/// Predicts the videos from where the run stands.
class VideoPrediction {
 public:
  VideoPrediction(VideoPredictor& predictor, const std::vector<VideoInput>& videos,
                  UnfinishedRun& run, ResultWriter& writer)
      : predictor_(predictor), videos_(videos), run_(run), writer_(writer) {}

  void run() {
    std::size_t total = 0;
    for (const VideoInput& video : videos_) total += video.frames;
    Progress progress("Predicting", total, "frames");
    at_ = run_.position();
    if (run_.resumed())
      spdlog::info("going on with {}, frame {}", videos_[at_.video].name, at_.frame);
    try {
      for (; at_.video < videos_.size(); at_ = {at_.video + 1, 0, {}, {}})
        predict_video(videos_[at_.video], progress);
    } catch (...) {
      save_after_failure();
      throw;
    }
    writer_.wait();
  }

 private:
  void predict_video(const VideoInput& video, Progress& progress) {
    if (at_.state.empty())
      predictor_.start_sequence();
    else
      predictor_.load_state(run_.folder() / at_.state);
    ReadAhead<VideoFrame> frames([read = video.open(at_.frame)]() -> std::optional<VideoFrame> {
      VideoFrame frame;
      if (!read(frame)) return std::nullopt;
      return frame;
    });
    while (const auto frame = frames.next()) {
      check_interrupt();
      with_context(video.name + "/" + frame->name, [&] { predict_frame(video, *frame); });
      progress.advance();
      if (Clock::now() - saved_ > kSaveEvery) save();
    }
    if (at_.frame == 0) fail("{}: there is no frame in it", video.name);
  }

  void predict_frame(const VideoInput& video, const VideoFrame& frame) {
    const Size size = frame.picture.size();
    if (at_.frame > 0 && size != at_.size)
      fail("the frame is {}, those before it are {}; all frames of a video must have one size",
           to_string(size), to_string(at_.size));
    PanopticMap map = predictor_.predict(frame.picture, frame.number);
    at_.size = size;
    ++at_.frame;
    writer_.add(video.name, frame.name, std::move(map));
  }

  void save() {
    writer_.wait();
    RunPosition position = at_;
    position.state.clear();
    if (at_.frame > 0) {
      const fs::path state = run_.next_state();
      predictor_.save_state(state);
      position.state = state.filename().string();
    }
    run_.save(position);
    saved_ = Clock::now();
  }

  /// Where that is not possible the last position that was saved still holds.
  void save_after_failure() {
    if (writer_.failed()) return;
    const HoldInterrupt hold;
    try {
      save();
      spdlog::info("the same command goes on with {}, frame {}", videos_[at_.video].name,
                   at_.frame);
    } catch (const Error& error) {
      spdlog::warn("{}", error.what());
    }
  }

  VideoPredictor& predictor_;
  const std::vector<VideoInput>& videos_;
  UnfinishedRun& run_;
  ResultWriter& writer_;
  RunPosition at_;
  Clock::time_point saved_ = Clock::now();
};

/// Views of one video, drawn from its results.
class ViewWriters {
 public:
  ViewWriters(const fs::path& folder, const std::string& video,
              const PredictVideosOptions& options) {
    const auto add = [&](const fs::path& path, ViewMode mode) {
      make_directories(path.parent_path());
      writers_.push_back({create_frame_writer(path, {.replace = true}), mode});
    };
    if (options.video) add(folder / "video" / (video + ".mp4"), ViewMode::kGrid);
    if (options.gif) add(folder / "video" / (video + ".gif"), ViewMode::kGrid);
    if (options.pictures)
      for (const auto& [name, mode] : {std::pair{"panoptic", ViewMode::kPanoptic},
                                       {"semantic", ViewMode::kSemantic},
                                       {"instance", ViewMode::kInstance},
                                       {"overlay", ViewMode::kOverlay}})
        add(folder / "pictures" / name / video, mode);
  }

  void write(const PanopticMap& map, const std::vector<ClassInfo>& classes, const Image& picture) {
    for (auto& [writer, mode] : writers_)
      writer->write(draw_panoptic({mode, kNameHeight}, map, classes, picture));
  }
  void finish() {
    for (auto& [writer, mode] : writers_) writer->finish();
  }

 private:
  std::vector<std::pair<std::unique_ptr<FrameWriter>, ViewMode>> writers_;
};

void draw_views(const std::vector<VideoInput>& videos, const std::vector<ClassInfo>& classes,
                const fs::path& folder, const PredictVideosOptions& options) {
  std::size_t total = 0;
  for (const VideoInput& video : videos) total += video.frames;
  Progress progress("Drawing", total, "frames");
  for (const VideoInput& video : videos) {
    ViewWriters writers(folder, video.name, options);
    const FrameReader read = video.open(0);
    for (VideoFrame frame; read(frame); progress.advance()) {
      check_interrupt();
      const PanopticMap map =
          read_step_png(folder / "final" / video.name / (frame.name + ".png"), classes);
      writers.write(map, classes, frame.picture);
    }
    writers.finish();
  }
}

}  // namespace

PredictVideosOptions result_options(const VideoTestOptions& test) {
  PredictVideosOptions options;
  options.numbers = test.result_numbers;
  options.unassigned = test.faults.unassigned_is_road ? 0 : kStepVoid;
  return options;
}

std::vector<int> result_numbers(const std::vector<ClassInfo>& classes, ResultNumbers numbers) {
  return numbers == ResultNumbers::kStuffFirst ? stuff_first_numbers(classes)
                                               : dataset_numbers(classes);
}

void write_frame_results(const fs::path& folder, const std::string& video, const std::string& frame,
                         const PanopticMap& map, const std::vector<int>& numbers,
                         const PredictVideosOptions& options) {
  const StepMaps maps = step_maps(map, numbers, options.unassigned);
  const fs::path final_folder = folder / "final" / video;
  make_directories(final_folder);
  write_png(final_folder / (frame + ".png"), step_picture(maps, video + "/" + frame), 1);
  if (!options.cat_ins) return;
  const bool numbered = is_number(video) && is_number(frame);
  const std::string name = numbered ? fmt::format("{:06}_{:06}", std::stoi(video), std::stoi(frame))
                                    : video + "_" + frame;
  const fs::path pairs = folder / "panoptic" / (numbered ? without_zeros(video) : video);
  make_directories(pairs);
  write_png(pairs / (name + "_cat.png"), narrow(maps.classes), 1);
  write_png(pairs / (name + "_ins.png"), narrow(maps.tracks), 1);
}

void predict_videos(VideoPredictor& predictor, const std::vector<VideoInput>& videos,
                    const std::vector<ClassInfo>& classes, const fs::path& out,
                    const PredictVideosOptions& options) {
  const std::vector<int> numbers = result_numbers(classes, options.numbers);
  UnfinishedRun run(out, options.run, options.replace);
  {
    ResultWriter writer(run.folder(), numbers, options);
    VideoPrediction(predictor, videos, run, writer).run();
  }
  if (options.video || options.gif || options.pictures) {
    std::vector<ClassInfo> numbered = classes;
    for (std::size_t c = 0; c < numbered.size(); ++c) numbered[c].id = numbers[c];
    draw_views(videos, numbered, run.folder(), options);
  }
  run.finish();
}

}  // namespace tessera
